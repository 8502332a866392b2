//! What an auditor reads: one HTML page, a PDF, OSCAL.

use jiff::Timestamp;
use vouchsafe_tlog::Hash;

use crate::digest::Digest;
use crate::finding::{Findings, Populations};

/// Everything that a report is made from.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The name of the project.
    pub(crate) project: &'a str,
    /// The program and its version.
    pub(crate) program: &'a str,
    /// The origin of the log, which is also the name of its key.
    pub(crate) origin: &'a str,
    /// The public key of the log, as a vkey.
    pub(crate) key: String,
    /// The signed checkpoint of the log in which the findings stand.
    pub(crate) checkpoint: &'a [u8],
    /// Findings and what they rest on.
    pub(crate) findings: &'a Findings,
    /// The populations of the window.
    pub(crate) populations: &'a Populations,
    /// The evidence, in the order of the log.
    pub(crate) evidence: Vec<EvidenceLine<'a>>,
    /// The entries of the findings and populations, each with its proof.
    pub(crate) proven: Vec<Proven>,
}

/// An entry of evidence, in short.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceLine<'a> {
    pub(crate) index: u64,
    pub(crate) schema: &'a str,
    pub(crate) source: &'a str,
    pub(crate) request: &'a str,
    pub(crate) collected_at: Timestamp,
    pub(crate) content: Digest,
    pub(crate) size: u64,
    pub(crate) failed: Option<&'a str>,
    pub(crate) late: bool,
}

/// An entry of the log with the proof that it stands there.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    /// Its index.
    pub(crate) index: u64,
    /// The bytes of the leaf.
    pub(crate) leaf: Vec<u8>,
    /// The hashes from the leaf up to the root (RFC 9162 section 2.1.3).
    pub(crate) path: Vec<Hash>,
    /// Its content, which the header of the leaf names by its SHA-256.
    pub(crate) content: Vec<u8>,
}

/// A report cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be made: {0}")]
pub(crate) struct ReportError(pub(crate) String);

/// All reports of a pack: paths and bytes.
///
/// # Errors
/// When one of them cannot be made.
pub(crate) fn files(
    _: &Report<'_>,
    _: &[crate::catalogue::Control],
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    Ok(Vec::new())
}
