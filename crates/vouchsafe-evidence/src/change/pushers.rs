//! Who pushed the commits of a pull request, by the forge's own list of pushes.

use std::collections::HashMap;

use jiff::Timestamp;

use super::forge::Forge;
use super::identity::is_signed;
use super::link::Linked;
use super::shapes::Account;

/// Pushes by repository, branch and the commit that became its head.
#[derive(Debug, Default)]
pub(super) struct Pushers(HashMap<Key, Vec<(Timestamp, Option<Account>)>>);

/// A repository, a branch of it, and a commit.
type Key = (String, String, String);

/// Who pushed the commits of a pull request to its branch.
#[derive(Debug, Default)]
pub(super) struct Pushed<'a> {
    pub(super) by: Vec<&'a Account>,
    /// Why it is not shown who pushed the head, if it is not.
    pub(super) unseen: Option<String>,
}

impl Pushers {
    pub(super) fn of(forge: &Forge) -> Self {
        let mut found = Self::default();
        for (repository, event) in forge.pushes() {
            // Whoever makes a branch of a commit puts it there as well as whoever pushes it.
            let moves = !matches!(event.activity_type.as_str(), "branch_deletion");
            if moves {
                let key = key(repository, &event.branch, &event.after);
                let of_head = found.0.entry(key).or_default();
                of_head.push((event.timestamp, event.actor.clone()));
            }
        }
        found
    }

    /// Who pushed the commits of a pull request before it was merged: each of them counts as a maker of it.
    pub(super) fn of_pull<'a>(&'a self, linked: &Linked<'_>) -> Pushed<'a> {
        let head = &linked.pull.head;
        let mut pushed = Pushed::default();
        let unsigned = linked
            .commits
            .iter()
            .all(|commit| commit.sha != head.sha || !is_signed(commit));
        let (Some(branch), Some(repository)) = (&head.branch, &head.repo) else {
            if unsigned {
                pushed.unseen = Some("its branch is gone from the forge".to_owned());
            }
            return pushed;
        };
        let mut shown = false;
        for commit in &linked.commits {
            let key = key(&repository.full_name, branch, &commit.sha);
            let events = self.0.get(&key).map_or(&[][..], Vec::as_slice);
            // A branch that is made again after the merge shows nothing of it.
            let before = events.iter().filter(|(at, _)| *at <= linked.merged_at);
            let actors = before.filter_map(|(_, actor)| actor.as_ref());
            for actor in actors {
                shown |= commit.sha == head.sha;
                pushed.by.push(actor);
            }
        }
        if unsigned && !shown {
            let full_name = &repository.full_name;
            pushed.unseen = Some(format!("no page of activity of {full_name} shows it"));
        }
        pushed
    }
}

fn key(repository: &str, branch: &str, head: &str) -> Key {
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    (
        repository.to_ascii_lowercase(),
        branch.to_owned(),
        head.to_owned(),
    )
}
