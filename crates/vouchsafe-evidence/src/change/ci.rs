//! `change.ci-green`: the head that was merged had passed its checks, before it was merged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::forge::Forge;
use super::history::Change;
use super::link::Coded;
use super::pages::Body;
use super::population::{item, of};
use super::shapes::Context as CheckContext;
use super::verdict::{Evidence, Verdict, Word};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// One run of a check.
struct Run<'a> {
    name: &'a str,
    source: Source,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    came: Came,
}

/// Who reported a run.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Source {
    App(u64),
    /// A check run whose app the page does not name.
    Unnamed,
    /// A status: which app reported it is not shown.
    Status,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Came {
    Passed,
    /// It did not run, or says neither yes nor no: the forge takes that for a pass.
    Skipped,
    Failed,
}

/// A check that must have passed, and the app that alone may report it.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
struct Required {
    name: String,
    app: Option<u64>,
}

/// What checks come to.
#[derive(Default)]
struct Green {
    passed: Vec<String>,
    skipped: Vec<String>,
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
            ("skipped", green.skipped.join(" ")),
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
    if green.is_green() {
        return green;
    }
    // A merge queue tries the merged commit itself, before it becomes the branch; other pipelines a merge of both sides.
    let tried = verdict.tried.as_ref();
    let merges = [Some(&change.commit.id), tried].into_iter().flatten();
    let merges = merges.filter(|id| head != id.as_ref());
    let merges = merges.filter(|id| word.forge.has(&format!("/commits/{id}/check-runs")));
    let mut of_merges = merges.map(|id| of_commit(&word.forge, id, limit, &required, true));
    of_merges.find(Green::is_green).unwrap_or(green)
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
) -> BTreeSet<Required> {
    let own = evidence.settings.change.required_checks.iter();
    let any_app = |name: &String| Required {
        name: name.clone(),
        app: None,
    };
    let mut required: BTreeSet<Required> = own.map(any_app).collect();
    for branch in &change.branches {
        let listings = word.forge.listings(&format!("/rules/branches/{branch}"));
        let listing = listings.iter().rev().find(|listing| listing.at <= limit);
        for body in listing.iter().flat_map(|listing| &listing.pages) {
            let Body::Rules(rules) = body else { continue };
            let parameters = rules.iter().filter_map(|rule| rule.parameters.as_ref());
            let checks = parameters.filter_map(|one| one.required_status_checks.as_ref());
            required.extend(checks.flatten().map(asked));
        }
        let path = format!("/branches/{branch}/protection");
        if let Some(Body::Protection(older)) = word.forge.at(&path, limit)
            && let Some(checks) = &older.required_status_checks
        {
            match &checks.checks {
                Some(checks) => required.extend(checks.iter().map(asked)),
                None => required.extend(checks.contexts.iter().map(any_app)),
            }
        }
    }
    required
}

fn asked(check: &CheckContext) -> Required {
    let app = check.integration_id;
    Required {
        name: check.context.clone(),
        // Any app is -1 in the older form.
        app: app.and_then(|id| u64::try_from(id).ok()),
    }
}

fn of_commit(
    forge: &Forge,
    head: &str,
    limit: Timestamp,
    required: &BTreeSet<Required>,
    first: bool,
) -> Green {
    let (runs, hidden) = match runs(forge, head, limit, first) {
        Ok(found) => found,
        Err(why) => return Green::unseen(why),
    };
    let mut green = Green::default();
    let asked: BTreeSet<Required> = if required.is_empty() {
        let all = runs.iter().map(|run| run.name.to_owned());
        all.map(|name| Required { name, app: None }).collect()
    } else {
        required.clone()
    };
    if asked.is_empty() {
        match hidden {
            Some(why) => green.unseen.push(why),
            None => green
                .deviations
                .push(("CHECKS_MISSING", format!("no check ran on {head}"))),
        }
        return green;
    }
    for check in &asked {
        let of_name: Vec<_> = runs.iter().filter(|run| run.name == check.name).collect();
        green.take(check, &of_name, limit, hidden.as_ref(), first);
    }
    if green.is_green() && green.passed.is_empty() {
        let text = format!("every check of {head} was skipped or neutral: nothing was tried");
        green.deviations.push(("CHECKS_MISSING", text));
    }
    green
}

impl Green {
    /// The last run before the merge counts, of each source that reported the check.
    fn take(
        &mut self,
        check: &Required,
        runs: &[&Run<'_>],
        limit: Timestamp,
        hidden: Option<&String>,
        first: bool,
    ) {
        let name = &check.name;
        let by_app = |run: &&&Run<'_>| match (check.app, run.source) {
            (Some(app), Source::App(by)) => app == by,
            (Some(_), Source::Unnamed | Source::Status) => false,
            (None, _) => true,
        };
        let counted: Vec<_> = runs.iter().filter(by_app).collect();
        let mut last: BTreeMap<Source, &Run<'_>> = BTreeMap::new();
        for run in counted.iter().copied().copied() {
            let before = |one: &Run<'_>| one.ended.filter(|ended| *ended <= limit);
            let later = last.get(&run.source).and_then(|known| before(known));
            if before(run).is_some() && before(run) >= later {
                last.insert(run.source, run);
            }
        }
        let again = counted
            .iter()
            .any(|run| run.began.is_some_and(|began| began > limit));
        let nameless = counted.is_empty() && runs.iter().any(|run| is_nameless(run.source));
        if last.values().any(|run| run.came == Came::Failed) {
            let text = format!("the check {name} had failed when it was merged");
            self.deviations.push(("CHECKS_FAILED", text));
        } else if last.values().any(|run| run.came == Came::Passed) {
            self.passed.push(name.clone());
        } else if !last.is_empty() {
            self.skipped.push(name.clone());
        } else if again && !first {
            self.unseen.push(format!(
                "the check {name} ran after the merge; what it said before is not shown"
            ));
        } else if nameless {
            self.unseen.push(format!(
                "which app reported the check {name} is not shown, and one app alone may"
            ));
        } else if let (true, Some(hidden)) = (runs.is_empty(), hidden) {
            self.unseen.push(hidden.clone());
        } else {
            let text = match runs.is_empty() || !counted.is_empty() {
                true => format!("the check {name} had not ended when it was merged"),
                false => {
                    format!("the check {name} was reported by another app than the required one")
                }
            };
            self.deviations.push(("CHECKS_MISSING", text));
        }
    }
}

const fn is_nameless(source: Source) -> bool {
    match source {
        Source::App(_) => false,
        Source::Unnamed | Source::Status => true,
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
                source: run
                    .app
                    .as_ref()
                    .map_or(Source::Unnamed, |app| Source::App(app.id)),
                came: match conclusion {
                    Some("success") => Came::Passed,
                    Some("neutral" | "skipped") => Came::Skipped,
                    _ => Came::Failed,
                },
            });
        }
    }
    whole(
        head,
        runs.len(),
        pages.first().and_then(|page| page.total_count),
    )?;
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
            source: Source::Status,
            came: match status.state.as_str() {
                "success" => Came::Passed,
                _ => Came::Failed,
            },
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
