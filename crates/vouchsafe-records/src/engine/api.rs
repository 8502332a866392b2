//! What callers of the engine say and get.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use jiff::Timestamp;
use vouchsafe::access::{Purpose, Right};
use vouchsafe::audit::Appended;
use vouchsafe::audit::Context;
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe::session::Session;

use crate::pack::{Issue, Pack, Reference, SubjectKind};
use crate::search::Unsupported;
use crate::store::Guard;

/// Who asks: one request's session with what was looked up for it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session; not revoked, as of this request.
    pub session: Session,
    /// The rights that the principal has now.
    pub rights: Arc<[Right]>,
    /// The records that stand for the principal.
    pub links: Links,
    /// The purpose stated.
    pub purpose: Purpose,
    /// Where the request comes from.
    pub context: Context,
    /// When it came.
    pub now: Timestamp,
}

/// The records that stand for a caller, split by what follows from them.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Records of staff: whoever is in their care is in the caller's.
    pub staff: Arc<[Reference]>,
    /// Records that the caller is the subject of.
    pub subjects: Arc<[(RecordType, RecordId)]>,
}

impl Links {
    /// These records; those of types that are their own subject, by the pack, are the caller.
    pub fn new(pack: &Pack, links: impl IntoIterator<Item = (RecordType, RecordId)>) -> Self {
        let is_subject = |record_type: &RecordType| {
            let declared = pack.record_type(record_type.as_str());
            declared.is_some_and(|declared| declared.subject_kind() == SubjectKind::Itself)
        };
        let (subjects, staff): (Vec<_>, Vec<_>) = links
            .into_iter()
            .partition(|(record_type, _)| is_subject(record_type));
        let staff = staff.into_iter().map(|(record_type, id)| Reference::Local {
            record_type,
            id,
            version: None,
        });
        Self {
            staff: staff.collect(),
            subjects: subjects.into(),
        }
    }
}

/// The proof that an access was logged, for the response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// The log.
    pub origin: String,
    /// The entry's index.
    pub index: u64,
    /// The entry's leaf hash (RFC 6962, section 2.1).
    pub leaf: [u8; 32],
    /// When it was recorded.
    pub recorded: Timestamp,
}

impl From<&Appended> for Proof {
    fn from(entry: &Appended) -> Self {
        Self {
            origin: entry.origin().to_owned(),
            index: entry.index(),
            leaf: *entry.leaf(),
            recorded: entry.recorded(),
        }
    }
}

/// A record, or what the caller may see of it: decided, recorded, released.
#[derive(Debug)]
pub struct Released {
    /// Its type.
    pub record_type: RecordType,
    /// Its id.
    pub id: RecordId,
    /// Its version.
    pub version: Version,
    /// When that version was made.
    pub last_updated: Timestamp,
    /// The content, without id, version and time: the dialect says how they are written.
    pub document: Document,
    /// Whether some of its classes were withheld.
    pub subsetted: bool,
    /// The proof that this access was logged.
    pub proof: Proof,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The type of the records.
    pub record_type: RecordType,
    /// Parameters, name with modifier and value, decoded; those that filter only.
    pub params: Vec<(String, String)>,
    /// How many records a page has at most; 0 counts only.
    pub count: usize,
    /// Where to go on: a cursor of a page before.
    pub cursor: Option<String>,
    /// Whether all that match are counted, also those after the page.
    pub total: bool,
    /// Whether unknown parameters are passed over instead of refused.
    pub lenient: bool,
}

/// A page of a search.
#[derive(Debug)]
pub struct Page {
    /// The records that match and may be seen.
    pub items: Vec<Released>,
    /// The sealed cursor of the next page, if there is one.
    pub next: Option<String>,
    /// How many there are in all, where they were counted or that is known without reading on.
    pub total: Option<u64>,
    /// Whether all were to be counted, and are too many.
    pub uncounted: bool,
    /// Parameters that were passed over.
    pub unsupported: Vec<String>,
    /// The proof that the search was logged.
    pub proof: Proof,
}

