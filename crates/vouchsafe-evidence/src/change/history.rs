//! The history of the protected branches, from stored objects alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::branches::Names;
use super::chain::{Branch, Commits};
use super::collector::Head;
use super::commit::{Commit, Oid, Proof, commits};
use super::{COMMITS, HEAD, Settings, short_ref};
use crate::inputs::{Context, Known};
use crate::judgement::Unobservable;
use crate::window::start_of;

/// The history of the protected branches.
#[derive(Debug)]
pub(super) struct History {
    pub(super) commits: Commits,
    pub(super) branches: Vec<Branch>,
    pub(super) names: Names,
    /// The first moment that must be covered.
    pub(super) since: Timestamp,
    /// Commits whose stored bytes do not have the hash that names them.
    pub(super) wrong: BTreeSet<Oid>,
    /// Why it is not whole.
    pub(super) unseen: Vec<Unobservable>,
    /// What is to be said of it.
    pub(super) notes: BTreeSet<String>,
}

/// A change of the protected branches.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) commit: Arc<Commit>,
    /// The protected branches that it stands on.
    pub(super) branches: BTreeSet<String>,
    pub(super) at: Timestamp,
    /// Whether a later run did not find it on any of them.
    pub(super) removed: bool,
}

/// The commits of one entry.
struct Stored(Vec<Arc<Commit>>);

impl History {
    /// Reads the history.
    ///
    /// # Errors
    /// When no branch is configured or none was ever seen.
    pub(super) fn of(context: &Context<'_>, settings: &Settings) -> Result<Self, String> {
        if settings.branches.is_empty() {
            return Err("no protected branch is named: set [change] branches".to_owned());
        }
        let since = context.settings()?.project.since;
        let mut history = Self {
            commits: Commits::new(),
            branches: Vec::new(),
            names: Names::of(settings),
            since: start_of(since).map_err(|error| error.to_string())?,
            wrong: BTreeSet::new(),
            unseen: Vec::new(),
            notes: BTreeSet::new(),
        };
        history.read_commits(context);
        history.read_branches(context, settings);
        if history.branches.is_empty() && history.unseen.is_empty() {
            return Err("no head of a protected branch was collected".to_owned());
        }
        Ok(history)
    }

    fn read_commits(&mut self, context: &Context<'_>) {
        for known in context.all(COMMITS) {
            if known.evidence.failed.is_some() {
                continue;
            }
            let stored = context.parsed(known, |bytes| commits(bytes).map(Stored));
            match stored {
                Ok(stored) => stored.0.iter().for_each(|commit| self.take(commit)),
                Err(why) => self.unseen.push(Unobservable {
                    item: known.evidence.request.clone(),
                    what: why,
                }),
            }
        }
    }

    fn take(&mut self, commit: &Arc<Commit>) {
        if commit.proof == Proof::Wrong {
            self.wrong.insert(commit.id.clone());
            return;
        }
        let kept = self.commits.entry(commit.id.clone());
        let kept = kept.or_insert_with(|| Arc::clone(commit));
        // What can be proved counts for more than what was withheld.
        if kept.proof != Proof::Hashed && commit.proof == Proof::Hashed {
            *kept = Arc::clone(commit);
        }
    }

    fn read_branches(&mut self, context: &Context<'_>, settings: &Settings) {
        let failed = failed_heads(context);
        let mut branches: BTreeMap<String, Branch> = BTreeMap::new();
        let mut unseen: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for branch in &settings.branches {
            let why = "its head was not collected".to_owned();
            unseen.insert(short_ref(branch).to_owned(), vec![why]);
        }
        for known in context.all(HEAD) {
            let name = self
                .names
                .today(&known.evidence.request, known.evidence.collected_at);
            let why = match read_head(context, known) {
                Ok(head) => {
                    let mut why = unwhole(&head, failed.get(head.head.as_str()));
                    if head.partial {
                        self.notes.insert(format!(
                            "the clone of {name} leaves objects at the server; its commits are there"
                        ));
                    }
                    if !head.shallow && !failed.contains_key(head.head.as_str()) {
                        let branch = branches
                            .entry(name.clone())
                            .or_insert_with(|| Branch::new(&name));
                        let id = Oid::from(head.head.as_str());
                        branch.observe(&id, known.evidence.collected_at, &self.commits);
                    } else if why.is_empty() {
                        why.push("its commits were not collected".to_owned());
                    }
                    why
                }
                Err(why) => vec![why],
            };
            unseen.insert(name, why);
        }
        let named: BTreeSet<&str> = settings
            .branches
            .iter()
            .map(|name| short_ref(name))
            .collect();
        for (branch, reasons) in unseen {
            if !named.contains(branch.as_str()) {
                self.notes.insert(format!(
                    "{branch} was protected and is not named any more; its changes up to then are here"
                ));
                continue;
            }
            self.unseen
                .extend(reasons.into_iter().map(|what| Unobservable {
                    item: branch.clone(),
                    what,
                }));
        }
        self.branches = branches.into_values().collect();
    }

