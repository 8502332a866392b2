//! Records as a store gives and takes them.

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, RecordType, SubjectId, Version};
use vouchsafe::seal::{IndexTag, SealedRecord};

use super::{Idempotency, RelationRow};

/// A record's current or earlier version, without what it holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Its type.
    pub record_type: RecordType,
    /// Its id.
    pub id: RecordId,
    /// The version.
    pub version: Version,
    /// Whom the record is about.
    pub subject: Option<SubjectId>,
    /// Whether that version is a deletion.
    pub deleted: bool,
    /// When that version was made.
    pub last_updated: Timestamp,
}

/// A version of a record as it is stored.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// The record, with the blobs of the classes that were asked for.
    pub record: SealedRecord,
    /// Whom it is about.
    pub subject: Option<SubjectId>,
    /// Whether this version is a deletion.
    pub deleted: bool,
    /// When this version was made.
    pub last_updated: Timestamp,
}

/// A record's new version, to be stored.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// The version, with the blobs that are new in it.
    pub record: SealedRecord,
    /// Whom the record is about; that never changes.
    pub subject: Option<SubjectId>,
    /// The version that it must have now; none for a record that must not be there yet.
    pub expects: Option<Version>,
    /// Whether the version is a deletion.
    pub deleted: bool,
    /// What it is found by in the indexes that are replaced.
    pub tags: Vec<IndexRow>,
    /// The indexes whose entries of this record are replaced; the others stay.
    pub replaced_indexes: Vec<Box<str>>,
    /// Who has care by it from now on; none: that stays.
    pub relations: Option<Vec<RelationRow>>,
}

/// What one write stores.
#[derive(Clone, Debug)]
pub struct Rows {
    /// When.
    pub now: Timestamp,
    /// The records.
    pub rows: Vec<RowWrite>,
    /// Under which key it may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// An entry of a record in a blind index.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct IndexRow {
    /// The index.
    pub index: Box<str>,
    /// The version of the index key.
    pub version: u32,
    /// The tag.
    pub tag: IndexTag,
}
