//! One-time links: the holder chooses a password and sets up one-time codes.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe::seal::SystemKey;
use vouchsafe::session::Principal;
use vouchsafe::trusted::SystemCipher;
use vouchsafe_database::{DatabaseError, from_row, query, query_as, reading, writing};
use zeroize::Zeroizing;

use crate::admin::AdminError;
use crate::event::{Actor, Event, NetworkPrefix, Occurrence};
use crate::identity::Identity;
use crate::password::{HashFailed, Password, PasswordRefused};
use crate::prepared::{NotDone, Prepared};
use crate::secrets::EnrolmentToken;
use crate::totp::{OneTimeSecret, seal_context, uri};

/// Lifetime of a link.
pub const ENROLMENT_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// The name that authenticator apps show.
const APP_NAME: &str = "Vouchsafe";

/// A one-time link, for one person.
#[derive(Debug)]
pub struct Invitation {
    /// The person.
    pub person: PersonId,
    /// The token in the link.
    pub token: EnrolmentToken,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The content of the page behind a link.
pub struct Enrolment {
    /// The person who enrols.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their login.
    pub login: String,
    /// The one-time-code secret, to type into an app (base32).
    pub secret: Zeroizing<String>,
    /// The same as an `otpauth` URI, for a QR code.
    pub uri: Zeroizing<String>,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment")
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}

/// The reason why an enrolment was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnrolmentRefused {
    /// The link does not exist, was used, replaced or has expired: the answer is the same for all.
    #[error("this link is unknown, used or expired: ask for a new one")]
    Link,
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The one-time code is not valid now.
    #[error("the one-time code is wrong: check the time of your device")]
    Code,
    /// Too many people enrol or sign in at this moment.
    #[error("too many people sign in at this moment")]
    Busy,
    /// A stored value is damaged.
    #[error("the link's row is damaged: ask for a new link")]
    Damaged,
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
}

impl From<HashFailed> for EnrolmentRefused {
    fn from(failed: HashFailed) -> Self {
        match failed {
            HashFailed::Busy => Self::Busy,
            HashFailed::Damaged => Self::Damaged,
        }
    }
}

