//! The proof that an access is in the log, and what it releases.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::hash_leaf;

use crate::audit::{Acknowledged, Appended, Draft, leaf};
use crate::phi::{Opened, Phi};

/// The proof that one access was recorded; releases what that access opened, once.
pub struct Receipt {
    opened: Opened,
    batch: Arc<Acknowledged>,
    index: u64,
    leaf: [u8; 32],
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Receipt {
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

    /// When it was recorded.
    #[must_use]
    pub fn recorded(&self) -> Timestamp {
        self.batch.get().recorded
    }
}

/// Why there is no receipt.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReceiptRefused {
    /// Not as many acknowledgements as entries.
    #[error("the acknowledgement is not of these entries")]
    Count,
    /// The acknowledged leaf is not that of the entry.
    #[error("the acknowledged leaf is not the entry's")]
    Leaf,
    /// The acknowledgement is not by the recorder that the gate trusts.
    #[error("the acknowledgement is another recorder's")]
    Recorder,
}

/// The receipts of entries that are in the log: one for each that allows a release, in order.
///
/// # Errors
/// [`ReceiptRefused`] unless each acknowledged leaf is that of its entry, and those that release
/// something were acknowledged by the recorder of the gate that admitted it.
pub fn receipts(drafts: Vec<Draft>, appended: &[Appended]) -> Result<Vec<Receipt>, ReceiptRefused> {
    if drafts.len() != appended.len() {
        return Err(ReceiptRefused::Count);
    }
    let mut receipts = Vec::with_capacity(drafts.len());
    for (draft, appended) in drafts.into_iter().zip(appended) {
        let ack = appended.batch.get();
        let bytes = leaf(
            draft.bytes(),
            &appended.source,
            appended.counter,
            ack.recorded,
        );
        let hash = *hash_leaf(&bytes).as_bytes();
        if ack.leaves.get(appended.position) != Some(&hash) {
            return Err(ReceiptRefused::Leaf);
        }
        if let Some(release) = draft.release {
            if release.0.access.recorder != *appended.batch.recorder() {
                return Err(ReceiptRefused::Recorder);
            }
            receipts.push(Receipt {
                opened: release.0,
                batch: Arc::clone(&appended.batch),
                index: appended.index(),
                leaf: hash,
            });
        }
    }
    Ok(receipts)
}

/// Why a receipt did not release something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the receipt is of another access")]
pub struct ReleaseRefused;

impl<T> Phi<T> {
    /// Lets the value go: its access is recorded. Consumes both.
    ///
    /// # Errors
    /// [`ReleaseRefused`] unless the receipt is of the very access that opened this: same nonce,
    /// session, recorder, record, version, subject and classes. The value is gone then.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a receipt releases once: it is consumed"
    )]
    pub fn release(self, receipt: Receipt) -> Result<T, ReleaseRefused> {
        if *self.opened() == receipt.opened {
            Ok(self.into_inner())
        } else {
            Err(ReleaseRefused)
        }
    }
}
