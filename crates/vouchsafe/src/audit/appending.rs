//! Entries that are being appended, and entries that are durable.

use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::hash_leaf;

use super::{
    Acknowledged, AppendError, Draft, EntryKind, Outgoing, Pending, RecorderKey, Stored, leaf,
};
use crate::BoxFuture;
use crate::phi::Opened;

/// Entries that are being appended, whether or not this is polled.
pub type Appending = BoxFuture<'static, Result<Recorded, AppendError>>;

/// Entries that are durable, as signed by the pinned recorder.
#[derive(Debug)]
pub struct Recorded {
    entries: Vec<Appended>,
    /// The access that each entry releases.
    pub(crate) releases: Vec<(Opened, Appended)>,
}

impl Recorded {
    /// The entries, in the order of their drafts.
    #[must_use]
    pub fn entries(&self) -> &[Appended] {
        &self.entries
    }
}

/// One durable entry: made only from a valid acknowledgement whose leaf is the entry's.
#[derive(Clone, Debug)]
pub struct Appended {
    batch: Arc<Acknowledged>,
    index: u64,
    leaf: [u8; 32],
}

impl Appended {
    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.batch.get().origin
    }

    /// The entry's index in the log.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The entry's leaf hash (RFC 6962, section 2.1).
    #[must_use]
    pub const fn leaf(&self) -> &[u8; 32] {
        &self.leaf
    }

    /// The time when it was recorded.
    #[must_use]
    pub fn recorded(&self) -> Timestamp {
        self.batch.get().recorded
    }

    /// Each leaf is hashed only here, once.
    fn of(pin: &[u8; 32], entry: &[u8], stored: &Stored) -> Result<Self, AppendError> {
        let ack = stored.batch.get();
        let bytes = leaf(entry, &stored.source, stored.counter, ack.recorded);
        let hash = *hash_leaf(&bytes).as_bytes();
        if ack.leaves.get(stored.position) != Some(&hash) || stored.batch.recorder() != pin {
            return Err(AppendError::Untrusted);
        }
        Ok(Self {
            // A batch with impossible indices does not verify.
            index: ack.first_index + stored.position as u64,
            leaf: hash,
            batch: Arc::clone(&stored.batch),
        })
    }
}

/// Checks that these drafts may be sent to this log together. An entry within a write goes with its intent, or the
/// recorder would not know that the write must be settled.
fn check(recorder: &RecorderKey, drafts: &[Draft]) -> Result<(), AppendError> {
    if !drafts.iter().all(|draft| draft.may_leave_for(recorder)) {
        return Err(AppendError::Untrusted);
    }
    let begins = |intent| {
        drafts
            .iter()
            .any(|draft| draft.kind() == EntryKind::Intent(intent))
    };
    let whole = drafts.iter().filter_map(Draft::within).all(begins);
    if whole {
        Ok(())
    } else {
        Err(AppendError::Refused)
    }
}

/// Sends drafts, and turns the answer into proofs.
pub(super) fn append(
    recorder: &RecorderKey,
    drafts: Vec<Draft>,
    begin: impl FnOnce(Vec<Outgoing>) -> Pending,
) -> Appending {
    if let Err(error) = check(recorder, &drafts) {
        // A draft that is owed to another log is sent to that one.
        drop(drafts);
        return Box::pin(async move { Err(error) });
    }
    let (entries, releases): (Vec<_>, Vec<_>) = drafts.into_iter().map(Draft::leave).unzip();
    let sent: Vec<_> = entries.iter().map(|entry| entry.bytes().clone()).collect();
    let pin = *recorder.pin();
    let pending = begin(entries);
    Box::pin(async move {
        let stored = pending.await?;
        if stored.len() != sent.len() {
            return Err(AppendError::Untrusted);
        }
        let mut recorded = Recorded {
            entries: Vec::with_capacity(sent.len()),
            releases: Vec::new(),
        };
        for ((bytes, stored), release) in sent.iter().zip(&stored).zip(releases) {
            let appended = Appended::of(&pin, bytes, stored)?;
            if let Some(opened) = release {
                // The gate that admitted it trusts one recorder, which need not be this log's.
                if opened.access.recorder != pin {
                    return Err(AppendError::Untrusted);
                }
                recorded.releases.push((opened, appended.clone()));
            }
            recorded.entries.push(appended);
        }
        Ok(recorded)
    })
}
