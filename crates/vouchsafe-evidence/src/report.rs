//! What an auditor reads: one HTML page, a PDF, OSCAL, and the tables that they refer to.
//!
//! Every function here is a function of the [`Report`] alone: the same findings give the same bytes. Whatever is long is
//! cut at a limit, and the cut says how much there is and where the rest stands.

mod html;
mod oscal;
mod pdf;
mod sarif;
mod tables;
mod text;
mod view;

use jiff::Timestamp;
use vouchsafe_tlog::Hash;

use html::html;
use oscal::oscal;
use pdf::pdf;
pub(crate) use sarif::sarif;
use tables::tables;

use crate::catalogue::Control;
use crate::digest::Digest;
use crate::finding::{Findings, Populations};

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// The checkpoint is not one.
    #[error("the checkpoint of the log cannot be read: {0}")]
    Checkpoint(String),
    /// An entry that is to be proven is none.
    #[error("entry {index}, which is to be proven, cannot be read: {error}")]
    Entry {
        /// Which.
        index: u64,
        /// What is wrong.
        error: crate::entry::EntryError,
    },
    /// The font of the document is not the one that this program brings.
    #[error("the font of the document cannot be read: {0}")]
    Font(String),
    /// Something cannot be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

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
    /// Proofs that the log only grew since earlier heads: since those that an auditor may have kept.
    pub(crate) earlier: Vec<Earlier>,
}

/// A proof that the log begins with the log of an earlier size (RFC 9162 section 2.1.4.1).
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    /// The earlier size.
    pub(crate) size: u64,
    /// The hashes of the proof.
    pub(crate) path: Vec<Hash>,
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

/// All reports of a pack: paths and bytes.
///
/// # Errors
/// When one of them cannot be made.
pub(crate) fn files(
    report: &Report<'_>,
    catalogue: &[Control],
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let mut files = vec![
        ("report.html".to_owned(), html(report)?.into_bytes()),
        ("report.pdf".to_owned(), pdf(report)?),
    ];
    let tables = tables(report).into_iter();
    files.extend(tables.map(|(path, text)| (path, text.into_bytes())));
    files.extend(oscal(report, catalogue)?);
    Ok(files)
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