    /// Every change since the first day that must be covered, in the order of time.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes: BTreeMap<&Oid, Change> = BTreeMap::new();
        for branch in &self.branches {
            let kept = branch.chain.iter().map(|step| (step, false));
            let removed = branch.removed.iter().map(|step| (step, true));
            for (step, removed) in kept.chain(removed) {
                if step.at < self.since {
                    continue;
                }
                let Some(commit) = self.commits.get(&step.id) else {
                    continue;
                };
                let change = changes.entry(&step.id).or_insert_with(|| Change {
                    commit: Arc::clone(commit),
                    branches: BTreeSet::new(),
                    at: step.at,
                    removed,
                });
                change.branches.insert(branch.name.clone());
                change.at = change.at.min(step.at);
                change.removed = change.removed && removed;
            }
        }
        let mut changes: Vec<_> = changes.into_values().collect();
        changes.sort_by(|a, b| (a.at, &a.commit.id).cmp(&(b.at, &b.commit.id)));
        changes
    }

    /// The branch of a name.
    pub(super) fn branch(&self, name: &str) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.name == name)
    }

    /// Why the list of changes may miss some; nothing where it is whole.
    pub(super) fn holes(&self) -> Vec<Unobservable> {
        let mut holes = self.unseen.clone();
        let gaps = self
            .branches
            .iter()
            .filter(|branch| !branch.gaps.is_empty());
        holes.extend(gaps.map(|branch| Unobservable {
            item: branch.name.clone(),
            what: "its chain has a gap: see change.history-whole".to_owned(),
        }));
        holes.extend(self.wrong.iter().map(|id| Unobservable {
            item: id.to_string(),
            what: "its stored bytes have another hash: see change.history-whole".to_owned(),
        }));
        holes
    }

    /// What shows that no change is missing.
    pub(super) fn completeness(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for branch in &self.branches {
            let head = branch.chain.last().map_or("none", |step| &step.id);
            parts.push(format!(
                "{}: first-parent chain of {} commits from {head} to its end; each object was hashed again",
                branch.name,
                branch.chain.len()
            ));
        }
        if !self.holes().is_empty() {
            parts.push("NOT whole".to_owned());
        }
        parts.join("; ")
    }
}

fn read_head(context: &Context<'_>, known: &Known) -> Result<Arc<Head>, String> {
    if let Some(why) = &known.evidence.failed {
        return Err(format!("its head could not be collected: {why}"));
    }
    context.parsed(known, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    })
}

/// The heads whose commits could not be collected in the last attempt, with the reason.
fn failed_heads<'a>(context: &Context<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut failed = BTreeMap::new();
    for known in context.all(COMMITS) {
        let request = known.evidence.request.strip_prefix("reached by ");
        let head = request.and_then(|rest| rest.split(',').next());
        let Some(head) = head else {
            continue;
        };
        match &known.evidence.failed {
            Some(why) => failed.insert(head, why.as_str()),
            None => failed.remove(head),
        };
    }
    failed
}

fn unwhole(head: &Head, failed: Option<&&str>) -> Vec<String> {
    let mut why = Vec::new();
    if head.shallow {
        why.push(
            "the clone is shallow: fetch the whole history (`git fetch --unshallow`)".to_owned(),
        );
    }
    if head.replaced > 0 {
        why.push(format!(
            "the clone has {} replacements of objects: delete refs/replace, then run again",
            head.replaced
        ));
    }
    if head.grafts {
        why.push(
            "the clone overrules parents by info/grafts: delete it, then run again".to_owned(),
        );
    }
    if let (false, Some(failed)) = (head.shallow, failed) {
        why.push(format!("its commits could not be collected: {failed}"));
    }
    why
}
