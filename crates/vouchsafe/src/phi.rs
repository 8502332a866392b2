//! Protected health information that cannot leak by mistake.
//!
//! A [`Phi`] has no `Display`, `Serialize`, `Deserialize` or `Clone`, and takes no closure over its content. It can be
//! tested with predicates, whose answers are PHI too, and it can be released against a receipt. Predicates are data.
//! The only function in them, which reads a time in a dialect's syntax, captures nothing and comes from
//! [`crate::trusted::read_span`]. `Debug` writes `[PHI]`.

use std::fmt;

use uuid::Uuid;

use crate::class::ClassSet;
use crate::document::{Document, Predicate};
use crate::ids::{RecordKey, SessionId, SubjectId, TenantId, Version};

/// One admitted access.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Access {
    /// Random, unique to one decision.
    pub(crate) nonce: Uuid,
    pub(crate) session: SessionId,
    /// Pin of the recorder that the gate trusts: no other recorder's acknowledgement releases anything.
    pub(crate) recorder: [u8; 32],
}

/// The access that opened something; a receipt must belong to the same access.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Opened {
    pub(crate) access: Access,
    pub(crate) what: What,
}

/// The target of an access.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum What {
    Record(Scope),
    /// The sealed detail of an entry in the tenant's log.
    Detail {
        tenant: TenantId,
        entry: Uuid,
    },
}

/// Some classes of one version of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Scope {
    pub(crate) record: RecordKey,
    pub(crate) version: Version,
    pub(crate) subject: Option<SubjectId>,
    pub(crate) classes: ClassSet,
}

/// A value that holds PHI.
pub struct Phi<T> {
    value: T,
    opened: Opened,
}

impl<T> Phi<T> {
    pub(crate) const fn new(value: T, opened: Opened) -> Self {
        Self { value, opened }
    }

    pub(crate) const fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(crate) fn into_inner(self) -> T {
        self.value
    }
}

impl Phi<Document> {
    /// Whether all predicates hold; the answer is PHI of the same record.
    #[must_use]
    pub fn matches(&self, predicates: &[Predicate]) -> Phi<bool> {
        Phi {
            value: predicates
                .iter()
                .all(|predicate| predicate.holds(&self.value)),
            opened: self.opened.clone(),
        }
    }

    /// The document if all predicates hold, else none; still `Phi`, under the same receipt.
    #[must_use]
    pub fn filter(self, predicates: &[Predicate]) -> Phi<Option<Document>> {
        let holds = predicates
            .iter()
            .all(|predicate| predicate.holds(&self.value));
        Phi {
            value: holds.then_some(self.value),
            opened: self.opened,
        }
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}
