//! From a commit to the pull request that brought it, checked against git.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::commit::Oid;
use super::forge::Forge;
use super::forge_pages::WITHHELD;
use super::history::{Change, History};
use super::shapes::{Origin, Pull, PullBrief, PullCommit};
use crate::digest::Digest;

/// The forge's link from a commit to its pull request comes late: within this time it may be missing.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// A code of a deviation, and what it says here.
pub(super) type Coded = (&'static str, String);

/// What the forge says of a commit.
#[derive(Debug)]
pub(super) enum Link<'a> {
    /// A pull request brought it.
    Pull(Linked<'a>),
    /// No pull request brought it, or not one that fits.
    Deviates(Option<u64>, Coded),
    /// That cannot be seen.
    Unseen(Option<u64>, String),
}

/// A pull request that brought a commit.
#[derive(Debug)]
pub(super) struct Linked<'a> {
    pub(super) pull: &'a Pull,
    pub(super) merged_at: Timestamp,
    pub(super) commits: Vec<&'a PullCommit>,
}

/// Finds the pull request that brought a change.
pub(super) fn link<'a>(history: &History, forge: &'a Forge, change: &Change) -> Link<'a> {
    let id = &change.commit.id;
    let (at, briefs) = match forge.pulls_of(&format!("/commits/{id}/pulls")) {
        Ok(found) => found,
        Err(why) => return Link::Unseen(None, why),
    };
    let merged: Vec<_> = briefs
        .iter()
        .filter_map(|brief| brief.merged_at.map(|merged_at| (*brief, merged_at)))
        .collect();
    let fitting: Vec<_> = merged
        .iter()
        .copied()
        .filter(|(brief, merged_at)| fits(history, change, &brief.base.branch, *merged_at))
        .collect();
    if let Some((brief, merged_at)) = choose(history, change, &fitting) {
        return check(history, forge, change, brief.number, merged_at);
    }
    if at.duration_since(change.at) < LATE {
        let why = "its pull requests were asked for less than 10 minutes after it, before the forge's link is certain";
        return Link::Unseen(None, why.to_owned());
    }
    match (merged.first(), briefs.first()) {
        (Some((other, _)), _) => Link::Deviates(
            Some(other.number),
            (
                "PR_OTHER_BASE",
                format!(
                    "pull request {} was merged into another branch",
                    other.number
                ),
            ),
        ),
        (None, Some(open)) => no_pull(format!(
            "pull request {} names it and was not merged",
            open.number
        )),
        (None, None) => no_pull("no pull request names it".to_owned()),
    }
}

const fn no_pull<'a>(text: String) -> Link<'a> {
    Link::Deviates(None, ("NO_PR", text))
}

fn fits(history: &History, change: &Change, base: &str, merged_at: Timestamp) -> bool {
    change
        .branches
        .contains(&history.names.today(base, merged_at))
}

/// Of several: the one whose merge the commit is, else the one whose merge stands next above it, else the first.
fn choose<'a>(
    history: &History,
    change: &Change,
    fitting: &[(&'a PullBrief, Timestamp)],
) -> Option<(&'a PullBrief, Timestamp)> {
    let id = &change.commit.id;
    let distance = |brief: &PullBrief| {
        let merge = brief.merge_commit_sha.as_ref()?;
        let branches = history.branches.iter();
        branches
            .filter_map(|branch| {
                let (place, merge) = (branch.places.get(id)?, branch.places.get(merge)?);
                merge.checked_sub(*place)
            })
            .min()
    };
    fitting.iter().copied().min_by_key(|(brief, merged_at)| {
        let is_merge = brief.merge_commit_sha.as_ref() == Some(id);
        let distance = distance(brief).unwrap_or(usize::MAX);
        (!is_merge, distance, *merged_at, brief.number)
    })
}

/// Compares the pages of a pull request with git.
fn check<'a>(
    history: &History,
    forge: &'a Forge,
    change: &Change,
    number: u64,
    merged_at: Timestamp,
) -> Link<'a> {
    let unseen = |why: String| Link::Unseen(Some(number), why);
    let (at, pull) = match forge.pull(number) {
        Ok(found) => found,
        Err(why) => return unseen(why),
    };
    if at < merged_at {
        return unseen(format!(
            "the page of pull request {number} is older than its merge"
        ));
    }
    let differs = |text: &str| {
        let text = format!("the page of pull request {number} {text}");
        Link::Deviates(Some(number), ("GIT_API_MISMATCH", text))
    };
    let (true, Some(merged_at)) = (pull.merged, pull.merged_at) else {
        return differs("says that it was not merged, its listing says that it was");
    };
    if !fits(history, change, &pull.base.branch, merged_at) {
        return differs("names another base than its listing");
    }
    let Some(merge) = &pull.merge_commit_sha else {
        return unseen(format!(
            "the page of pull request {number} names no merge commit"
        ));
    };
    if !history.commits.contains_key(merge) {
        return differs("names a merge commit that git does not have");
    }
    let commits = match commits_of(forge, pull, merged_at) {
        Ok(commits) => commits,
        Err(why) => return unseen(why),
    };
    if let Some(text) = mismatch(history, change, pull, &commits) {
        return differs(&text);
    }
    if merge != &change.commit.id && !is_one_of(history, change, merge, &commits) {
        return no_pull(format!(
            "pull request {number} names it, and its merge did not bring it"
        ));
    }
    Link::Pull(Linked {
        pull,
        merged_at,
        commits,
    })
}

