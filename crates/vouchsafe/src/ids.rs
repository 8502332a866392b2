//! Ids: each has its own type, so that no two can be confused.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// A text that is not an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh random id (version 4).
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// This UUID as an id.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id as a UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Accepts only the hyphenated form in lower case: one id, one spelling.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.len() != 36 || text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )*};
}

uuid_ids! {
    /// A covered entity or customer, with its own keys, people, policies and log shard.
    TenantId;
    /// The person that a record is about. Random, and not the record's id.
    SubjectId;
    /// A record's id within its tenant and type.
    RecordId;
    /// A named person.
    PersonId;
    /// A program that acts on its own behalf, with an owner.
    ServiceId;
    /// A signed-in session.
    SessionId;
    /// A right: a role granted to a principal: by whom, for which reason, from when, until when.
    RightId;
    /// The intent of a write; the row that proves its commit has it as primary key.
    IntentId;
    /// One request, for correlation (`X-Request-Id`).
    RequestId;
}

impl IntentId {
    /// A fresh id that is ordered by time (version 7), so that the table of intents grows at its end.
    #[must_use]
    pub fn new_ordered(now: Timestamp) -> Self {
        Self(ordered(now))
    }
}

/// A UUID of version 7 (RFC 9562, section 5.7) with the given time; a time before 1970 counts as 1970.
pub(crate) fn ordered(now: Timestamp) -> Uuid {
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds))
}

/// The logical type of a record: 1 to 64 ASCII letters and digits, beginning with a letter.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordType(Arc<str>);

impl RecordType {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RecordType {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let letters = text.bytes().all(|b| b.is_ascii_alphanumeric());
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if letters && first && text.len() <= 64 {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId)
        }
    }
}

/// The version of a record: 1 when created, one more with every change, including deletion.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(NonZeroU32);

impl Version {
    /// The version that a create makes.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// A version from its number, if it is one.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// The version after this one; none after 2^32 - 1.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The key of a record: tenant, type and id.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordKey {
    /// The tenant; it comes only from the session.
    pub tenant: TenantId,
    /// The logical record type.
    pub record_type: RecordType,
    /// The id within tenant and type.
    pub id: RecordId,
}

/// A subject that may get keys. No key is made without a permit to create the subject's record. See
/// [`crate::gate::WritePermit::new_subject`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NewSubject {
    tenant: TenantId,
    subject: SubjectId,
}

impl NewSubject {
    pub(crate) const fn new(tenant: TenantId, subject: SubjectId) -> Self {
        Self { tenant, subject }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The subject.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }
}
