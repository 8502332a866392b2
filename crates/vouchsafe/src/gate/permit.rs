//! The right to open one record, once.

use std::fmt;

use jiff::Timestamp;

use super::{Gate, PERMIT_LIFE};
use crate::document::Document;
use crate::phi::{Opened, Phi};
use crate::seal::{self, Owner, RecordKeys, SealError, SealedRecord};

/// The right to open one version of one record, once, soon.
pub struct Permit {
    opened: Opened,
    made_at: Timestamp,
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("classes", &self.opened.classes)
            .finish_non_exhaustive()
    }
}

impl Permit {
    pub(super) const fn new(opened: Opened, made_at: Timestamp) -> Self {
        Self { opened, made_at }
    }

    /// The classes that it opens: only their blobs need to be fetched.
    #[must_use]
    pub const fn classes(&self) -> crate::class::ClassSet {
        self.opened.classes
    }
}

/// Why a permit did not open something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenRefused {
    /// The permit is for another record, version or subject.
    #[error("the permit is for something else")]
    OtherRecord,
    /// The permit's time is over.
    #[error("the permit has expired")]
    Late,
    /// It does not open: damaged, moved or under another key.
    #[error("the record does not open: {0}")]
    Seal(#[from] SealError),
}

impl Gate<'_> {
    /// Opens what the permit names of a record. The AAD is rebuilt from the permit, never from
    /// the row.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is gone all the same.
    pub fn open(
        &self,
        permit: Permit,
        record: &SealedRecord,
        keys: &RecordKeys,
        now: Timestamp,
    ) -> Result<Phi<Document>, OpenRefused> {
        let Permit { opened, made_at } = permit;
        check_deadline(made_at, now)?;
        check_owner(&opened, record.owner)?;
        if record.key != opened.record || record.version != opened.version {
            return Err(OpenRefused::OtherRecord);
        }
        let document = seal::open_document(keys, record, opened.classes)?;
        Ok(Phi::new(document, opened))
    }
}

pub(super) fn check_deadline(made_at: Timestamp, now: Timestamp) -> Result<(), OpenRefused> {
    let deadline = made_at.saturating_add(PERMIT_LIFE).map_err(|_| OpenRefused::Late)?;
    if now > deadline {
        return Err(OpenRefused::Late);
    }
    Ok(())
}

pub(super) fn check_owner(opened: &Opened, owner: Owner) -> Result<(), OpenRefused> {
    let expected = opened.subject.map_or(Owner::Tenant, Owner::Subject);
    if owner == expected {
        Ok(())
    } else {
        Err(OpenRefused::OtherRecord)
    }
}
