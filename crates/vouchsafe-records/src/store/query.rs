//! What a store is asked to find.

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, RecordType, SubjectId};
use vouchsafe::seal::IndexTag;

use super::StoredRecord;
use crate::search::{Order, Window};

/// Which records: all conditions that are given hold. Deleted records are never found.
#[derive(Clone, Debug)]
pub struct Query {
    /// The type.
    pub record_type: RecordType,
    /// Any of these ids.
    pub ids: Option<Vec<RecordId>>,
    /// Of any of these subjects.
    pub subjects: Option<Vec<SubjectId>>,
    /// Found by all of these.
    pub lookups: Vec<Lookup>,
    /// Last written then.
    pub updated: Window,
    /// In which order.
    pub order: Order,
    /// After this record in that order.
    pub after: Option<After>,
    /// At most so many.
    pub limit: usize,
}

/// A lookup in a blind index: any of the tags.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The index.
    pub index: Box<str>,
    /// The version of the index key.
    pub version: u32,
    /// The tags.
    pub any: Vec<IndexTag>,
}

/// A place in the order of a query's records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct After {
    /// When that record was last written, if that is what the order is by.
    pub updated: Option<Timestamp>,
    /// That record.
    pub id: RecordId,
}

impl After {
    /// The place of a record.
    #[must_use]
    pub fn of(order: Order, stored: &StoredRecord) -> Self {
        let updated = (order != Order::Id).then_some(stored.last_updated);
        Self {
            updated,
            id: stored.record.key.id,
        }
    }
}

/// What a write relies on: the query finds exactly these records when it is committed.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The query; its `after` and `limit` are not used.
    pub query: Query,
    /// What it found.
    pub found: Vec<RecordId>,
}
