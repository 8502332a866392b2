//! Batches and transactions (<https://hl7.org/fhir/R4/http.html#transaction>).
//!
//! A transaction is one write: all or nothing, decided on the state before it. A batch answers entry
//! by entry; its writes are first tried together, which is faster, and apart when that fails.

mod answer;
mod overlap;
pub(crate) mod parse;
mod plan;
mod run;
mod together;

use http::StatusCode;
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe_records::engine::{Expected, Proof};

pub(crate) use answer::response;
pub use parse::parse_bundle;
pub use run::execute;
pub(crate) use run::{Run, failed_whole};

use crate::outcome::Problem;
use crate::query::Params;
use crate::searchset::Asked;

/// Entries of a bundle, at most.
pub const MAX_ENTRIES: usize = 5_000;
/// Bytes of a body, at most.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// A batch or a transaction, read.
#[derive(Debug)]
pub struct BundleRequest {
    pub(crate) kind: Kind,
    pub(crate) entries: Vec<Entry>,
}

/// A resource that is to be written.
pub struct Resource {
    /// Its type, which it MUST say itself too.
    pub record_type: RecordType,
    /// The record that it becomes a version of; without one, a new record.
    pub id: Option<RecordId>,
    /// The resource.
    pub document: Document,
}

impl std::fmt::Debug for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[PHI]")
    }
}

/// Whether entries stand for themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Batch,
    Transaction,
}

impl BundleRequest {
    /// How many entries it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) full_url: Option<String>,
    pub(crate) verb: EntryVerb,
}

pub(crate) enum EntryVerb {
    Create {
        record_type: RecordType,
        document: Document,
        condition: Option<Params>,
        /// The id that the resource has with the client.
        own_id: Option<Box<str>>,
    },
    Update {
        record_type: RecordType,
        id: RecordId,
        document: Document,
        if_match: Option<Expected>,
    },
    Delete {
        record_type: RecordType,
        id: RecordId,
        if_match: Option<Expected>,
    },
    Read {
        record_type: RecordType,
        id: RecordId,
        version: Option<Version>,
        none_match: Option<String>,
    },
    Search(Box<Asked>),
    /// An entry of a batch that is none.
    Malformed(Problem),
}

impl std::fmt::Debug for EntryVerb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[PHI]")
    }
}

/// How one entry ended.
#[derive(Debug)]
pub struct EntryOutcome {
    /// The status that the interaction alone would have had.
    pub status: StatusCode,
    /// Which record, and its version.
    pub record: Option<(RecordType, RecordId, Version, jiff::Timestamp)>,
    /// The resource that was read, written or found.
    pub(crate) resource: Option<Vec<u8>>,
    /// Whether the record is told as the place of what was written.
    pub(crate) located: bool,
    pub(crate) problem: Option<Problem>,
    /// The proof that it was logged.
    pub proof: Option<Proof>,
}

impl EntryOutcome {
    /// The issue code and words of a failure, with the element's path where there is one.
    #[must_use]
    pub fn failure(&self) -> Option<(&'static str, &str, Option<&str>)> {
        self.problem.as_ref().map(Problem::first)
    }

    pub(crate) fn failed(problem: Problem) -> Self {
        Self {
            status: problem.status,
            record: None,
            resource: None,
            located: false,
            problem: Some(problem),
            proof: None,
        }
    }
}

/// Why a whole bundle was refused: nothing of it was done.
#[derive(Debug)]
pub struct BundleError {
    /// Which entry, from 0, where it is one.
    pub entry: Option<usize>,
    pub(crate) problem: Problem,
}

impl BundleError {
    /// The issue code and words, with the element's path where there is one.
    #[must_use]
    pub fn failure(&self) -> (&'static str, &str, Option<&str>) {
        self.problem.first()
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.problem.status == StatusCode::SERVICE_UNAVAILABLE
    }

    pub(crate) const fn whole(problem: Problem) -> Self {
        Self {
            entry: None,
            problem,
        }
    }

    pub(crate) fn at(entry: usize, problem: Problem) -> Self {
        let mut problem = problem.within(entry);
        // The bundle's own address is there; what is not is named by one of its entries.
        if matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            problem.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Self {
            entry: Some(entry),
            problem,
        }
    }
}
