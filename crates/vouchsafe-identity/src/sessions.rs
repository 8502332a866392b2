//! Sessions: made by signing in, checked with every request, ended by time or by hand.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vouchsafe::ids::SessionId;
use vouchsafe::session::{Session, TokenRefused};
use vouchsafe::trusted;
use vouchsafe_database::{DatabaseError, query, writing};

use crate::event::{Actor, Event, Occurrence};
use crate::identity::{Identity, OpenError};
use crate::prepared::{NotDone, Prepared};
use crate::secrets::sha256;
use crate::standing::{AuthenticationRefused, Standing};

/// The longest lifetime of a session.
pub const ABSOLUTE_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// Interval at which activity is stored.
const ACTIVITY_STEP: SignedDuration = SignedDuration::from_secs(20);

/// The cause of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// An action of a person.
    User,
    /// The client by itself; also the default.
    Background,
}

impl Identity {
    /// The session of an access token, if it is still valid, and the current standing of its principal.
    ///
    /// The token is verified once and then cached by its digest. Whether the session has ended, whether its principal
    /// is active, and which rights and records they have, is read from the database for every request, or was read less
    /// than half a second ago.
    ///
    /// # Errors
    /// [`AuthenticationRefused`].
    pub async fn authenticate(
        &self,
        token: &str,
        activity: Activity,
        now: Timestamp,
    ) -> Result<Standing, AuthenticationRefused> {
        let session = self.verified(token, now).await?;
        self.standing(session, activity, now).await
    }

    /// The current standing of a session's principal, if the session is still valid: for a front end that holds a
    /// session for longer, as an import does.
    ///
    /// # Errors
    /// [`AuthenticationRefused`].
    pub async fn standing(
        &self,
        session: Session,
        activity: Activity,
        now: Timestamp,
    ) -> Result<Standing, AuthenticationRefused> {
        if !session.is_live(now) {
            return Err(TokenRefused::Expired.into());
        }
        let id = session.id();
        let held = self.standing.get(&id, || self.look_up(&session)).await;
        let held = held.map_err(AuthenticationRefused::Unavailable)?;
        let held = held.ok_or(AuthenticationRefused::Ended)?;
        held.live.check(&session, now)?;
        let due = held
            .live
            .active_at
            .saturating_add(ACTIVITY_STEP)
            .is_ok_and(|due| due <= now);
        if activity == Activity::User && due {
            self.touch(id, now)
                .await
                .map_err(AuthenticationRefused::Unavailable)?;
        }
        Ok(Standing {
            rights: held.rights_at(now),
            links: Arc::clone(&held.links),
            session,
        })
    }

    /// Prepares to end the caller's own session.
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
        self.standing.forget(&session).await;
        Ok(())
    }

    /// The session of a token, verified now or before.
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

    /// Stores the time of a person's activity.
    async fn touch(&self, session: SessionId, now: Timestamp) -> Result<(), DatabaseError> {
        writing!(&self.database, on => {
            query("UPDATE sessions SET active_at = $2 WHERE id = $1 AND active_at < $2")
                .bind(session.uuid()).bind(now.as_microsecond())
                .execute(&mut *on)
                .await?;
        });
        self.standing.forget(&session).await;
        Ok(())
    }
}
