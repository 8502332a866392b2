//! What an auditor sees of each change.

use std::collections::BTreeMap;

use super::history::{Change, History};
use crate::digest::Digest;
use crate::judgement::{Item, Population};

/// How a change came to the branch, as far as git shows it. A single-parent commit is not called a direct push.
pub(super) fn parents(change: &Change) -> &'static str {
    match change.commit.parents.len() {
        0 => "root",
        1 => "single-parent",
        _ => "merge",
    }
}

/// The row of a change, with further columns.
pub(super) fn item<'a>(change: &Change, more: impl IntoIterator<Item = (&'a str, String)>) -> Item {
    let commit = &change.commit;
    let branches: Vec<&str> = change.branches.iter().map(String::as_str).collect();
    let mut columns: BTreeMap<String, String> = [
        ("branch", branches.join(" ")),
        ("claimed", commit.committed.to_string()),
        ("author", commit.author.to_string()),
        ("committer", commit.committer.to_string()),
        ("parents", parents(change).to_owned()),
        (
            "subject_sha256",
            commit
                .subject
                .as_ref()
                .map_or_else(|| "withheld".to_owned(), Digest::to_string),
        ),
    ]
    .into_iter()
    .chain(more)
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    if change.removed {
        columns.insert("removed".to_owned(), "yes".to_owned());
    }
    Item {
        id: commit.id.to_string(),
        at: Some(change.at),
        until: None,
        columns,
    }
}

/// The population of all changes.
pub(super) fn of(history: &History, items: Vec<Item>) -> Population {
    Population {
        completeness: history.completeness(),
        items,
    }
}
