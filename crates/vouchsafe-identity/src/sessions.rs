//! Sessions: made by signing in, checked with every request, ended by time or by hand.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::ids::{PersonId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{Principal, Session, TokenRefused};
use vouchsafe::trusted;
use vouchsafe_database::{DatabaseError, from_row, query, query_as, reading, writing};

use crate::event::{Actor, Event, Occurrence};
use crate::identity::{Identity, OpenError, time};
use crate::prepared::{NotDone, Prepared};
use crate::secrets::sha256;

/// A person's session ends when they did nothing for so long (45 CFR 164.312(a)(2)(iii)).
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// Every session ends after so long.
pub const ABSOLUTE_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// Activity is written down at most so often.
const ACTIVITY_STEP: SignedDuration = SignedDuration::from_secs(20);

/// What made the client send a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// A person did something.
    User,
    /// The client by itself; also what it does not state.
    Background,
}

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
    #[error("the session has ended: nobody was active for 15 minutes")]
    Idle,
    /// The person or service was disabled, or the service's time is over.
    #[error("the account is disabled")]
    Disabled,
    /// The database, so nobody can say.
    #[error("sessions cannot be checked now: {0}")]
    Unavailable(DatabaseError),
}

/// What a session's rows say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    tenant: TenantId,
    principal: Principal,
    active_at: Timestamp,
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

impl Identity {
    /// The session that an access token stands for, if it may still be used.
    ///
    /// The token is verified once and then remembered by its digest; whether the session was ended
    /// and whether its principal is active is asked of the database with every request, or was
    /// less than half a second ago.
    ///
    /// # Errors
    /// [`AuthenticationRefused`].
    pub async fn authenticate(
        &self,
        token: &str,
        activity: Activity,
        now: Timestamp,
    ) -> Result<Session, AuthenticationRefused> {
        let session = self.verified(token, now).await?;
        self.still_live(&session, activity, now).await?;
        Ok(session)
    }

    /// Whether a session may still be used: for who holds one for longer, as an import does.
    ///
    /// # Errors
    /// [`AuthenticationRefused`].
    pub async fn still_live(
        &self,
        session: &Session,
        activity: Activity,
        now: Timestamp,
    ) -> Result<(), AuthenticationRefused> {
        if !session.is_live(now) {
            return Err(TokenRefused::Expired.into());
        }
        let id = session.id();
        let live = self.live.get(&id, || self.liveness(id)).await;
        let live = live.map_err(AuthenticationRefused::Unavailable)?;
        let live = live.ok_or(AuthenticationRefused::Ended)?;
        live.check(session, now)?;
        let due = live
            .active_at
            .saturating_add(ACTIVITY_STEP)
            .is_ok_and(|due| due <= now);
        if activity == Activity::User && due {
            self.touch(id, now)
                .await
                .map_err(AuthenticationRefused::Unavailable)?;
        }
        Ok(())
    }

    /// Prepares to end one's own session.
    pub fn sign_out(&self, session: &Session, now: Timestamp) -> Prepared<'_, ()> {
        let (id, tenant) = (session.id(), session.tenant());
        let actor = Actor::Principal(session.principal());
        let by = actor.label();
        let event = Event {
            session: Some(id),
            ..Event::by(tenant, actor, now, Occurrence::SignedOut)
        };
        Prepared::new(vec![event], async move { self.revoke(id, &by, now).await })
    }

    async fn revoke(&self, session: SessionId, by: &str, now: Timestamp) -> Result<(), NotDone> {
        writing!(&self.database, on => {
            query("UPDATE sessions SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL")
                .bind(session.uuid()).bind(now.as_microsecond()).bind(by)
                .execute(&mut *on)
                .await?;
        });
        self.live.forget(&session).await;
        Ok(())
    }

    /// The session in a token, verified now or before.
    async fn verified(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Session, AuthenticationRefused> {
        let digest = sha256(&[token.as_bytes()]);
        if let Some(session) = self.tokens.get(&digest) {
            return Ok(session);
        }
        let verify = |now| trusted::session(&self.signing.current().verifier, token, now);
        let mut verified = verify(now);
        if verified.as_ref().err() == Some(&TokenRefused::UnknownKey) && self.signing.may_reload() {
            // Another replica may have made a key since.
            let reloaded = self
                .signing
                .reload(&self.database, &self.seal, &self.settings, now)
                .await;
            reloaded.map_err(|error| {
                AuthenticationRefused::Unavailable(match error {
                    OpenError::Database(error) => error,
                    OpenError::WrongKey | OpenError::Damaged(_) | OpenError::NoMemory => {
                        DatabaseError::Schema
                    }
                })
            })?;
            verified = verify(now);
        }
        let session = verified?;
        self.tokens.insert(digest, session.clone());
        Ok(session)
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

    /// Writes down that a person did something.
    async fn touch(&self, session: SessionId, now: Timestamp) -> Result<(), DatabaseError> {
        writing!(&self.database, on => {
            query("UPDATE sessions SET active_at = $2 WHERE id = $1 AND active_at < $2")
                .bind(session.uuid()).bind(now.as_microsecond())
                .execute(&mut *on)
                .await?;
        });
        self.live.forget(&session).await;
        Ok(())
    }
}

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
    fn check(&self, session: &Session, now: Timestamp) -> Result<(), AuthenticationRefused> {
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