/// A write of one record.
#[derive(Debug)]
pub enum Op {
    /// A new record; its id is random and chosen by the dialect, so that references to it can be
    /// written before.
    Create {
        /// The type.
        record_type: RecordType,
        /// The id.
        id: RecordId,
        /// The content.
        document: Document,
        /// The condition that nothing may meet when this is committed: a conditional create.
        unless: Option<Unmet>,
    },
    /// A new version of a record; of one that does not exist, its first.
    Update {
        /// The type.
        record_type: RecordType,
        /// The id.
        id: RecordId,
        /// The content.
        document: Document,
        /// The version that it must have.
        if_match: Option<Expected>,
    },
    /// The end of a record; its versions stay. Of one that has ended nothing is done.
    Delete {
        /// The type.
        record_type: RecordType,
        /// The id.
        id: RecordId,
        /// The version that it must have.
        if_match: Option<Expected>,
    },
}

/// The version that a record must have to be changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    /// Any: it must be there.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

/// A document that a write would store, before it is there.
#[derive(Clone, Copy)]
pub struct Ahead<'d> {
    /// Its type.
    pub record_type: &'d RecordType,
    /// The record's id.
    pub id: RecordId,
    /// The content.
    pub document: &'d Document,
}

impl fmt::Debug for Ahead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// The element by which a document says whom it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// Where: `Type.name`, and `Type.name[0].part` of one that is there.
    pub path: String,
    /// What it must refer to: a record of one of these types. None: any record that is about somebody.
    pub types: Vec<RecordType>,
}

/// A caller's key for a write: the same write under the same key is done once.
#[derive(Clone)]
pub struct Idempotent {
    /// The key, as the caller sent it.
    pub key: String,
    /// SHA-256 of the request as it was sent: the same key with another request is refused.
    pub request: [u8; 32],
}

impl fmt::Debug for Idempotent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key of a request]")
    }
}

impl Idempotent {
    /// The key with the digest of the request's parts (address, body).
    #[must_use]
    pub fn new(key: String, parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut request = [0; 32];
        request.copy_from_slice(context.finish().as_ref());
        Self { key, request }
    }
}

/// How a write is to be done.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The caller's key, if the write is to be done once.
    pub idempotent: Option<Idempotent>,
    /// The interaction, as the log names it.
    pub operation: &'static str,
}

/// How one write of a record ended.
#[derive(Debug)]
pub struct OpResult {
    /// The type.
    pub record_type: RecordType,
    /// The id.
    pub id: RecordId,
    /// The version that was made.
    pub version: Version,
    /// When.
    pub last_updated: Timestamp,
    /// Whether the record is new.
    pub created: bool,
    /// Whether this version is its deletion.
    pub deleted: bool,
    /// Whether the version has more than the writer supplied: classes that are hidden from them.
    pub subsetted: bool,
    /// What the writer supplied; nothing of a deletion or of a repeated request.
    pub document: Option<Document>,
    /// The proof that the write was logged.
    pub proof: Option<Proof>,
}

/// A condition that one record at most should meet.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The type.
    pub record_type: RecordType,
    /// Search parameters, decoded.
    pub params: Vec<(String, String)>,
}

/// What a condition comes to.
#[derive(Clone, Debug)]
pub enum Met {
    /// One record meets it.
    By(Found),
    /// None does.
    Not(Unmet),
}

/// That nothing met a condition when it was asked. A create that relies on it
/// ([`Op::Create::unless`]) fails with [`Failure::Busy`] when another write came between.
#[derive(Clone)]
pub struct Unmet(pub(super) Arc<Guard>);

impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[condition]")
    }
}

/// The record that meets a condition.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its id.
    pub id: RecordId,
    /// Its version.
    pub version: Version,
    /// When that version was made.
    pub last_updated: Timestamp,
}

/// A write that was refused: nothing of it was done.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub failure: Failure,
    /// Which of the writes is to blame, from 0, where it is one.
    pub op: Option<usize>,
}

