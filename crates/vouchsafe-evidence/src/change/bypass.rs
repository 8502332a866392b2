//! `change.bypass`: nobody went round the rules of a protected branch.

use super::activity::{Push, Pushes};
use super::history::Change;
use super::population::{item, of};
use super::shapes::RuleSuite;
use super::verdict::Evidence;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// Judges every change.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let history = &evidence.history;
    let suites = evidence.forge.as_ref().map(|word| word.forge.rule_suites());
    let suites = suites.unwrap_or_default();
    let pushes: Vec<_> = suites.iter().map(|suite| push(suite)).collect();
    let pushes = Pushes::of(history, &pushes);
    let (mut deviations, mut unseen, mut items) = (Vec::new(), history.holes(), Vec::new());
    for change in history.changes() {
        let mut results = Vec::new();
        let mut missing = Vec::new();
        for (branch, suites) in pushes.of_change(&change) {
            if suites.is_empty() {
                missing.push(branch);
            }
            // A push that was refused first, and came in later.
            let came = suites.iter().any(|suite| suite.result != "fail");
            for suite in suites
                .into_iter()
                .filter(|suite| !came || suite.result != "fail")
            {
                results.push(suite.result.as_str());
                deviations.extend(deviation(&change, branch, suite));
            }
        }
        let unknown = results
            .iter()
            .any(|result| !matches!(*result, "pass" | "fail" | "bypass"));
        let what = if !missing.is_empty() {
            Some(format!(
                "no evaluation of rules shows it for {}: the forge keeps them for a month, and for rulesets only",
                missing.join(" and ")
            ))
        } else if unknown {
            Some("its evaluation of rules has a result that this program does not know".to_owned())
        } else {
            None
        };
        let id = change.commit.id.to_string();
        unseen.extend(what.map(|what| Unobservable { item: id, what }));
        results.sort_unstable();
        results.dedup();
        items.push(item(&change, [("rules", results.join(" "))]));
    }
    Ok(Judgement::of(deviations, unseen).over(of(history, items)))
}

fn push<'a>(suite: &'a &'a RuleSuite) -> Push<'a, RuleSuite> {
    Push {
        branch: &suite.branch,
        before: &suite.before_sha,
        after: &suite.after_sha,
        at: suite.pushed_at,
        what: suite,
    }
}

fn deviation(change: &Change, branch: &str, suite: &RuleSuite) -> Option<Deviation> {
    let who = suite
        .actor_name
        .as_deref()
        .unwrap_or("an account that the forge does not name");
    let (code, text) = match suite.result.as_str() {
        "bypass" => ("BYPASS", format!("{who} went round the rules of {branch}")),
        "fail" => (
            "GIT_API_MISMATCH",
            format!("the forge says that the rules of {branch} refused it, and git has it"),
        ),
        _ => return None,
    };
    let deviation = Deviation::new(code, change.commit.id.to_string(), text);
    Some(
        deviation
            .severity(Severity::High)
            .lasting(Some(suite.pushed_at), None),
    )
}
