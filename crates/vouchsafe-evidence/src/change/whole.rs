//! `change.history-whole` and `change.messages`: what git shows by itself.

use jiff::Timestamp;

use super::chain::{Branch, Step, TOLERANCE};
use super::commit::{Oid, Proof};
use super::history::{Change, History};
use super::population::{item, of};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

/// Judges whether the history is whole, and was not rewritten.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let settings = context.settings()?;
    let history = History::of(context, &settings.change)?;
    let mut deviations = Vec::new();
    for branch in &history.branches {
        deviations.extend(breaks(branch));
        for step in branch.chain.iter().filter(|step| step.at >= history.since) {
            deviations.extend(dates(&history, &branch.name, step));
        }
    }
    deviations.extend(gaps(&history));
    deviations.extend(history.wrong.iter().map(|id| {
        let text = "its stored bytes have another hash than the one that names them";
        Deviation::new("CHAIN_GAP", id.to_string(), text).severity(Severity::Critical)
    }));
    let withheld = withheld(&history).count();
    let items = history
        .changes()
        .iter()
        .map(|change| item(change, [("claimed", change.commit.committed.to_string())]))
        .collect();
    let mut judgement = Judgement::of(deviations, history.unseen.clone()).over(of(&history, items));
    judgement.notes.extend(history.notes.iter().cloned());
    if withheld > 0 {
        judgement.notes.push(format!(
            "{withheld} commits are stored without their message: their own hashes cannot be computed again; see change.messages"
        ));
    }
    Ok(judgement)
}

/// Judges whether messages hold PHI.
pub(super) fn messages(context: &Context<'_>) -> Result<Judgement, String> {
    let settings = context.settings()?;
    let history = History::of(context, &settings.change)?;
    let mut deviations: Vec<_> = withheld(&history)
        .map(|(id, classes, at)| {
            let text = format!(
                "its message looks like PHI or a secret ({classes}) and is not stored here"
            );
            Deviation::new("PHI_IN_MESSAGE", id.to_string(), text)
                .severity(Severity::High)
                .lasting(Some(at), None)
        })
        .collect();
    deviations.sort();
    let count = history.commits.len();
    let judgement = Judgement::of(deviations, history.holes());
    Ok(judgement.noting(format!(
        "{count} messages were looked at when they were collected"
    )))
}

fn withheld(history: &History) -> impl Iterator<Item = (&Oid, &str, Timestamp)> {
    let commits = history.commits.values();
    commits.filter_map(|commit| match &commit.proof {
        Proof::Withheld(classes) => Some((&commit.id, classes.as_str(), commit.committed)),
        Proof::Hashed | Proof::Wrong => None,
    })
}

fn breaks(branch: &Branch) -> impl Iterator<Item = Deviation> {
    branch.breaks.iter().map(|one| {
        let (code, how) = if one.swapped {
            (
                "CHAIN_REWRITTEN",
                "stands beside the chain: a merge swapped its parents",
            )
        } else {
            ("FORCE_PUSH", "is no ancestor of the later head")
        };
        let text = format!(
            "{}: the head {} of an earlier run {how}; {} changes left the chain",
            branch.name, one.before, one.removed
        );
        Deviation::new(code, one.after.to_string(), text)
            .severity(Severity::High)
            .lasting(Some(one.at), None)
    })
}

/// Deviations of the dates of a change.
fn dates(history: &History, branch: &str, step: &Step) -> Vec<Deviation> {
    let Some(commit) = history.commits.get(&step.id) else {
        return Vec::new();
    };
    let claimed = commit.committed;
    let mut found = Vec::new();
    let mut add = |code: &str, severity, text: String| {
        let deviation = Deviation::new(code, step.id.to_string(), format!("{branch}: {text}"));
        found.push(deviation.severity(severity).lasting(Some(step.at), None));
    };
    if is_before(step.seen, claimed) {
        let text = format!(
            "claims {claimed}, and a run of {} had it already",
            step.seen
        );
        add("CLOCK", Severity::Low, text);
    }
    if let Some(absent) = step.absent.filter(|absent| is_before(claimed, *absent)) {
        let text = format!("claims {claimed}, and the run of {absent} did not have it");
        add("BACKDATED", Severity::Medium, text);
    } else if let Some(below) = step.below.filter(|below| is_before(claimed, *below)) {
        let text = format!("claims {claimed}, and its parent is of {below}");
        add("CLOCK", Severity::Low, text);
    }
    found
}

/// Whether one moment is before another by more than clocks differ.
fn is_before(one: Timestamp, other: Timestamp) -> bool {
    other.duration_since(one) > TOLERANCE
}

/// Commits that others name as parents and that were not stored.
fn gaps(history: &History) -> Vec<Deviation> {
    let mut missing = std::collections::BTreeMap::new();
    for branch in &history.branches {
        let gaps = branch.gaps.iter();
        missing.extend(
            gaps.filter(|(gap, _)| !history.wrong.contains(gap))
                .map(|(gap, child)| (gap, child)),
        );
    }
    for commit in history.commits.values() {
        for parent in &commit.parents {
            if !history.commits.contains_key(parent) && !history.wrong.contains(parent) {
                let child = missing.entry(parent).or_insert(&commit.id);
                *child = (*child).min(&commit.id);
            }
        }
    }
    let deviation = |(gap, child): (&Oid, &Oid)| {
        let text = format!("{child} names it, and it is not stored: the history ends there");
        let since = history.commits.get(child).map(|child| child.committed);
        Deviation::new("CHAIN_GAP", gap.to_string(), text)
            .severity(Severity::Critical)
            .lasting(since, None)
    };
    missing.into_iter().map(deviation).collect()
}

/// Whether a commit is on the chain of a protected branch.
pub(super) fn is_on_chain(history: &History, id: &str) -> bool {
    history
        .branches
        .iter()
        .any(|branch| branch.places.contains_key(id))
}

/// The change of a commit.
pub(super) fn change_of<'a>(changes: &'a [Change], id: &str) -> Option<&'a Change> {
    changes.iter().find(|change| *change.commit.id == *id)
}
