//! What the observations of a period come to, for each check and each control.

mod coverage;
mod lasting;
mod population;
mod seen;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use coverage::Coverage;
#[cfg(test)]
pub(crate) use coverage::Gap;
pub(crate) use population::{csv, neutral, root_of};

use crate::catalogue::{CheckOf, Control, Framework, Rule};
use crate::check::{Check, CheckKind};
use crate::digest::Digest;
use crate::inputs::Index;
use crate::judgement::{Deviation, Excepted, Item, Judgement, Outcome, Record};
use crate::register::{EXCEPTIONS, unused_exceptions};
use crate::store::{Log, LogError};
use crate::window::{Window, day_of};
use seen::Seen;

/// The state of a check or control over a window, the worst last.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// There was nothing that it could apply to.
    NotApplicable,
    /// It held, over the whole window.
    Held,
    /// Records were looked at and are in order; nothing could be tested.
    Examined,
    /// It deviated, and live exceptions cover every deviation.
    Excepted,
    /// No deviation was seen, and part of the window or of the population was not seen either.
    Gaps,
    /// Nothing was observed.
    NoEvidence,
    /// It deviated.
    Deviations,
}

impl State {
    /// In words.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Held => "held",
            Self::Examined => "examined, not tested",
            Self::Excepted => "excepted",
            Self::Gaps => "gaps",
            Self::NoEvidence => "no evidence",
            Self::Deviations => "deviations",
        }
    }
}

/// What a check comes to over a window.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct CheckFinding {
    pub(crate) check: String,
    pub(crate) title: String,
    pub(crate) kind: CheckKind,
    pub(crate) remedy: String,
    pub(crate) definition: Digest,
    pub(crate) state: State,
    /// Observations in the window.
    pub(crate) observations: u64,
    /// Index in the log of the last one that was used.
    pub(crate) last: Option<u64>,
    pub(crate) last_at: Option<Timestamp>,
    pub(crate) coverage: Coverage,
    /// The population in the window, where the check has one.
    pub(crate) population: Option<PopulationSummary>,
    /// Deviations in the window, with the time in which they lasted.
    pub(crate) deviations: Vec<Deviation>,
    pub(crate) excepted: Vec<Excepted>,
    /// What could not be judged, and for how many items.
    pub(crate) unobservable: BTreeMap<String, u64>,
    /// Notes of the last observation.
    pub(crate) notes: Vec<String>,
}

/// A population, in short.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PopulationSummary {
    pub(crate) items: u64,
    /// Items of which nothing was unobservable.
    pub(crate) observed: u64,
    /// What shows that none is missing.
    pub(crate) completeness: String,
    /// Merkle root over the items, as base64.
    pub(crate) root: String,
}

/// What a control comes to over a window.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) control: String,
    pub(crate) framework: Framework,
    pub(crate) title: String,
    pub(crate) rule: Rule,
    pub(crate) window: Window,
    pub(crate) state: State,
    /// The checks for it, by id.
    pub(crate) checks: Vec<String>,
    /// Checks that the catalogue names and this program does not have.
    pub(crate) absent: Vec<String>,
}

/// What a window comes to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Findings {
    pub(crate) window: Window,
    /// The moment that it was judged at.
    pub(crate) as_of: Timestamp,
    /// Only entries before this index were looked at.
    pub(crate) before: u64,
    pub(crate) controls: Vec<Finding>,
    pub(crate) checks: Vec<CheckFinding>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) window: Window,
    pub(crate) as_of: Timestamp,
    pub(crate) before: u64,
}

/// The populations of a window, by check.
pub(crate) type Populations = BTreeMap<String, Vec<Item>>;

/// Computes findings and populations from a log: a function of its entries before an index, and of nothing else.
///
/// # Errors
/// When the record of an observation is missing or damaged.
pub(crate) fn findings(
    log: &Log,
    index: &Index,
    controls: &[Control],
    checks: &[Check],
    scope: Scope,
) -> Result<(Findings, Populations), LogError> {
    let mut populations = Populations::new();
    let mut found = Vec::new();
    let mut last = Vec::new();
    for (check, (seen, in_window)) in checks.iter().zip(seen::of_all(log, index, checks, scope)?) {
        let (finding, items, judgement) = of_check(check, scope, &seen, in_window);
        if let Some(items) = items {
            populations.insert(check.id.clone(), items);
        }
        last.extend(judgement);
        found.push(finding);
    }
    unused(log, index, &mut found, &last, scope)?;
    let controls = controls
        .iter()
        .map(|control| of_control(control, checks, &found, scope.window))
        .collect();
    let findings = Findings {
        window: scope.window,
        as_of: scope.as_of,
        before: scope.before,
        controls,
        checks: found,
    };
    Ok((findings, populations))
}

