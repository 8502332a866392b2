//! A write before its commit, and what is known of it afterwards.

use std::fmt;

use vouchsafe::seal::IndexTag;
use vouchsafe_database::Transaction;

use super::{Head, StoreError};

/// A write that may be repeated: keyed tags of its key (with who writes) and of the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Idempotency {
    /// Who writes, under which key.
    pub key: IndexTag,
    /// What: another request under the same key is a mistake.
    pub request: IndexTag,
}

/// What a write under an idempotency key did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repeated {
    /// The request.
    pub request: IndexTag,
    /// The versions that it made, in its order.
    pub results: Vec<Head>,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// It was committed.
    Committed,
    /// It was not, and never will be.
    Aborted,
}

/// A write of which all has run but the commit. Dropped, it rolls back.
#[must_use = "it rolls back unless it is committed"]
pub struct Staged(pub(super) Transaction);

impl Staged {
    /// Commits. After [`StoreError::InDoubt`] it may have been committed or not: [`Store::settle`](super::Store::settle) says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }

    /// Rolls back, and waits for it.
    ///
    /// # Errors
    /// [`StoreError`]; the database rolls back by itself then.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.0.roll_back().await?)
    }
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Staged")
    }
}
