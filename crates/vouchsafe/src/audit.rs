//! The audit log, as the core sees it: entries, their leaves, the recorder's acknowledgements.
//!
//! An entry says who did what, on which subject's record, of which classes, why, when and with
//! which outcome (45 CFR 164.312(b)). It holds no PHI in clear: ids of records and subjects are
//! keyed tokens, readable detail is sealed. A [`Draft`] is an entry that is not in the log yet; the recorder stamps time,
//! source and counter on it and stores the [`leaf`].

mod acknowledgement;
mod detail;
mod draft;
mod event;
mod keys;
mod source;

pub use acknowledgement::{AckRefused, Acknowledged, Acknowledgement, Appended, RecorderKey};
pub use detail::{DetailRefused, SealedDetail};
pub use draft::{Draft, EntryKind};
pub(crate) use draft::{Entry, ReleaseTag, ResourceEntry};
pub use event::{Context, Event, Outcome, Stream};
pub use keys::AuditKeys;
pub use source::{InvalidSource, Source, leaf};

use crate::BoxFuture;
use crate::ids::IntentId;

/// Appends to the audit log. Implemented over the recorder's connection, and by tests.
pub trait AuditLog: Send + Sync {
    /// The recorder whose acknowledgements count: the one that is pinned. A gate releases on
    /// nobody else's word.
    fn recorder(&self) -> &RecorderKey;

    /// Appends the entries, in their order; returns when all of them are durable.
    ///
    /// Implementations MUST answer within their deadline (2 s), with [`AppendError::Late`] if need
    /// be, and MUST verify the acknowledgement against the pinned key.
    fn append<'a>(
        &'a self,
        drafts: &'a [Draft],
    ) -> BoxFuture<'a, Result<Vec<Appended>, AppendError>>;

    /// The intents of this replica whose outcome is not in the log.
    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>>;
}

/// Why entries could not be appended. Nothing may be released, and no row may change.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// The recorder cannot be reached.
    #[error("the audit log is not available")]
    Unavailable,
    /// No acknowledgement within the deadline; the entries may or may not be in the log.
    #[error("the audit log did not answer in time")]
    Late,
    /// The recorder refused them (clock skew, size, counter).
    #[error("the audit log refused the entries")]
    Refused,
    /// The acknowledgement is not by the pinned recorder, or not of these entries.
    #[error("the acknowledgement does not hold")]
    Untrusted,
}
