//! The check `alerts.tested`: each alert has a case in which it fires and one in which it is silent, and the tests
//! notice when the rule is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::promtool::Said;
use super::rules::{self, Alert};
use super::{PROMTOOL, RULES, TESTS, mutants};
use crate::digest::Digest;
use crate::files;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::yaml::{self, Node};

/// Judges.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let alerts = rules::all(context)?;
    let said = said(context)?;
    let cases = cases(context)?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    passes(&said, &mut deviations)?;
    for alert in alerts.iter().flat_map(|(alerts, _)| alerts) {
        let (fires, silent) = cases.get(&alert.name).copied().unwrap_or_default();
        if !fires {
            let text = "no test has a moment at which it fires";
            deviations.push(Deviation::new("NO_FIRING_CASE", alert.item(), text).at(alert.place()));
        }
        if !silent && !alert.is_watchdog() {
            let text = "no test has a moment at which it is silent";
            deviations.push(Deviation::new("NO_SILENT_CASE", alert.item(), text).at(alert.place()));
        }
    }
    let mut count = (0_u64, 0_u64);
    if deviations.iter().all(|one| {
        !matches!(
            one.code.as_str(),
            "RULES_INVALID" | "TESTS_FAILED" | "NO_TESTS"
        )
    }) {
        let runs = Runs::of(&said);
        for (of_file, root) in &alerts {
            runs.judge(
                of_file,
                root,
                &mut deviations,
                &mut unobservable,
                &mut count,
            )?;
        }
    }
    let note = format!(
        "{} alerts, {} mutants, {} of them are no valid rules; {}; network: {}",
        alerts.iter().map(|(alerts, _)| alerts.len()).sum::<usize>(),
        count.0,
        count.1,
        said.version,
        said.network,
    );
    Ok(Judgement::of(deviations, unobservable).noting(note))
}

/// What promtool said, of the very files that are stored.
fn said(context: &Context<'_>) -> Result<Said, String> {
    let [known] = files::collected(context, PROMTOOL)?
        .try_into()
        .map_err(|_| "promtool was run more than once at one moment".to_owned())?;
    let said: Said = serde_json::from_slice(&context.content(known)?)
        .map_err(|error| format!("the output of promtool: {error}"))?;
    let mut stored = BTreeSet::new();
    let tests = match context.last(TESTS) {
        Some(_) => files::collected(context, TESTS)?,
        None => Vec::new(),
    };
    for file in files::collected(context, RULES)?.into_iter().chain(tests) {
        stored.insert((file.evidence.request.clone(), file.content.to_string()));
    }
    let given: BTreeSet<_> = said
        .inputs
        .iter()
        .map(|input| (input.path.clone(), input.sha256.clone()))
        .collect();
    if given != stored {
        return Err("promtool was run on other files than those that are stored".to_owned());
    }
    Ok(said)
}

/// Whether the rules are valid and the tests pass.
fn passes(said: &Said, deviations: &mut Vec<Deviation>) -> Result<(), String> {
    let mut found = |code: &str, item: &str, text: &str| {
        deviations.push(Deviation::new(code, item, text).severity(Severity::High));
    };
    let check = said
        .check
        .as_ref()
        .ok_or("promtool check rules was not run")?;
    match check.exit {
        Some(0) => {}
        Some(_) => found(
            "RULES_INVALID",
            "promtool check rules",
            "promtool refuses the rules",
        ),
        None => return Err("promtool check rules did not end in time".to_owned()),
    }
    match said.test.as_ref().map(|run| run.exit) {
        None => found(
            "NO_TESTS",
            "promtool test rules",
            "there are no tests: name them in `tests` under [alerts]",
        ),
        Some(Some(0)) => {}
        Some(Some(_)) => found(
            "TESTS_FAILED",
            "promtool test rules",
            "the tests fail; nothing can be said of mutated rules",
        ),
        Some(None) => return Err("promtool test rules did not end in time".to_owned()),
    }
    Ok(())
}

/// For each alert, whether a test has a moment at which it fires, and one at which it is silent.
fn cases(context: &Context<'_>) -> Result<BTreeMap<String, (bool, bool)>, String> {
    let mut found: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    if context.last(TESTS).is_none() {
        return Ok(found);
    }
    for known in files::collected(context, TESTS)? {
        let root = context.parsed(known, yaml::document)?;
        let tests = root.list_at(&["tests"]).iter();
        for case in tests.flat_map(|test| test.list_at(&["alert_rule_test"])) {
            let name = case.text_at(&["alertname"]).unwrap_or_default();
            let fires = !case
                .get("exp_alerts")
                .map_or(&[][..], Node::list)
                .is_empty();
            let (firing, silent) = found.entry(name.to_owned()).or_default();
            *firing |= fires;
            *silent |= !fires;
        }
    }
    Ok(found)
}

/// The runs on changed rules, by path and digest.
struct Runs<'a> {
    tests: BTreeMap<(&'a str, &'a str), Option<i32>>,
    valid: BTreeMap<&'a str, bool>,
}

impl<'a> Runs<'a> {
    fn of(said: &'a Said) -> Self {
        let tests = said.variants.iter().map(|one| {
            (
                (one.changed.path.as_str(), one.changed.sha256.as_str()),
                one.run.exit,
            )
        });
        let mut valid = BTreeMap::new();
        for checked in &said.checks {
            for sha256 in &checked.sha256 {
                // A group that fails says nothing of each; a single run does.
                if checked.run.exit == Some(0) || checked.sha256.len() == 1 {
                    valid.insert(sha256.as_str(), checked.run.exit == Some(0));
                }
            }
        }
        Self {
            tests: tests.collect(),
            valid,
        }
    }

    fn exit(&self, file: &str, text: &str) -> Result<(Option<i32>, bool), String> {
        let sha256 = Digest::of(text.as_bytes()).to_string();
        let exit = self.tests.get(&(file, sha256.as_str()));
        let valid = self.valid.get(sha256.as_str());
        match (exit, valid) {
            (Some(exit), Some(valid)) => Ok((*exit, *valid)),
            _ => Err(format!(
                "a mutant of {file} was not run: collect with this version of the program"
            )),
        }
    }

    fn judge(
        &self,
        alerts: &[Alert],
        root: &Node,
        deviations: &mut Vec<Deviation>,
        unobservable: &mut Vec<Unobservable>,
        (count, invalid): &mut (u64, u64),
    ) -> Result<(), String> {
        let Some(first) = alerts.first() else {
            return Ok(());
        };
        // The same rules in another spelling: if the tests fail on them, they do not fail because of a mutation.
        if self.exit(&first.file, &mutants::restated(root))? != (Some(0), true) {
            return Err(format!("the tests fail on {} written as JSON", first.file));
        }
        for alert in alerts {
            for mutant in mutants::of(root, alert) {
                *count = count.saturating_add(1);
                match self.exit(&alert.file, &mutant.text)? {
                    (_, false) => *invalid = invalid.saturating_add(1),
                    (Some(0), true) => {
                        let text =
                            format!("the tests pass on a rule that is wrong: {}", mutant.what);
                        let found = Deviation::new("MUTATION_SURVIVED", alert.item(), text);
                        deviations.push(found.severity(Severity::High).at(alert.place()));
                    }
                    (Some(_), true) => {}
                    (None, true) => unobservable.push(Unobservable {
                        item: alert.item(),
                        what: format!("the tests did not end in time on a mutant: {}", mutant.what),
                    }),
                }
            }
        }
        Ok(())
    }
}
