//! The standing of a caller: whether their session is valid, their rights, and the records that represent them. All of
//! it is looked up together, and cached as one value.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::Right;
use vouchsafe::ids::{PersonId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{Principal, Session, TokenRefused};
use vouchsafe_database::{DatabaseError, from_row, query_as, reading};

use crate::identity::{Identity, time};
use crate::people::RecordLink;

/// Idle time after which a person's session ends (45 CFR 164.312(a)(2)(iii)).
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// The reason why a token was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthenticationRefused {
    /// The token itself is not valid.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// The session has ended, or never existed.
    #[error("the session has ended")]
    Ended,
    /// The session was idle for [`IDLE_LIFE`].
    #[error("the session has ended: 15 minutes without activity")]
    Idle,
    /// The person or service was disabled, or the service has expired.
    #[error("the account is disabled")]
    Disabled,
    /// The database failed, so the answer is unknown.
    #[error("sessions cannot be checked now: {0}")]
    Unavailable(DatabaseError),
}

/// A valid session, and its principal's rights and records.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// The rights that are valid now.
    pub rights: Arc<[Right]>,
    /// The records that represent a person; a service has none.
    pub links: Arc<[RecordLink]>,
}

/// The stored state of a session. Its times are not yet compared with a clock.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) live: Liveness,
    rights: Vec<Right>,
    pub(crate) links: Arc<[RecordLink]>,
}

impl Held {
    /// The rights that are valid at this time.
    pub(crate) fn rights_at(&self, now: Timestamp) -> Arc<[Right]> {
        let valid = self.rights.iter().filter(|right| right.is_valid(now));
        valid.cloned().collect()
    }
}

impl Identity {
    /// Looks up a session with its principal's rights and records; `None` if it does not exist, or belongs to another
    /// principal.
    pub(crate) async fn look_up(
        &self,
        session: &Session,
    ) -> Result<Option<Arc<Held>>, DatabaseError> {
        let principal = session.principal();
        let links = async {
            match principal {
                Principal::Person(person) => self.links_of(person).await,
                Principal::Service(_) => Ok(Vec::new()),
            }
        };
        let (live, rights, links) = tokio::try_join!(
            self.liveness(session.id()),
            self.live_rights(principal),
            links
        )?;
        // Rights and links belong to the token's principal: for a session of another principal they are not used.
        let own = live.filter(|live| live.principal == principal);
        Ok(own.map(|live| {
            let links = links.into();
            Arc::new(Held {
                live,
                rights,
                links,
            })
        }))
    }

    async fn liveness(&self, session: SessionId) -> Result<Option<Liveness>, DatabaseError> {
        let row: Option<Row> = reading!(&self.database, on => query_as(
            "SELECT s.tenant, s.person, s.service, s.active_at, s.expires_at, s.revoked_at, \
             p.state, v.disabled_at, v.expires_at AS until FROM sessions s \
             LEFT JOIN people p ON p.id = s.person LEFT JOIN services v ON v.id = s.service \
             WHERE s.id = $1",
        )
        .bind(session.uuid())
        .fetch_optional(on))?;
        row.map(Liveness::try_from).transpose()
    }
}

/// The stored state of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    tenant: TenantId,
    principal: Principal,
    pub(crate) active_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
    disabled: bool,
    /// Expiry of a service.
    until: Option<Timestamp>,
}

struct Row {
    tenant: Uuid,
    person: Option<Uuid>,
    service: Option<Uuid>,
    active_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    state: Option<String>,
    disabled_at: Option<i64>,
    until: Option<i64>,
}

from_row!(Row {
    tenant,
    person,
    service,
    active_at,
    expires_at,
    revoked_at,
    state,
    disabled_at,
    until
});

impl TryFrom<Row> for Liveness {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let (principal, disabled) = match (row.person, row.service) {
            (Some(id), None) => {
                let active = row.state.as_deref() == Some("active");
                (Principal::Person(PersonId::from_uuid(id)), !active)
            }
            (None, Some(id)) => (
                Principal::Service(ServiceId::from_uuid(id)),
                row.disabled_at.is_some(),
            ),
            _ => return Err(DatabaseError::Schema),
        };
        Ok(Self {
            tenant: TenantId::from_uuid(row.tenant),
            principal,
            active_at: time(row.active_at)?,
            expires_at: time(row.expires_at)?,
            revoked: row.revoked_at.is_some(),
            disabled,
            until: row.until.map(time).transpose()?,
        })
    }
}

impl Liveness {
    pub(crate) fn check(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), AuthenticationRefused> {
        // The claims of a token that we signed must agree with the session's row.
        let same = self.tenant == session.tenant() && self.principal == session.principal();
        if !same || self.revoked || now >= self.expires_at {
            return Err(AuthenticationRefused::Ended);
        }
        if self.disabled || self.until.is_some_and(|until| now >= until) {
            return Err(AuthenticationRefused::Disabled);
        }
        let idle_from = self
            .active_at
            .saturating_add(IDLE_LIFE)
            .unwrap_or(Timestamp::MAX);
        match self.principal {
            Principal::Person(_) if now >= idle_from => Err(AuthenticationRefused::Idle),
            Principal::Person(_) | Principal::Service(_) => Ok(()),
        }
    }
}
