//! The right to open one record, once.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Gate;
use crate::class::ClassSet;
use crate::document::Document;
use crate::phi::{Access, Opened, Phi, Scope, What};
use crate::seal::{self, Owner, RecordKeys, SealError, SealedRecord};
use crate::session::Session;

/// The lifetime of a permit; it also ends with its session.
const PERMIT_LIFE: SignedDuration = SignedDuration::from_secs(30);

/// Tolerance for a clock that was set back when a permit is used: clocks are set back a little, but setting one back
/// far must not make a permit valid for ever.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(5);

/// The right to open one version of one record, once, within a short time.
pub struct Permit {
    access: Access,
    scope: Scope,
    term: Term,
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("classes", &self.scope.classes)
            .finish_non_exhaustive()
    }
}

impl Permit {
    pub(super) const fn new(access: Access, scope: Scope, term: Term) -> Self {
        Self {
            access,
            scope,
            term,
        }
    }

    /// The classes that it opens: only their blobs need to be fetched.
    #[must_use]
    pub const fn classes(&self) -> ClassSet {
        self.scope.classes
    }
}

/// The reason why a permit did not open or seal something.
///
/// Exhaustive on purpose: a new reason must break every caller that handles them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenRefused {
    /// The permit is for another record, version, subject or kind of change.
    #[error("the permit is for something else")]
    OtherRecord,
    /// The permit has expired, or its session has.
    #[error("the permit has expired")]
    Late,
    /// It does not open: damaged, moved or under another key.
    #[error("the record does not open: {0}")]
    Seal(#[from] SealError),
}

impl Gate {
    /// Opens the permitted classes of a record. The AAD is rebuilt from the permit, never from the row.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is consumed in any case.
    pub fn open(
        &self,
        permit: Permit,
        record: &SealedRecord,
        keys: &RecordKeys,
    ) -> Result<Phi<Document>, OpenRefused> {
        let Permit {
            access,
            scope,
            term,
        } = permit;
        term.check(self.now())?;
        scope.check_owner(record.owner)?;
        if record.key != scope.record || record.version != scope.version {
            return Err(OpenRefused::OtherRecord);
        }
        let document = seal::open_document(keys, record, scope.classes)?;
        let what = What::Record(scope);
        Ok(Phi::new(document, Opened { access, what }))
    }
}

/// The time in which a permit may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    from: Timestamp,
    until: Timestamp,
}

impl Term {
    /// From the request on, for a while, and not beyond its session.
    pub(super) fn of(session: &Session, now: Timestamp) -> Self {
        let session_end = session.expires_at();
        let end = now.checked_add(PERMIT_LIFE);
        Self {
            from: now,
            until: end.map_or(session_end, |end| end.min(session_end)),
        }
    }

    pub(super) fn check(self, now: Timestamp) -> Result<(), OpenRefused> {
        let early = now.duration_until(self.from) > CLOCK_STEP;
        if early || now >= self.until {
            return Err(OpenRefused::Late);
        }
        Ok(())
    }
}

impl Scope {
    /// The owner of a record must be the subject of the decision.
    pub(super) fn check_owner(&self, owner: Owner) -> Result<(), OpenRefused> {
        let expected = self.subject.map_or(Owner::Tenant, Owner::Subject);
        if owner == expected {
            Ok(())
        } else {
            Err(OpenRefused::OtherRecord)
        }
    }
}
