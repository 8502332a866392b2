//! What is known of a write afterwards.

use vouchsafe::seal::IndexTag;

use super::Head;

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