/// Exceptions in force that no check needed: no check sees the results of another, so they are found here.
fn unused(
    log: &Log,
    index: &Index,
    found: &mut [CheckFinding],
    last: &[Arc<Judgement>],
    scope: Scope,
) -> Result<(), LogError> {
    let mut of_type = index.of_type(EXCEPTIONS).iter();
    let register = of_type.rfind(|known| known.index < scope.before);
    let Some(known) = register.filter(|known| known.evidence.failed.is_none()) else {
        return Ok(());
    };
    let Some(finding) = found.iter_mut().find(|one| one.check == "exceptions.sound") else {
        return Ok(());
    };
    let register = log.content_at(known.index)?;
    // A register with faults excepts nothing, and `registers.valid` says so.
    let last = last.iter().map(AsRef::as_ref);
    let unused = unused_exceptions(&register, day_of(known.at), last).unwrap_or_default();
    finding.deviations.extend(unused);
    finding.deviations.sort();
    if !finding.deviations.is_empty() {
        finding.state = State::Deviations;
    }
    Ok(())
}

fn of_control(
    control: &Control,
    checks: &[Check],
    found: &[CheckFinding],
    window: Window,
) -> Finding {
    let (mut ids, mut absent) = (Vec::new(), Vec::new());
    for check in control.checks_among(checks) {
        match check {
            CheckOf::Loaded(check) => ids.push(check.id.clone()),
            CheckOf::NotYet(id) => absent.push(id.to_owned()),
        }
    }
    let of_it = found.iter().filter(|one| ids.contains(&one.check));
    let states: Vec<State> = of_it.map(|one| one.state).collect();
    let state = state_of_all(&states, control.examined, !absent.is_empty());
    Finding {
        control: control.id.clone(),
        framework: control.framework,
        title: control.title.clone(),
        rule: control.rule,
        window,
        state,
        checks: ids,
        absent,
    }
}

/// The state of a control: the worst of its checks; a part that nothing was seen of is a gap.
fn state_of_all(states: &[State], examined: bool, lacks_a_check: bool) -> State {
    let seen = states.iter().filter(|state| **state != State::NoEvidence);
    let Some(worst) = seen.clone().max().copied() else {
        return State::NoEvidence;
    };
    if worst == State::Deviations {
        return worst;
    }
    if seen.count() < states.len() || lacks_a_check {
        return State::Gaps;
    }
    match worst {
        State::Held if examined => State::Examined,
        worst => worst,
    }
}

/// The finding of a check, the items of its population, and its last judgement.
type OfCheck = (CheckFinding, Option<Vec<Item>>, Option<Arc<Judgement>>);

fn of_check(check: &Check, scope: Scope, seen: &[Seen], in_window: u64) -> OfCheck {
    let mut finding = empty(check, scope);
    finding.observations = in_window;
    if let Some(last) = seen.last() {
        finding.last = Some(last.index);
        finding.last_at = Some(last.at);
        finding.notes.clone_from(&last.judgement.notes);
    }
    let items = match check.kind {
        CheckKind::Population => of_population(&mut finding, check, seen.last(), scope),
        CheckKind::State | CheckKind::Register | CheckKind::SelfTest => {
            of_states(&mut finding, check, seen, scope);
            None
        }
    };
    finding.state = state_of(&finding, seen);
    let last = seen.last().map(|seen| Arc::clone(&seen.judgement));
    (finding, items, last)
}

/// The items of a window in the population that an observation has.
///
/// # Errors
/// When its record is missing or damaged.
pub(crate) fn items_of(
    log: &Log,
    observation: u64,
    window: Window,
) -> Result<Option<Vec<Item>>, LogError> {
    let content = log.content_at(observation)?;
    let record = serde_json::from_slice::<Record>(&content).ok();
    let population = record.and_then(|record| record.judgement.population);
    Ok(population.map(|population| population::in_window(&population.items, window)))
}

