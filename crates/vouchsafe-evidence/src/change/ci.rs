//! `change.ci-green`: the head that was merged had passed its checks, before it was merged.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::forge::Forge;
use super::history::Change;
use super::link::Coded;
use super::pages::Body;
use super::population::{item, of};
use super::verdict::{Evidence, Verdict, Word};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// One run of a check.
struct Run<'a> {
    name: &'a str,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    passed: bool,
}

/// What checks come to.
#[derive(Default)]
struct Green {
    passed: Vec<String>,
    deviations: Vec<Coded>,
    unseen: Vec<String>,
}

/// Judges every change.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let evidence = Evidence::of(context)?;
    let history = &evidence.history;
    let (mut deviations, mut items) = (Vec::new(), Vec::new());
    let mut unseen = history.holes();
    for change in history.changes() {
        let verdict = evidence.verdict(&change);
        let green = green(&evidence, &change, &verdict);
        let id = change.commit.id.to_string();
        deviations.extend(green.deviations.iter().map(|(code, text)| {
            Deviation::new(code, &id, text)
                .severity(Severity::Medium)
                .lasting(Some(change.at), None)
        }));
        unseen.extend(green.unseen.iter().map(|what| Unobservable {
            item: id.clone(),
            what: what.clone(),
        }));
        let columns = [
            ("head", verdict.head.clone().unwrap_or_default()),
            ("passed", green.passed.join(" ")),
        ];
        items.push(item(&change, columns));
    }
    Ok(Judgement::of(deviations, unseen).over(of(history, items)))
}

fn green(evidence: &Evidence, change: &Change, verdict: &Verdict) -> Green {
    let Some(word) = &evidence.forge else {
        return Green::unseen("no page of a forge was collected");
    };
    let no_pull = verdict
        .deviations
        .iter()
        .any(|(code, _)| matches!(*code, "NO_PR" | "PR_OTHER_BASE"));
    let (head, limit) = match (&verdict.head, verdict.merged_at) {
        (Some(head), Some(merged_at)) => (head.as_str(), merged_at),
        _ if no_pull => (change.commit.id.as_ref(), change.at),
        _ => return Green::unseen("which head was merged is not shown: see change.reviewed"),
    };
    let required = required(evidence, word, change, limit);
    let green = of_commit(&word.forge, head, limit, &required, no_pull);
    let id = &change.commit.id;
    // A merge queue tries the merged commit itself, before it becomes the branch.
    let queued = head != id.as_ref() && word.forge.has(&format!("/commits/{id}/check-runs"));
    if !green.is_green() && queued {
        let of_merge = of_commit(&word.forge, id, limit, &required, true);
        if of_merge.is_green() {
            return of_merge;
        }
    }
    green
}

impl Green {
    fn unseen(why: impl Into<String>) -> Self {
        Self {
            unseen: vec![why.into()],
            ..Self::default()
        }
    }

    const fn is_green(&self) -> bool {
        self.deviations.is_empty() && self.unseen.is_empty()
    }
}

/// The checks that a change must have passed: those of the settings, and those of the rules at the time.
fn required(
    evidence: &Evidence,
    word: &Word,
    change: &Change,
    limit: Timestamp,
) -> BTreeSet<String> {
    let mut required: BTreeSet<String> = evidence
        .settings
        .change
        .required_checks
        .iter()
        .cloned()
        .collect();
    for branch in &change.branches {
        let listings = word.forge.listings(&format!("/rules/branches/{branch}"));
        let Some(listing) = listings.iter().rev().find(|listing| listing.at <= limit) else {
            continue;
        };
        for body in &listing.pages {
            let Body::Rules(rules) = body else { continue };
            let parameters = rules.iter().filter_map(|rule| rule.parameters.as_ref());
            let checks = parameters.filter_map(|one| one.required_status_checks.as_ref());
            required.extend(checks.flatten().map(|check| check.context.clone()));
        }
    }
    required
}

fn of_commit(
    forge: &Forge,
    head: &str,
    limit: Timestamp,
    required: &BTreeSet<String>,
    first: bool,
) -> Green {
    let (runs, hidden) = match runs(forge, head, limit, first) {
        Ok(found) => found,
        Err(why) => return Green::unseen(why),
    };
    let mut green = Green::default();
    let names: BTreeSet<&str> = if required.is_empty() {
        runs.iter().map(|run| run.name).collect()
    } else {
        required.iter().map(String::as_str).collect()
    };
    if names.is_empty() {
        match hidden {
            Some(why) => green.unseen.push(why),
            None => green
                .deviations
                .push(("CHECKS_MISSING", format!("no check ran on {head}"))),
        }
        return green;
    }
    for name in names {
        let of_name: Vec<_> = runs.iter().filter(|run| run.name == name).collect();
        green.take(name, &of_name, limit, hidden.as_ref(), first);
    }
    green
}

impl Green {
    fn take(
        &mut self,
        name: &str,
        runs: &[&Run<'_>],
        limit: Timestamp,
        hidden: Option<&String>,
        first: bool,
    ) {
        let before = runs
            .iter()
            .filter(|run| run.ended.is_some_and(|ended| ended <= limit))
            .max_by_key(|run| run.ended);
        let again = runs
            .iter()
            .any(|run| run.began.is_some_and(|began| began > limit));
        match before {
            Some(run) if run.passed => self.passed.push(name.to_owned()),
            Some(_) => {
                let text = format!("the check {name} had failed when it was merged");
                self.deviations.push(("CHECKS_FAILED", text));
            }
            None if again && !first => self.unseen.push(format!(
                "the check {name} ran after the merge; what it said before is not shown"
            )),
            None if runs.is_empty() && hidden.is_some() => self.unseen.extend(hidden.cloned()),
            None => {
                let text = format!("the check {name} had not ended when it was merged");
                self.deviations.push(("CHECKS_MISSING", text));
            }
        }
    }
}

/// The runs of a commit, and why there may be others.
fn runs<'a>(
    forge: &'a Forge,
    head: &str,
    limit: Timestamp,
    first: bool,
) -> Result<(Vec<Run<'a>>, Option<String>), String> {
    let (at, pages) = forge.check_runs(&format!("/commits/{head}/check-runs"))?;
    if at < limit && !first {
        return Err(format!("the checks of {head} were listed before the merge"));
    }
    let mut runs = Vec::new();
    for page in &pages {
        for run in &page.check_runs {
            let conclusion = run
                .conclusion
                .as_deref()
                .filter(|_| run.status == "completed");
            runs.push(Run {
                name: &run.name,
                began: run.started_at,
                ended: conclusion.and(run.completed_at),
                passed: matches!(conclusion, Some("success" | "neutral" | "skipped")),
            });
        }
    }
    whole(head, runs.len(), pages.first().map(|page| page.total_count))?;
    let statuses = match forge.statuses(&format!("/commits/{head}/status")) {
        Ok((_, statuses)) => statuses,
        Err(why) => return Ok((runs, Some(why))),
    };
    let mut count = 0;
    for status in statuses.iter().flat_map(|page| &page.statuses) {
        count += 1;
        let ended = status.state != "pending";
        runs.push(Run {
            name: &status.context,
            began: Some(status.updated_at),
            ended: ended.then_some(status.updated_at),
            passed: status.state == "success",
        });
    }
    whole(head, count, statuses.first().map(|page| page.total_count))?;
    Ok((runs, None))
}

fn whole(head: &str, count: usize, total: Option<usize>) -> Result<(), String> {
    match total {
        Some(total) if total != count => Err(format!(
            "the forge lists {count} of {total} checks of {head}"
        )),
        _ => Ok(()),
    }
}
