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

/// The row of a change with all that git shows of it, and further columns.
pub(super) fn full<'a>(change: &Change, more: impl IntoIterator<Item = (&'a str, String)>) -> Item {
    let commit = &change.commit;
    let subject = commit.subject.as_ref();
    let columns = [
        ("claimed", commit.committed.to_string()),
        ("author", commit.author.to_string()),
        ("committer", commit.committer.to_string()),
        ("parents", parents(change).to_owned()),
        (
            "subject_sha256",
            subject.map_or_else(|| "withheld".to_owned(), Digest::to_string),
        ),
    ];
    item(change, columns.into_iter().chain(more))
}

/// The row of a change: commit, branches and date, and further columns. What git shows of it stands in the population of
/// `change.reviewed`, once.
pub(super) fn item<'a>(change: &Change, more: impl IntoIterator<Item = (&'a str, String)>) -> Item {
    let branches: Vec<&str> = change.branches.iter().map(String::as_str).collect();
    let columns = more.into_iter().filter(|(_, value)| !value.is_empty());
    let mut columns: BTreeMap<String, String> = columns
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    columns.insert("branch".to_owned(), branches.join(" "));
    if change.removed {
        columns.insert("removed".to_owned(), "yes".to_owned());
    }
    Item {
        id: change.commit.id.to_string(),
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
