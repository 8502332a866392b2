//! The caller of a request: an authenticated, unexpired person or service.
//!
//! A [`Session`] is made only by a [`Verifier`], from an access token in the profile of RFC 9068 (`at+jwt`) signed with
//! Ed25519. It holds no role and no right: those are looked up for every request, so that a change takes effect at
//! once.

mod token;
mod ttl;

pub use token::{Issuer, NewSession, TokenRefused, Verifier, VerifyingKeys};
pub use ttl::{AccessTtl, TtlOutOfBounds};

use jiff::Timestamp;

use crate::ids::{PersonId, ServiceId, SessionId, TenantId};

/// The person or service that acts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Principal {
    /// A named person.
    Person(PersonId),
    /// A program that acts on its own behalf.
    Service(ServiceId),
}

impl Principal {
    /// The id as in the log: `person/...` or `service/...`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Person(id) => format!("person/{id}"),
            Self::Service(id) => format!("service/{id}"),
        }
    }
}

/// How strongly the principal was authenticated.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Assurance {
    /// A program on the same host, vouched for by the operating system (imports).
    Local,
    /// A service's own key.
    ServiceKey,
    /// Two factors: password and one-time code.
    TwoFactor,
}

impl Assurance {
    /// The name in tokens (`acr`), policies and the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::ServiceKey => "service-key",
            Self::TwoFactor => "two-factor",
        }
    }
}

/// An authenticated, unexpired person or service.
///
/// The session may have been revoked since the token was signed. The caller must check that on every request, against
/// the store of sessions.
#[derive(Clone, Debug)]
pub struct Session {
    id: SessionId,
    tenant: TenantId,
    principal: Principal,
    assurance: Assurance,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

impl Session {
    /// The session's id.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The tenant; the session acts only within it.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The principal.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }

    /// The strength of the authentication.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// The time of issue of the token.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The time of expiry of the token.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether the token is unexpired.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