/// A link to write.
pub(crate) struct Link {
    pub(crate) person: PersonId,
    token: EnrolmentToken,
    pub(crate) digest: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Link {
    pub(crate) fn new(
        seal: &SystemKey,
        person: PersonId,
        by: &str,
        now: Timestamp,
    ) -> Result<Self, AdminError> {
        let secret = OneTimeSecret::random().map_err(|_| AdminError::Random)?;
        let token = EnrolmentToken::random().map_err(|_| AdminError::Random)?;
        Ok(Self {
            person,
            digest: token.digest().to_vec(),
            token,
            sealed: SystemCipher::new(seal).seal(&seal_context(person), secret.bytes()),
            created_by: by.to_owned(),
            created_at: now,
            expires_at: now.saturating_add(ENROLMENT_LIFE).unwrap_or(Timestamp::MAX),
        })
    }

    pub(crate) fn invitation(self) -> Invitation {
        Invitation {
            person: self.person,
            token: self.token,
            expires_at: self.expires_at,
        }
    }
}

/// Writes a [`Link`] in a transaction.
macro_rules! insert_link {
    ($on:ident, $link:expr) => {{
        query(
            "INSERT INTO enrolments (id, person, digest, totp, created_at, created_by, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(uuid::Uuid::new_v4())
        .bind($link.person.uuid())
        .bind(&$link.digest)
        .bind(&$link.sealed)
        .bind($link.created_at.as_microsecond())
        .bind(&$link.created_by)
        .bind($link.expires_at.as_microsecond())
        .execute(&mut *$on)
        .await?;
    }};
}
pub(crate) use insert_link;

struct Row {
    id: Uuid,
    person: Uuid,
    totp: Vec<u8>,
    tenant: Uuid,
    name: String,
    login: String,
}

from_row!(Row {
    id,
    person,
    totp,
    tenant,
    name,
    login
});

impl Identity {
    /// Prepares a new link for a person who lost their link or a factor; older links become void. The factors stay
    /// until the new ones are set.
    ///
    /// # Errors
    /// [`AdminError`]; nobody can make one for themselves.
    pub async fn renew_enrolment(
        &self,
        tenant: TenantId,
        person: PersonId,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, Invitation>, AdminError> {
        let holder = self.holder(tenant, Principal::Person(person), now).await?;
        self.may_give(tenant, &by, &holder).await?;
        let link = Link::new(&self.seal, person, &by.label(), now)?;
        let event = Event::by(tenant, by, now, Occurrence::EnrolmentLinkMade(person));
        Ok(Prepared::new(vec![event], async move {
            writing!(&self.database, on => {
                query(
                    "UPDATE enrolments SET withdrawn_at = $2 \
                     WHERE person = $1 AND used_at IS NULL AND withdrawn_at IS NULL",
                )
                .bind(person.uuid()).bind(now.as_microsecond())
                .execute(&mut *on)
                .await?;
                insert_link!(on, link);
            });
            Ok::<Invitation, NotDone>(link.invitation())
        }))
    }

    /// The content of the page behind a link, until the link is used.
    ///
    /// # Errors
    /// [`EnrolmentRefused::Link`] if the link is not valid.
    pub async fn enrolment(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<Enrolment, EnrolmentRefused> {
        let row = self.valid_link(token, now).await?;
        let base32 = self.one_time_secret(&row)?.base32();
        Ok(Enrolment {
            person: PersonId::from_uuid(row.person),
            uri: Zeroizing::new(uri(APP_NAME, &row.login, &base32)),
            name: row.name,
            login: row.login,
            secret: base32,
        })
    }

    /// Prepares to set password and one-time codes; confirming ends the person's older sessions.
    ///
    /// # Errors
    /// [`EnrolmentRefused`].
    pub async fn enrol(
        &self,
        token: &EnrolmentToken,
        password: &Password,
        code: &str,
        network: NetworkPrefix,
        now: Timestamp,
    ) -> Result<Prepared<'_, PersonId>, EnrolmentRefused> {
        let row = self.valid_link(token, now).await?;
        password.check(&row.name, &row.login)?;
        let secret = self.one_time_secret(&row)?;
        let step = secret
            .matched_step(code, now)
            .ok_or(EnrolmentRefused::Code)?;
        let phc = self.hasher.hash(password).await?;
        let person = PersonId::from_uuid(row.person);
        let tenant = TenantId::from_uuid(row.tenant);
        let what = Occurrence::Enrolled(person);
        let event = Event {
            network: Some(network),
            ..Event::by(tenant, Actor::person(person), now, what)
        };
        Ok(Prepared::new(vec![event], async move {
            self.set_factors(&row, &phc, step, now).await?;
            self.standing.forget_all();
            Ok(person)
        }))
    }

    async fn valid_link(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<Row, EnrolmentRefused> {
        let row: Option<Row> = reading!(&self.database, on => query_as(
            "SELECT e.id, e.person, e.totp, p.tenant, p.name, p.login \
             FROM enrolments e JOIN people p ON p.id = e.person \
             WHERE e.digest = $1 AND e.used_at IS NULL AND e.withdrawn_at IS NULL \
             AND e.expires_at > $2 AND p.state <> 'disabled'",
        )
        .bind(token.digest().to_vec())
        .bind(now.as_microsecond())
        .fetch_optional(on))?;
        row.ok_or(EnrolmentRefused::Link)
    }

    fn one_time_secret(&self, row: &Row) -> Result<OneTimeSecret, EnrolmentRefused> {
        let context = seal_context(PersonId::from_uuid(row.person));
        let secret = SystemCipher::new(&self.seal)
            .open(&context, &row.totp)
            .map_err(|_| EnrolmentRefused::Damaged)?;
        OneTimeSecret::from_bytes(&secret).ok_or(EnrolmentRefused::Damaged)
    }

    /// Uses the link and sets the factors, all or nothing.
    async fn set_factors(
        &self,
        row: &Row,
        phc: &str,
        step: i64,
        now: Timestamp,
    ) -> Result<(), NotDone> {
        let now = now.as_microsecond();
        writing!(&self.database, on => {
            // INVARIANT (link-once): only the transaction that marks the link as used continues; a link is marked once.
            let used = query(
                "UPDATE enrolments SET used_at = $2 WHERE id = $1 AND used_at IS NULL \
                 AND withdrawn_at IS NULL AND expires_at > $2",
            )
            .bind(row.id).bind(now)
            .execute(&mut *on)
            .await?;
            let active = query(
                "UPDATE people SET state = 'active', enrolled_at = COALESCE(enrolled_at, $2) \
                 WHERE id = $1 AND state <> 'disabled'",
            )
            .bind(row.person).bind(now)
            .execute(&mut *on)
            .await?;
            if (used, active) != (1, 1) {
                return Err(NotDone::Overtaken);
            }
            query(
                "INSERT INTO passwords (person, phc, changed_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (person) DO UPDATE SET phc = $2, changed_at = $3",
            )
            .bind(row.person).bind(phc).bind(now)
            .execute(&mut *on)
            .await?;
            query(
                "INSERT INTO totp (person, sealed, last_step, changed_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (person) DO UPDATE SET sealed = $2, last_step = $3, changed_at = $4",
            )
            .bind(row.person).bind(&row.totp).bind(step).bind(now)
            .execute(&mut *on)
            .await?;
            query(
                "UPDATE sessions SET revoked_at = $2, revoked_by = $3 \
                 WHERE person = $1 AND revoked_at IS NULL",
            )
            .bind(row.person).bind(now).bind("enrolment")
            .execute(&mut *on)
            .await?;
        });
        Ok(())
    }
}
