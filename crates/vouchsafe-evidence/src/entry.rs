//! Entries of the evidence log: one line of JSON, then the content where it is small.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::judgement::Outcome;
use crate::window::Window;

/// Content of up to this many bytes stands in the entry itself; more is an object of its own.
pub(crate) const INLINE_BYTES: usize = 4096;

/// The header of an entry: what it is, and which content it has.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Entry {
    /// The version of this format: 1.
    pub(crate) v: u8,
    /// When it was appended, by the clock of the machine that did.
    pub(crate) at: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub(crate) kind: Kind,
    /// SHA-256 of the content.
    pub(crate) content: Digest,
    /// Bytes of the content.
    pub(crate) size: u64,
}

/// What an entry is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Something collected, or the report that it could not be.
    Evidence(Evidence),
    /// One run of a check.
    Observation(Observation),
    /// The manifest of a population, before an auditor gives a seed.
    Population(PopulationEntry),
    /// What a control comes to over a window.
    Finding(FindingEntry),
    /// The end of a run.
    Run(RunEntry),
}

/// Evidence: what was collected, by which means, from where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Evidence {
    /// Its type and the version of that: `git.commits/1`.
    #[serde(rename = "type")]
    pub(crate) schema: String,
    /// Where it comes from: `git`, `github:owner/name`, `file:evidence/vendors.toml`.
    pub(crate) source: String,
    /// What was asked for there.
    pub(crate) request: String,
    /// The collector and its version.
    pub(crate) collector: String,
    /// When it was collected. Saved pages were collected earlier than they are appended.
    pub(crate) collected_at: Timestamp,
    /// The period that the content speaks of, where that is not the moment of collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effective: Option<Window>,
    /// Whether it came later than the cadence of its collector allows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) late: bool,
    /// Why there is no content: the collection failed. The content is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
}

/// One run of a check. Its content is a [`crate::judgement::Record`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Observation {
    /// The id of the check.
    pub(crate) check: String,
    /// SHA-256 of the definition of the check.
    pub(crate) definition: Digest,
    /// What came out.
    pub(crate) outcome: Outcome,
    /// Deviations that no exception covers.
    pub(crate) deviations: u64,
    /// Deviations that an exception covers.
    pub(crate) excepted: u64,
    /// Items of the population that could not be judged.
    pub(crate) unobservable: u64,
    /// Items of the population, where the check has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<u64>,
}

/// The manifest of a population. Its content is the population as CSV.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PopulationEntry {
    /// The id of the check that it belongs to.
    pub(crate) check: String,
    /// The window that it covers.
    pub(crate) window: Window,
    /// Number of items.
    pub(crate) items: u64,
    /// Merkle root over the items, in their order.
    pub(crate) root: String,
}

/// What a control or a check comes to over a window. Its content is a [`crate::finding::Finding`] or a
/// [`crate::finding::CheckFinding`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct FindingEntry {
    /// The id of the control or check.
    pub(crate) control: String,
    /// The window.
    pub(crate) window: Window,
    /// Its state.
    pub(crate) state: String,
}

/// The end of a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct RunEntry {
    /// The program and its version.
    pub(crate) program: String,
    /// Index of the first entry of the run.
    pub(crate) first: u64,
}

/// Why the bytes of an entry are none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum EntryError {
    /// The header is not what this format says.
    #[error("the header of the entry is not JSON of this format: {0}")]
    Header(String),
    /// The format is newer than this program.
    #[error("the entry has format {0}, this program knows 1")]
    Version(u8),
    /// The content in the entry is not the one that its header names.
    #[error("the content of the entry is not the one that its header names")]
    Content,
}

impl Entry {
    /// The bytes of the leaf: header, line feed, and the content where it is small.
    ///
    /// # Errors
    /// When the header cannot be written as JSON.
    pub(crate) fn encode(&self, content: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let mut out = serde_json::to_vec(self)?;
        out.push(b'\n');
        if content.len() <= INLINE_BYTES {
            out.extend_from_slice(content);
        }
        Ok(out)
    }

    /// Reads a leaf: the header, and the content if the leaf has it.
    ///
    /// # Errors
    /// [`EntryError`] when the bytes are not an entry, or the content is another.
    pub(crate) fn decode(leaf: &[u8]) -> Result<(Self, Option<&[u8]>), EntryError> {
        let end = leaf.iter().position(|byte| *byte == b'\n');
        let (header, content) = end
            .and_then(|end| leaf.split_at_checked(end))
            .ok_or_else(|| EntryError::Header("no line feed".to_owned()))?;
        let content = content.get(1..).unwrap_or_default();
        let entry: Self = serde_json::from_slice(header)
            .map_err(|error| EntryError::Header(format!("column {}", error.column())))?;
        if entry.v != 1 {
            return Err(EntryError::Version(entry.v));
        }
        let inline = usize::try_from(entry.size).is_ok_and(|size| size <= INLINE_BYTES);
        if !inline && content.is_empty() {
            return Ok((entry, None));
        }
        if !inline || entry.content != Digest::of(content) {
            return Err(EntryError::Content);
        }
        Ok((entry, Some(content)))
    }
}
