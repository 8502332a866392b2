//! What can be lost, and what is kept of an act by which an installation went on after that.

use serde::{Deserialize, Serialize};

use crate::clock::now;

/// What was lost.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lost {
    /// The clock was false for a time, or nothing was recorded for very long.
    Clock,
    /// The audit log is gone, or the recorder refuses it.
    Log,
    /// The database of records is older than the log.
    Database,
}

impl Lost {
    /// The word of the entry.
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Clock => "recover-clock",
            Self::Log => "recover-log",
            Self::Database => "recover-database",
        }
    }

    /// The name of its check.
    pub(crate) const fn check(self) -> &'static str {
        match self {
            Self::Clock => "recovered-clock",
            Self::Log => "recovered-log",
            Self::Database => "recovered-database",
        }
    }
}

/// Who says that the installation is to go on, and why.
#[derive(Clone, Debug)]
pub struct Recover {
    /// After which loss.
    pub lost: Lost,
    /// Who says so, as the log names them.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// An act after a loss.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// What was lost.
    pub lost: Lost,
    /// When it was done (RFC 3339).
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What was found.
    pub found: String,
    /// The keys of the log that was replaced: as long as it is kept, it can be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<LogKeys>,
    /// The entry that records it, once it is in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
}

/// The keys of a log, as they were pinned.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogKeys {
    /// Verifies its checkpoints.
    pub log: Option<String>,
    /// Verifies acknowledgements (Ed25519, hex).
    pub recorder: Option<String>,
}

impl Recovery {
    pub(crate) fn new(recover: &Recover, found: String) -> Self {
        Self {
            lost: recover.lost,
            at: format!("{:.0}", now()),
            by: recover.by.clone(),
            reason: recover.reason.clone(),
            found,
            before: None,
            entry: None,
        }
    }

    /// It, in one sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let Self {
            at,
            by,
            reason,
            found,
            ..
        } = self;
        let entry = self.entry.map_or_else(
            || "not in the log yet".to_owned(),
            |entry| format!("entry {entry}"),
        );
        format!("{at}, by {by} ({entry}): {found}. The reason given: {reason}")
    }
}
