//! What can go wrong with a store. Nothing here holds text of the database: it could quote values.

use vouchsafe_database::DatabaseError;

/// Why a store did not do what was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The record has another version than the one expected, or is there although none was.
    #[error("the record has another version")]
    Conflict,
    /// The intent was settled already, or the idempotency key was used already.
    #[error("it was done already")]
    Duplicate,
    /// Other transactions came between; the same may succeed when it is tried again.
    #[error("a concurrent transaction changed the same rows")]
    Serialization,
    /// The database cannot be reached, or has no room, or may not write.
    #[error("the database is not available")]
    Unavailable,
    /// The commit was asked for, and its answer did not come: it may have happened or not.
    #[error("it is not known whether the write was committed")]
    InDoubt,
    /// What the database has, or is to have, is not what a store writes.
    #[error("the database is damaged")]
    Damaged,
}

impl StoreError {
    /// The error of inserting a record: one that is there already has some other version.
    pub(super) const fn of_record(self) -> Self {
        match self {
            Self::Duplicate => Self::Conflict,
            other => other,
        }
    }
}

impl From<DatabaseError> for StoreError {
    /// A unique violation is a [`StoreError::Duplicate`]; whoever knows which key it was says more.
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Duplicate => Self::Duplicate,
            DatabaseError::Serialization => Self::Serialization,
            DatabaseError::InDoubt => Self::InDoubt,
            DatabaseError::Damaged | DatabaseError::Schema => Self::Damaged,
            _ => Self::Unavailable,
        }
    }
}
