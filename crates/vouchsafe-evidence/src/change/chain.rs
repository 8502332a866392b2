//! The first-parent chain of one branch, as one run after the other saw it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::commit::{Commit, Oid};

/// The commits of a history, by name.
pub(super) type Commits = HashMap<Oid, Arc<Commit>>;

/// A clone may be this much older than the run that reads it, and clocks may differ by as much.
pub(super) const TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// A branch.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) name: String,
    /// From the root to the head.
    pub(super) chain: Vec<Step>,
    /// Where a commit stands in it.
    pub(super) places: HashMap<Oid, usize>,
    /// What stood in the chain of an earlier run, and does not any more.
    pub(super) removed: Vec<Step>,
    pub(super) breaks: Vec<Break>,
    /// Commits that are named as first parents and are not there, with the commit that names them.
    pub(super) gaps: Vec<(Oid, Oid)>,
    /// When its head was seen last.
    pub(super) seen: Timestamp,
}

/// A change: one commit of the chain.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) id: Oid,
    /// Its date: the claim of its committer, but neither before that of its parent, nor before the last run that did not
    /// have it, nor after the first run that had it.
    pub(super) at: Timestamp,
    /// The date of the change below it.
    pub(super) below: Option<Timestamp>,
    /// The first run that had it.
    pub(super) seen: Timestamp,
    /// The last run that did not.
    pub(super) absent: Option<Timestamp>,
}

/// A later run whose chain does not go on where an earlier one ended.
#[derive(Clone, Debug)]
pub(super) struct Break {
    pub(super) before: Oid,
    pub(super) after: Oid,
    pub(super) at: Timestamp,
    /// Whether the earlier head is still among the ancestors: its parents were swapped then, not removed.
    pub(super) swapped: bool,
    pub(super) removed: usize,
}

impl Branch {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            chain: Vec::new(),
            places: HashMap::new(),
            removed: Vec::new(),
            breaks: Vec::new(),
            gaps: Vec::new(),
            seen: Timestamp::MIN,
        }
    }

    /// What a run saw.
    pub(super) fn observe(&mut self, head: &Oid, at: Timestamp, commits: &Commits) {
        let absent = (!self.chain.is_empty()).then_some(self.seen);
        self.seen = at;
        let mut new: Vec<&Arc<Commit>> = Vec::new();
        let mut cursor = head;
        let kept = loop {
            if let Some(place) = self.places.get(cursor) {
                break place + 1;
            }
            let Some(commit) = commits.get(cursor).filter(|_| new.len() < commits.len()) else {
                let child = new.last().map_or(head, |child| &child.id);
                self.gaps.push((cursor.clone(), child.clone()));
                break self.chain.len();
            };
            new.push(commit);
            match commit.parents.first() {
                Some(parent) => cursor = parent,
                None => break 0,
            }
        };
        self.cut(kept, head, at, commits);
        for commit in new.into_iter().rev() {
            self.push(commit, at, absent);
        }
    }

    fn cut(&mut self, kept: usize, head: &Oid, at: Timestamp, commits: &Commits) {
        let removed = self.chain.split_off(kept.min(self.chain.len()));
        let Some(last) = removed.last() else {
            return;
        };
        self.breaks.push(Break {
            before: last.id.clone(),
            after: head.clone(),
            at,
            swapped: is_ancestor(&last.id, head, commits),
            removed: removed.len(),
        });
        for step in &removed {
            self.places.remove(&step.id);
        }
        self.removed.extend(removed);
    }

    fn push(&mut self, commit: &Commit, seen: Timestamp, absent: Option<Timestamp>) {
        let below = self.chain.last().map(|step| step.at);
        let earliest = absent.and_then(|absent| absent.checked_sub(TOLERANCE).ok());
        let at = commit
            .committed
            .min(seen)
            .max(below.unwrap_or(Timestamp::MIN))
            .max(earliest.unwrap_or(Timestamp::MIN));
        self.places.insert(commit.id.clone(), self.chain.len());
        self.chain.push(Step {
            id: commit.id.clone(),
            at,
            below,
            seen,
            absent,
        });
    }

    /// The changes of the chain that a push from one commit to another brought, by place.
    pub(super) fn brought(
        &self,
        before: &str,
        after: &str,
        commits: &Commits,
    ) -> Option<std::ops::RangeInclusive<usize>> {
        let last = *self.places.get(after)?;
        if before.bytes().all(|digit| digit == b'0') {
            return Some(0..=last);
        }
        // A push that replaced commits began where both histories part.
        let mut cursor = before;
        for _ in 0..=commits.len() {
            if let Some(place) = self.places.get(cursor) {
                return Some(place + 1..=last);
            }
            match commits
                .get(cursor)
                .and_then(|commit| commit.parents.first())
            {
                Some(parent) => cursor = parent,
                None => break,
            }
        }
        Some(last..=last)
    }
}

fn is_ancestor(old: &Oid, new: &Oid, commits: &Commits) -> bool {
    let mut seen: HashSet<&Oid> = HashSet::new();
    let mut open = vec![new];
    while let Some(id) = open.pop() {
        if id == old {
            return true;
        }
        if let Some(commit) = commits.get(id).filter(|_| seen.insert(id)) {
            open.extend(&commit.parents);
        }
    }
    false
}