fn empty(check: &Check, scope: Scope) -> CheckFinding {
    CheckFinding {
        check: check.id.clone(),
        title: check.title.clone(),
        kind: check.kind,
        remedy: check.remedy.clone(),
        definition: check.definition,
        state: State::NoEvidence,
        observations: 0,
        last: None,
        last_at: None,
        coverage: coverage::of(scope.window, scope.as_of, &[]),
        population: None,
        deviations: Vec::new(),
        excepted: Vec::new(),
        unobservable: BTreeMap::new(),
        notes: Vec::new(),
    }
}

fn of_states(finding: &mut CheckFinding, check: &Check, seen: &[Seen], scope: Scope) {
    let covered: Vec<_> = seen
        .iter()
        .filter(|seen| seen.judgement.outcome != Outcome::Error)
        .map(|seen| (seen.at, coverage::later(seen.at, check.patience_seconds())))
        .collect();
    finding.coverage = coverage::of(scope.window, scope.as_of, &covered);
    let judged = seen.iter().map(|seen| (seen.at, &*seen.judgement));
    (finding.deviations, finding.excepted) = lasting::of(judged, scope.window);
    if let Some(last) = seen.last() {
        for one in &last.judgement.unobservable {
            *finding.unobservable.entry(one.what.clone()).or_default() += 1;
        }
    }
}

fn of_population(
    finding: &mut CheckFinding,
    check: &Check,
    last: Option<&Seen>,
    scope: Scope,
) -> Option<Vec<Item>> {
    let last = last?;
    let window = scope.window;
    let judgement = &last.judgement;
    let until = judgement.speaks_until.unwrap_or(last.at).min(last.at);
    if judgement.population.is_some() {
        let from = judgement.speaks_from.unwrap_or(window.from);
        let as_of = coverage::expected(window, scope.as_of, last.at, check.patience_seconds());
        finding.coverage = coverage::of(window, as_of, &[(from, until)]);
    }
    let population = judgement.population.as_ref()?;
    let items = population::in_window(&population.items, window);
    let held = |id: &str| items.iter().any(|item| item.id == id);
    let known = |id: &str| population.items.iter().any(|item| item.id == id);
    let counts = |id: &str, since, until| match since {
        Some(since) => window.overlaps(since, until),
        None => held(id) || !known(id),
    };
    finding.deviations = judgement
        .deviations
        .iter()
        .filter(|one| counts(&one.item, one.since, one.until))
        .cloned()
        .collect();
    finding.excepted = judgement
        .excepted
        .iter()
        .filter(|one| {
            counts(
                &one.deviation.item,
                one.deviation.since,
                one.deviation.until,
            )
        })
        .cloned()
        .collect();
    let in_window: std::collections::BTreeSet<&str> =
        items.iter().map(|item| item.id.as_str()).collect();
    let all: std::collections::BTreeSet<&str> = population
        .items
        .iter()
        .map(|item| item.id.as_str())
        .collect();
    let mut blind = std::collections::BTreeSet::new();
    for one in &judgement.unobservable {
        let id = one.item.as_str();
        if in_window.contains(id) || !all.contains(id) {
            *finding.unobservable.entry(one.what.clone()).or_default() += 1;
            blind.insert(id);
        }
    }
    let observed = items
        .iter()
        .filter(|item| !blind.contains(item.id.as_str()));
    finding.population = Some(PopulationSummary {
        items: items.len() as u64,
        observed: observed.count() as u64,
        completeness: population.completeness.clone(),
        root: root_of(&items),
    });
    Some(items)
}

fn state_of(finding: &CheckFinding, seen: &[Seen]) -> State {
    let outcome = seen.last().map(|seen| seen.judgement.outcome);
    if !finding.deviations.is_empty() {
        return State::Deviations;
    }
    match outcome {
        None => return State::NoEvidence,
        Some(Outcome::NotApplicable) if finding.coverage.is_whole() => return State::NotApplicable,
        Some(_) => {}
    }
    if seen
        .iter()
        .all(|seen| seen.judgement.outcome == Outcome::Error && seen.judgement.population.is_none())
    {
        return State::NoEvidence;
    }
    if !finding.coverage.is_whole() || !finding.unobservable.is_empty() {
        return State::Gaps;
    }
    if finding.excepted.is_empty() {
        State::Held
    } else {
        State::Excepted
    }
}

#[cfg(test)]
mod tests;
