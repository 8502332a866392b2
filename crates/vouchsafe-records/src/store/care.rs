//! Who has care of whom.

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, SubjectId};

use crate::pack::Reference;

/// The kind of relation, and the type of source, of care that was given explicitly.
pub const ASSIGNMENT: &str = "assignment";

/// Somebody has care of a record's subject.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelationRow {
    /// Which kind, as the pack names it.
    pub kind: Box<str>,
    /// The record that stands for them; others are passed over.
    pub beneficiary: Reference,
    /// From then on.
    pub from: Timestamp,
    /// Until then, exclusive.
    pub until: Timestamp,
}

/// Care that is given explicitly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// Its id, by which it is ended.
    pub id: RecordId,
    /// The subject.
    pub subject: SubjectId,
    /// The record that stands for whoever has care.
    pub beneficiary: Reference,
    /// From then on.
    pub from: Timestamp,
    /// Until then, exclusive.
    pub until: Timestamp,
}
