//! The audit log, as the core sees it: entries, their leaves, the recorder's acknowledgements.
//!
//! An entry records who did what, on which subject's record, with which classes, for which purpose, when and with which
//! outcome (45 CFR 164.312(b)). It holds no PHI in clear: ids of records and subjects are keyed tokens, readable detail
//! is sealed. A [`Draft`] is an entry that is not in the log yet. The recorder adds time, source and counter to it and
//! stores the [`leaf`].

mod acknowledgement;
mod appending;
mod detail;
mod draft;
mod event;
mod keys;
mod source;

pub use acknowledgement::{AckRefused, Acknowledged, Acknowledgement, RecorderKey, Stored};
pub use appending::{Appended, Appending, Recorded};
pub use detail::{DetailRefused, SealedDetail};
pub use draft::{Draft, EntryKind, Outgoing};
pub(crate) use draft::{Entry, ResourceEntry};
pub use event::{Context, Event, Outcome, Stream};
pub use keys::AuditKeys;
pub use source::{InvalidSource, Source, leaf};

use crate::BoxFuture;
use crate::ids::IntentId;
use crate::port::Port;

/// The audit log. Implemented over the recorder's connection, and by tests.
pub trait AuditLog: Port {
    /// The pinned recorder, whose acknowledgements count. A gate releases only on its acknowledgement.
    fn recorder(&self) -> &RecorderKey;

    /// Begins to append the entries, in order. When this returns they are on their way, whether the future is polled or
    /// dropped. The future ends when all of them are durable, with their positions.
    ///
    /// Implementations MUST answer within their deadline (2 s), if necessary with [`AppendError::Late`]. They MUST NOT
    /// need a runtime of the caller: dropped drafts begin here too.
    fn begin(&self, entries: Vec<Outgoing>) -> Pending;

    /// The intents of this replica that have no outcome in the log.
    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>>;

    /// Appends drafts: begins at once, and verifies the log's answer.
    fn append(&self, drafts: Vec<Draft>) -> Appending {
        appending::append(self.recorder(), drafts, |entries| self.begin(entries))
    }
}

/// The answer of a log: the position of each entry, in order.
pub type Pending = BoxFuture<'static, Result<Vec<Stored>, AppendError>>;

/// The reason why entries could not be appended. Nothing may be released, and no row may change.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// The recorder cannot be reached.
    #[error("the audit log is not available")]
    Unavailable,
    /// No acknowledgement within the deadline; the entries may or may not be in the log.
    #[error("the audit log did not answer in time")]
    Late,
    /// The recorder refused the entries (clock skew, size, counter).
    #[error("the audit log refused the entries")]
    Refused,
    /// The acknowledgement is not from the pinned recorder, or not for these entries.
    #[error("the acknowledgement does not hold")]
    Untrusted,
}