/// Why nothing came of it. No variant holds a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// Absent or hidden.
    NotFound,
    /// Deleted, by that version; the caller could see it.
    Gone(Version),
    /// The caller may see the record and not do this.
    Forbidden,
    /// The document is not one of its type; where and why.
    Invalid(Vec<Issue>),
    /// No such record type.
    UnknownType,
    /// The document names a subject that is not there, or several: that there are several is not told, because who asks
    /// may not know of one of them.
    UnknownReference(About),
    /// The document must say whom it is about.
    SubjectMissing(About),
    /// The document says that it is about something else than a record of ours that can be a subject.
    SubjectForeign(About),
    /// A record's subject never changes.
    SubjectChanged,
    /// The record has another version than the caller expects.
    VersionConflict,
    /// More than one record matches.
    Several,
    /// A search parameter that cannot be served.
    Unsupported(String),
    /// A search parameter whose index cannot find what is asked, and nothing else bounds the search.
    Unserved(Unsupported),
    /// A search parameter's value is not one.
    BadParam(String),
    /// The cursor is not ours, not the caller's, or too old.
    BadCursor,
    /// Nobody gives themselves care.
    SelfRelation,
    /// The idempotency key was used for another write.
    IdempotencyMismatch,
    /// The same record twice in one write.
    Duplicate,
    /// A safeguard or a database is not available; nothing happened.
    Unavailable,
    /// The write may or may not have happened; ask again with the same idempotency key.
    OutcomeUnknown,
    /// Another write came between; try again.
    Busy,
    /// The search would open more than one request may.
    TooCostly,
    /// A record is damaged.
    Damaged,
}

impl Failure {
    /// A short stable code for the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "absent",
            Self::Gone(_) => "gone",
            Self::Forbidden => "forbidden",
            Self::Invalid(_) => "invalid",
            Self::UnknownType => "unknown-type",
            Self::UnknownReference(_) => "unknown-reference",
            Self::SubjectMissing(_) => "subject-missing",
            Self::SubjectForeign(_) => "subject-foreign",
            Self::SubjectChanged => "subject-changed",
            Self::VersionConflict => "version-conflict",
            Self::Several => "several",
            Self::Unsupported(_) => "unsupported",
            Self::Unserved(_) => "unserved",
            Self::BadParam(_) => "bad-parameter",
            Self::BadCursor => "bad-cursor",
            Self::SelfRelation => "self-relation",
            Self::IdempotencyMismatch => "idempotency-mismatch",
            Self::Duplicate => "duplicate",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Busy => "busy",
            Self::TooCostly => "too-costly",
            Self::Damaged => "damaged",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such record, or none that you may see",
            Self::Gone(_) => "the record was deleted",
            Self::Forbidden => "you may not do this",
            Self::Invalid(_) => "the document is not a valid record of its type",
            Self::UnknownType => "no such record type",
            Self::UnknownReference(_) => {
                "the record that this is about does not exist, or is another person's"
            }
            Self::SubjectMissing(_) => "the record must say whom it is about",
            Self::SubjectForeign(_) => {
                "what the record is about is no record that can be a subject"
            }
            Self::SubjectChanged => "whom a record is about never changes",
            Self::VersionConflict => "the record has another version",
            Self::Several => "several records match",
            Self::Unsupported(_) => "a search parameter is not supported here",
            Self::Unserved(_) => "no index serves the search; narrow it",
            Self::BadParam(_) => "a search parameter's value is malformed",
            Self::BadCursor => "the cursor is invalid or has expired",
            Self::SelfRelation => "nobody gives themselves care",
            Self::IdempotencyMismatch => "the idempotency key was used for something else",
            Self::Duplicate => "the same record is written twice",
            Self::Unavailable => "a safeguard is not available; nothing was done",
            Self::OutcomeUnknown => {
                "the outcome is unknown; repeat the request with the same idempotency key"
            }
            Self::Busy => "another write changed the resource first; try again",
            Self::TooCostly => "the search would open too many records; narrow it",
            Self::Damaged => "a record is damaged",
        })
    }
}

impl std::error::Error for Failure {}
