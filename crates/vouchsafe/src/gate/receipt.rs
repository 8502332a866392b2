//! The proof that an access is in the log, which releases its content.

use std::fmt;

use crate::audit::{Appended, Recorded};
use crate::phi::{Opened, Phi};

/// The proof that one access was recorded; releases the content of that access, once.
pub struct Receipt {
    opened: Opened,
    entry: Appended,
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("index", &self.entry.index())
            .finish_non_exhaustive()
    }
}

impl Receipt {
    /// The entry that it proves.
    #[must_use]
    pub const fn entry(&self) -> &Appended {
        &self.entry
    }

    /// Whether it belongs to the access that opened or sealed something.
    pub(super) fn is_of(&self, opened: &Opened) -> bool {
        self.opened == *opened
    }
}

impl Recorded {
    /// The receipts of the entries that allow a release, in the order of their drafts.
    #[must_use]
    pub fn into_receipts(self) -> Vec<Receipt> {
        self.releases
            .into_iter()
            .map(|(opened, entry)| Receipt { opened, entry })
            .collect()
    }
}

/// The reason why a receipt did not release something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the receipt is of another access")]
pub struct ReleaseRefused;

impl<T> Phi<T> {
    /// Releases the value: its access is recorded. Consumes both.
    ///
    /// # Errors
    /// [`ReleaseRefused`] unless the receipt belongs to the access that opened this value: same nonce, session,
    /// recorder, record, version, subject and classes. In that case the value is dropped.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a receipt releases once: it is consumed"
    )]
    pub fn release(self, receipt: Receipt) -> Result<T, ReleaseRefused> {
        if receipt.is_of(self.opened()) {
            Ok(self.into_inner())
        } else {
            Err(ReleaseRefused)
        }
    }
}
