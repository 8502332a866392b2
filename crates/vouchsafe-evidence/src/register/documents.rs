//! What the collector records beside the registers: whether they are committed, and digests of the documents they name.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The type of evidence that says whether registers are committed.
pub(crate) const STATE: &str = "register.state/1";
/// The type of evidence that holds digests of documents.
pub(crate) const DOCUMENTS: &str = "register.documents/1";

/// `register.state/1`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct State {
    /// The commit that the working tree stands at; none in a repository without commits.
    pub(crate) head: Option<String>,
    pub(crate) files: Vec<FileState>,
}

/// A register in the working tree and at the commit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct FileState {
    pub(crate) path: String,
    /// SHA-256 in the working tree.
    pub(crate) sha256: Digest,
    /// SHA-256 at the commit; none when it is not committed.
    pub(crate) committed: Option<Digest>,
    /// The last commit that changed it.
    pub(crate) commit: Option<String>,
}

/// `register.documents/1`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Documents {
    pub(crate) documents: Vec<FoundDocument>,
}

/// A document that a register names.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct FoundDocument {
    pub(crate) path: String,
    /// SHA-256 in the working tree; none when there is no such file.
    pub(crate) sha256: Option<Digest>,
    /// SHA-256 at the commit; none when it is not committed.
    pub(crate) committed: Option<Digest>,
}

impl Documents {
    /// What was found of a path; nothing when nobody looked.
    pub(crate) fn of(&self, path: &str) -> Option<Option<&Digest>> {
        let found = self.documents.iter().find(|found| found.path == path);
        found.map(|found| found.sha256.as_ref())
    }
}
