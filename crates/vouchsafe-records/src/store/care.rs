//! Who has care of whom.

use jiff::Timestamp;

use crate::pack::Reference;

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