/// The commits of a pull request, all of them.
pub(super) fn commits_of<'a>(
    forge: &'a Forge,
    pull: &Pull,
    merged_at: Timestamp,
) -> Result<Vec<&'a PullCommit>, String> {
    let number = pull.number;
    let (at, commits) = forge.commits(&format!("/pulls/{number}/commits"))?;
    if at < merged_at {
        return Err(format!(
            "the commits of pull request {number} were listed before its merge"
        ));
    }
    if let Some(all) = pull.commits.filter(|all| commits.len() as u64 != *all) {
        return Err(format!(
            "the forge lists {} of {all} commits of pull request {number}",
            commits.len()
        ));
    }
    if !commits.iter().any(|commit| commit.sha == pull.head.sha) {
        return Err(format!(
            "the commits of pull request {number} are without its head"
        ));
    }
    Ok(commits)
}

/// How the pages differ from git, if they do.
fn mismatch(
    history: &History,
    change: &Change,
    pull: &Pull,
    commits: &[&PullCommit],
) -> Option<String> {
    let id = &change.commit.id;
    let is_merge = pull.merge_commit_sha.as_ref() == Some(id);
    let merged = change.commit.parents.get(1..).unwrap_or_default();
    if is_merge && !merged.is_empty() {
        let squashed = pull.squash.as_ref().is_some_and(|one| merged.contains(one));
        if squashed {
            return None;
        }
        if !merged.contains(&pull.head.sha) {
            return Some("names another head than the one that git merged".to_owned());
        }
        let missing = commits
            .iter()
            .find(|commit| !history.commits.contains_key(&commit.sha));
        if let Some(missing) = missing {
            return Some(format!("lists {}, which git did not merge", missing.sha));
        }
    }
    let differs = commits.iter().find(|page| {
        // GitLab leaves parents out of its listing.
        let is_listed = pull.origin == Origin::GitHub || !page.parents.is_empty();
        let known = history.commits.get(&page.sha).filter(|_| is_listed);
        known.is_some_and(|known| {
            !known
                .parents
                .iter()
                .eq(page.parents.iter().map(|parent| &parent.sha))
        })
    });
    differs.map(|page| format!("gives {} other parents than git", page.sha))
}

/// Whether a change is one of the commits of a pull request: by itself, or as the copy that a rebase made of it.
fn is_one_of(history: &History, change: &Change, merge: &Oid, commits: &[&PullCommit]) -> bool {
    let id = &change.commit.id;
    if commits.iter().any(|commit| commit.sha == *id) {
        return true;
    }
    history.branches.iter().any(|branch| {
        let (Some(place), Some(last)) = (branch.places.get(id), branch.places.get(merge)) else {
            return false;
        };
        let steps = branch.chain.get(*place..=*last).unwrap_or_default();
        let mut objects = steps
            .iter()
            .filter_map(|step| history.commits.get(&step.id));
        let copied = objects.all(|commit| commit.parents.len() == 1) && !steps.is_empty();
        // A rebase leaves merges out, and what the branch has already; the order stays.
        let mut originals = commits.iter().rev().filter(|one| one.parents.len() == 1);
        copied
            && steps.iter().rev().all(|step| {
                let copy = history.commits.get(&step.id);
                copy.is_some_and(|copy| originals.any(|original| is_copy(copy, original)))
            })
    })
}

fn is_copy(copy: &Arc<super::commit::Commit>, original: &PullCommit) -> bool {
    original.commit.author.as_ref().is_some_and(|author| {
        let date = author.date.map(Timestamp::as_second);
        let first = original.commit.message.lines().next().unwrap_or_default();
        let said = copy.subject.as_ref();
        // A message that is withheld on one side cannot be compared.
        let same = said.is_none_or(|said| *said == Digest::of(first.as_bytes()))
            || first.starts_with(WITHHELD);
        same && author.email.as_deref() == Some(&copy.author.email)
            && date == Some(copy.authored.as_second())
    })
}
