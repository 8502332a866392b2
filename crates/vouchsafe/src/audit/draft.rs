//! Entries, and drafts of them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::detail::Detail;
use super::event::Outcome;
use super::{AuditKeys, AuditLog, RecorderKey};
use crate::clock::Clock;
use crate::ids::{self, IntentId, RequestId, SessionId, TenantId};
use crate::phi::Opened;

/// The kind of an entry for the recorder, which tracks intents without an outcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryKind {
    /// An event.
    Event,
    /// A write is about to commit.
    Intent(IntentId),
    /// The outcome of that write.
    Outcome(IntentId),
}

/// An entry as sent to the log: made only from a [`Draft`].
#[derive(Clone, Debug)]
pub struct Outgoing {
    kind: EntryKind,
    time: Timestamp,
    bytes: Bytes,
}

impl Outgoing {
    /// The kind for the recorder.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The time when it was sent; the recorder refuses a time far from its own clock. The entry itself has the time of
    /// the event.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// The entry: JSON in the canonical form of RFC 8785.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Sets a later time of sending, for a retry after the recorder was away.
    pub fn leave_again(&mut self, now: Timestamp) {
        self.time = self.time.max(now);
    }
}

/// An entry that is not in the log yet.
///
/// Not `Clone`, and made only by the gate and by [`super::Event`]: the holder can append it, and nothing else. The
/// entry of an access or a refusal cannot be lost: a draft that is dropped, by `_`, by `?` or by a panic, begins to
/// append itself.
#[must_use = "what is not appended did not happen, or must not"]
pub struct Draft {
    entry: Outgoing,
    release: Option<Opened>,
    /// The write whose intent must be sent with it.
    within: Option<IntentId>,
    owed: Option<Owed>,
}

/// The log for the entry when its draft is dropped.
struct Owed {
    log: Arc<dyn AuditLog>,
    clock: Clock,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("kind", &self.entry.kind)
            .finish_non_exhaustive()
    }
}

impl Draft {
    /// The kind for the recorder.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.entry.kind
    }

    /// The time when it was made.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.entry.time
    }

    /// The entry: JSON in the canonical form of RFC 8785.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.entry.bytes
    }

    /// Owes the entry to this log: the entry is appended even if the draft is dropped.
    pub(crate) fn owed_to(mut self, log: &Arc<dyn AuditLog>, clock: &Clock) -> Self {
        self.owed = Some(Owed {
            log: Arc::clone(log),
            clock: clock.clone(),
        });
        self
    }

    /// Whether it may be sent to the log of this recorder: it is owed to no other.
    pub(super) fn may_leave_for(&self, recorder: &RecorderKey) -> bool {
        let owed = self.owed.as_ref();
        owed.is_none_or(|owed| owed.log.recorder().pin() == recorder.pin())
    }

    pub(super) const fn within(&self) -> Option<IntentId> {
        self.within
    }

    /// Turns the draft into an entry to send; nothing is owed any more. An access is recorded when it is over, perhaps
    /// a while after the decision. The recorder compares the time of sending with its clock.
    pub(super) fn leave(mut self) -> (Outgoing, Option<Opened>) {
        let mut entry = self.entry.clone();
        if let Some(owed) = self.owed.take() {
            entry.leave_again(owed.clock.now());
        }
        (entry, self.release.take())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(owed) = self.owed.take() {
            let mut entry = self.entry.clone();
            entry.leave_again(owed.clock.now());
            drop(owed.log.begin(vec![entry]));
        }
    }
}

/// The record of an entry.
#[derive(Debug, Serialize)]
pub(crate) struct ResourceEntry {
    /// Token of type and id; absent if the entry is about a whole type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) record_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u32>,
}

/// Maximum length of a token of a network in bytes.
const MAX_NETWORK: usize = 256;

/// The largest integer that RFC 8785 writes unchanged (2^53 - 1, section 3.2.2.3).
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// An entry's members, declared in canonical order for serialisation.
///
/// INVARIANT (canonical-entry): names are ASCII and declared in ascending order, values are strings and integers up to
/// 2^53 - 1, so `serde_json` writes the form of RFC 8785.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Entry {
    pub(crate) actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assurance: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) classes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<Detail>,
    pub(crate) id: String,
    /// The write that this entry opens or settles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intent: Option<IntentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<String>,
    pub(crate) operation: &'static str,
    pub(crate) outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) policies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<ResourceEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<SessionId>,
    pub(crate) stream: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<TenantId>,
    pub(crate) time: String,
    pub(crate) v: u8,
    /// The write that this entry belongs to, without opening or settling it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<IntentId>,
}

impl Entry {
    /// A draft of this entry, with a fresh id and the time; `detail` is sealed into it.
    pub(crate) fn draft(
        mut self,
        detail: Option<(&AuditKeys, &[u8])>,
        release: Option<Opened>,
        now: Timestamp,
    ) -> Draft {
        let id = ids::ordered(now);
        // A token of a network is short. A longer text, which the recorder would refuse, must not cost the entry.
        if self
            .network
            .as_ref()
            .is_some_and(|text| text.len() > MAX_NETWORK)
        {
            self.network = Some("too-long".to_owned());
        }
        self.id = id.as_hyphenated().to_string();
        self.count = self.count.map(|count| count.min(MAX_INTEGER));
        self.detail = detail.map(|(keys, plain)| Detail::seal(keys, id, plain));
        self.time = format!("{now:.6}");
        self.v = 1;
        Draft {
            entry: Outgoing {
                kind: self.kind(),
                time: now,
                // Strings, integers and lists of them always serialise; the recorder refuses an
                // empty entry.
                bytes: serde_json::to_vec(&self).unwrap_or_default().into(),
            },
            release,
            within: self.within,
            owed: None,
        }
    }

    /// INVARIANT (kind-is-in-the-entry): the kind follows from the members, by the same rule that readers of the log
    /// use, so no caller can give the recorder another kind.
    fn kind(&self) -> EntryKind {
        match self.intent {
            None => EntryKind::Event,
            Some(intent) if self.outcome == Outcome::Intent.name() => EntryKind::Intent(intent),
            Some(intent) => EntryKind::Outcome(intent),
        }
    }
}
