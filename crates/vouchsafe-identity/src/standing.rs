//! How a caller stands at this moment: whether their session may be used, which rights they have, and which records stand
//! for them. All of it is looked up side by side, and remembered as one.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::Right;
use vouchsafe::ids::{PersonId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{Principal, Session, TokenRefused};
use vouchsafe_database::{DatabaseError, from_row, query_as, reading};

use crate::identity::{Identity, time};
use crate::people::RecordLink;

/// A person's session ends when they did nothing for so long (45 CFR 164.312(a)(2)(iii)).
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// Why a token was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthenticationRefused {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// The session was ended, or never began.
    #[error("the session has ended")]
    Ended,
    /// Nobody did anything for [`IDLE_LIFE`].
    #[error("the session has ended: 15 minutes without activity")]
    Idle,
    /// The person or service was disabled, or the service's time is over.
    #[error("the account is disabled")]
    Disabled,
    /// The database, so nobody can say.
    #[error("sessions cannot be checked now: {0}")]
    Unavailable(DatabaseError),
}

/// A session that may be used now, and what its principal has.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// The rights that are valid now.
    pub rights: Arc<[Right]>,
    /// The records that stand for a person; a service has none.
    pub links: Arc<[RecordLink]>,
}

/// What was looked up for a session. Its times are yet to be compared with a clock.
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
    /// Looks a session up with what its principal has; `None` when it never began, or is another principal's.
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
        // Rights and links are of the token's principal: of a session of somebody else's there is nothing.
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

/// What a session's rows say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    tenant: TenantId,
    principal: Principal,
    pub(crate) active_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
    disabled: bool,
    /// A service's own end.
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
        // A token that we signed for a session says what its row says.
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
