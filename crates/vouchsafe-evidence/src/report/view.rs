//! Findings in the order in which they are read, for page and paper alike.

use std::collections::BTreeMap;

use super::text::{counted, severity};
use super::{EvidenceLine, Report, ReportError};
use crate::catalogue::Framework;
use crate::entry::{Entry, Kind};
use crate::finding::{CheckFinding, Finding, State};
use crate::judgement::Deviation;

/// Rows that are shown of each list of a check.
pub(super) const ROWS: usize = 50;
/// Gaps that are listed of each check.
pub(super) const GAPS: usize = 20;
/// Entries of evidence that are shown of each type.
pub(super) const LINES: usize = 40;
/// Steps that are named under "what to do next".
pub(super) const STEPS: usize = 12;

/// Every state, the worst first.
pub(super) const STATES: [State; 7] = [
    State::Deviations,
    State::NoEvidence,
    State::Gaps,
    State::Excepted,
    State::Examined,
    State::Held,
    State::NotApplicable,
];

/// A report, arranged.
pub(super) struct View<'a> {
    pub(super) report: &'a Report<'a>,
    /// Checks by id.
    pub(super) checks: BTreeMap<&'a str, &'a CheckFinding>,
    /// The entry that a control or check stands in, by its id.
    pub(super) proven: BTreeMap<String, u64>,
    /// The entry that a population stands in, by the id of its check.
    pub(super) populations: BTreeMap<String, u64>,
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a Report<'a>) -> Result<Self, ReportError> {
        let (mut proven, mut populations) = (BTreeMap::new(), BTreeMap::new());
        for one in &report.proven {
            let (entry, _) = Entry::decode(&one.leaf).map_err(|error| ReportError::Entry {
                index: one.index,
                error,
            })?;
            match entry.kind {
                Kind::Finding(finding) => proven.insert(finding.control, one.index),
                Kind::Population(population) => populations.insert(population.check, one.index),
                Kind::Evidence(_) | Kind::Observation(_) | Kind::Run(_) => None,
            };
        }
        let checks = report.findings.checks.iter();
        Ok(Self {
            report,
            checks: checks.map(|check| (check.check.as_str(), check)).collect(),
            proven,
            populations,
        })
    }

    /// The controls of a framework, in the order of the catalogue.
    pub(super) fn controls(&self, framework: Framework) -> impl Iterator<Item = &'a Finding> {
        let all = self.report.findings.controls.iter();
        all.filter(move |control| control.framework == framework)
    }

    /// How many controls are in each state, the worst first; every state is named.
    pub(super) fn counts(&self) -> [(State, u64); 7] {
        STATES.map(|state| {
            let controls = self.report.findings.controls.iter();
            (
                state,
                controls.filter(|one| one.state == state).count() as u64,
            )
        })
    }

    /// The checks that ask for something to be done, the most urgent first.
    pub(super) fn steps(&self) -> Vec<&'a CheckFinding> {
        let mut steps: Vec<_> = self
            .report
            .findings
            .checks
            .iter()
            .filter(|one| one.state > State::Excepted)
            .collect();
        steps.sort_by_key(|one| std::cmp::Reverse((one.state, worst(one))));
        steps
    }

    /// Evidence by type.
    pub(super) fn evidence(&self) -> BTreeMap<&'a str, Vec<&EvidenceLine<'a>>> {
        let mut by_type: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for line in &self.report.evidence {
            by_type.entry(line.schema).or_default().push(line);
        }
        by_type
    }
}

fn worst(check: &CheckFinding) -> Option<crate::judgement::Severity> {
    check.deviations.iter().map(|one| one.severity).max()
}

/// Deviations, the gravest first; else in their own order.
pub(super) fn by_severity(deviations: &[Deviation]) -> Vec<&Deviation> {
    let mut sorted: Vec<_> = deviations.iter().collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.severity));
    sorted
}

/// What a check comes to, in a few words.
pub(super) fn tally(check: &CheckFinding) -> String {
    match worst(check) {
        Some(worst) => format!(
            "{}, worst: {}",
            counted(check.deviations.len() as u64, "deviation"),
            severity(worst)
        ),
        None => check.state.word().to_owned(),
    }
}

/// What the population of a check comes to, in words.
pub(super) fn population(check: &CheckFinding) -> Option<String> {
    let population = check.population.as_ref()?;
    let unseen = population.items.saturating_sub(population.observed);
    Some(format!(
        "{}, {} observed, {unseen} in part unobservable",
        counted(population.items, "item"),
        population.observed
    ))
}
