//! Signing in with password and one-time code.
//!
//! Every attempt is counted first. An unknown login costs as much as a known one. The answer is the same whatever was
//! wrong.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, SessionId, TenantId};
use vouchsafe::session::{Assurance, NewSession, Principal};
use vouchsafe::trusted::SystemCipher;
use vouchsafe_database::{DatabaseError, query, query_as, reading, writing};
use zeroize::Zeroizing;

use crate::event::{Actor, Event, NetworkPrefix, Occurrence, SignInRefusal};
use crate::identity::Identity;
use crate::password::{HashFailed, Password};
use crate::people::{PersonState, normal_login};
use crate::prepared::{NotDone, Prepared};
use crate::secrets::AccessToken;
use crate::sessions::ABSOLUTE_LIFE;
use crate::throttle::Attempt;
use crate::totp::{OneTimeSecret, seal_context};

/// The typed credentials.
pub struct Credentials {
    login: String,
    password: Password,
    code: Zeroizing<String>,
}

impl Credentials {
    /// The typed texts. None of them is logged, not even the login: people type passwords there.
    #[must_use]
    pub fn new(login: &str, password: Password, code: &str) -> Self {
        Self {
            login: normal_login(login),
            password,
            code: Zeroizing::new(code.to_owned()),
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[credentials]")
    }
}

/// A new session and its token.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The person.
    pub person: PersonId,
    /// The tenant.
    pub tenant: TenantId,
    /// The access token.
    pub token: AccessToken,
    /// When the token expires.
    pub expires_at: Timestamp,
}

/// The reason why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInFailed {
    /// Refused; the event MUST be appended before the refusal is sent.
    #[error("login, password or code is wrong")]
    Refused {
        /// The event to log.
        event: Box<Event>,
        /// After too many attempts: the time of the next allowed attempt.
        retry_at: Option<Timestamp>,
    },
    /// Too many people sign in at this moment.
    #[error("too many people sign in at this moment")]
    Busy,
    /// A stored factor is damaged.
    #[error("a stored factor is damaged")]
    Damaged,
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
}

impl From<HashFailed> for SignInFailed {
    fn from(failed: HashFailed) -> Self {
        match failed {
            HashFailed::Busy => Self::Busy,
            HashFailed::Damaged => Self::Damaged,
        }
    }
}

/// The stored account of a login.
struct Account {
    person: PersonId,
    tenant: TenantId,
    state: PersonState,
    phc: Option<String>,
    sealed: Option<Vec<u8>>,
}

type AccountRow = (Uuid, Uuid, String, Option<String>, Option<Vec<u8>>);

impl Identity {
    /// Checks login, password and code, and prepares a session.
    ///
    /// # Errors
    /// [`SignInFailed`]; its event, too, is for the audit log.
    pub async fn sign_in(
        &self,
        credentials: &Credentials,
        network: NetworkPrefix,
        now: Timestamp,
    ) -> Result<Prepared<'_, SignedIn>, SignInFailed> {
        let attempt = Attempt::new(&credentials.login, network);
        let counted = attempt.count(&self.database, now).await?;
        let attempt = counted.map_err(|until| SignInFailed::Refused {
            event: Box::new(refused(None, SignInRefusal::Throttled, network, now)),
            retry_at: Some(until),
        })?;
        let account = self.account(&credentials.login).await?;
        let judged = self.judge(credentials, account.as_ref(), now).await?;
        let (account, step) = match (judged, account) {
            (Ok(step), Some(account)) => (account, step),
            (Err(refusal), account) => return Err(refuse(account.as_ref(), refusal, network, now)),
            (Ok(_), None) => return Err(refuse(None, SignInRefusal::UnknownLogin, network, now)),
        };
        // INVARIANT (code-once): exactly one transaction raises the step, or the code was used.
        if !self.take_step(account.person, step).await? {
            return Err(refuse(
                Some(&account),
                SignInRefusal::CodeReplayed,
                network,
                now,
            ));
        }
        attempt.succeeded(&self.database, now).await?;
        Ok(self.prepare_session(&account, network, now))
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, DatabaseError> {
        let row: Option<AccountRow> = reading!(&self.database, on => query_as(
            "SELECT p.id, p.tenant, p.state, w.phc, t.sealed FROM people p \
             LEFT JOIN passwords w ON w.person = p.id LEFT JOIN totp t ON t.person = p.id \
             WHERE p.login = $1",
        )
        .bind(login)
        .fetch_optional(on))?;
        row.map(|(person, tenant, state, phc, sealed)| {
            Ok(Account {
                person: PersonId::from_uuid(person),
                tenant: TenantId::from_uuid(tenant),
                state: PersonState::parse(&state)?,
                phc,
                sealed,
            })
        })
        .transpose()
    }

    /// The time step of the code, or the reason for the refusal. One password hash is verified in every case.
    async fn judge(
        &self,
        credentials: &Credentials,
        account: Option<&Account>,
        now: Timestamp,
    ) -> Result<Result<i64, SignInRefusal>, SignInFailed> {
        let active = account.filter(|account| account.state == PersonState::Active);
        let phc = active.and_then(|account| account.phc.clone());
        let right_password = self.hasher.verify(&credentials.password, phc).await?;
        let Some(account) = account else {
            return Ok(Err(SignInRefusal::UnknownLogin));
        };
        match account.state {
            PersonState::Disabled => return Ok(Err(SignInRefusal::Disabled)),
            PersonState::Invited => return Ok(Err(SignInRefusal::NotEnrolled)),
            PersonState::Active => {}
        }
        if !right_password {
            return Ok(Err(SignInRefusal::WrongPassword));
        }
        let Some(sealed) = &account.sealed else {
            return Ok(Err(SignInRefusal::NotEnrolled));
        };
        let secret = SystemCipher::new(&self.seal)
            .open(&seal_context(account.person), sealed)
            .map_err(|_| SignInFailed::Damaged)?;
        let secret = OneTimeSecret::from_bytes(&secret).ok_or(SignInFailed::Damaged)?;
        Ok(secret
            .matched_step(&credentials.code, now)
            .ok_or(SignInRefusal::WrongCode))
    }

    /// Compare and set: whether this step is later than the last accepted one.
    async fn take_step(&self, person: PersonId, step: i64) -> Result<bool, DatabaseError> {
        Ok(writing!(&self.database, on => {
            query("UPDATE totp SET last_step = $2 WHERE person = $1 AND last_step < $2")
                .bind(person.uuid()).bind(step)
                .execute(&mut *on)
                .await?
                 == 1
        }))
    }

    fn prepare_session(
        &self,
        account: &Account,
        network: NetworkPrefix,
        now: Timestamp,
    ) -> Prepared<'_, SignedIn> {
        let new = NewSession {
            id: SessionId::random(),
            tenant: account.tenant,
            principal: Principal::Person(account.person),
            assurance: Assurance::TwoFactor,
        };
        let (person, tenant) = (account.person, account.tenant);
        let actor = Actor::Principal(new.principal);
        let what = Occurrence::SignedIn {
            principal: new.principal,
            assurance: new.assurance,
        };
        let event = Event {
            session: Some(new.id),
            network: Some(network),
            ..Event::by(tenant, actor, now, what)
        };
        Prepared::new(vec![event], async move {
            self.insert_session(&new, Some(network), now).await?;
            let (token, expires_at) = self.issue(&new, now);
            Ok(SignedIn {
                session: new.id,
                person,
                tenant,
                token,
                expires_at,
            })
        })
    }

    /// A token for a session.
    pub(crate) fn issue(&self, new: &NewSession, now: Timestamp) -> (AccessToken, Timestamp) {
        let current = self.signing.current();
        let expires_at = now.saturating_add(current.issuer.ttl().duration());
        let token = AccessToken::new(current.issuer.issue(new, now));
        (token, expires_at.unwrap_or(Timestamp::MAX))
    }

    /// Writes a session, unless its principal was disabled meanwhile.
    pub(crate) async fn insert_session(
        &self,
        new: &NewSession,
        network: Option<NetworkPrefix>,
        now: Timestamp,
    ) -> Result<(), NotDone> {
        let expires_at = now.saturating_add(ABSOLUTE_LIFE).unwrap_or(Timestamp::MAX);
        let (person, service) = match new.principal {
            Principal::Person(id) => (Some(id.uuid()), None),
            Principal::Service(id) => (None, Some(id.uuid())),
        };
        let inserted = writing!(&self.database, on => {
            query(
                "INSERT INTO sessions \
                 (id, tenant, person, service, assurance, network, created_at, active_at, expires_at) \
                 SELECT $1, $2, $3, $4, $5, $6, $7, $7, $8 WHERE \
                 EXISTS (SELECT 1 FROM people WHERE id = $3 AND tenant = $2 AND state = 'active') OR \
                 EXISTS (SELECT 1 FROM services WHERE id = $4 AND tenant = $2 \
                         AND disabled_at IS NULL AND expires_at > $7)",
            )
            .bind(new.id.uuid()).bind(new.tenant.uuid()).bind(person).bind(service)
            .bind(new.assurance.name()).bind(network.map(|network| network.to_string()))
            .bind(now.as_microsecond()).bind(expires_at.as_microsecond())
            .execute(&mut *on)
            .await?

        });
        if inserted == 1 {
            Ok(())
        } else {
            Err(NotDone::Overtaken)
        }
    }
}

fn refuse(
    account: Option<&Account>,
    refusal: SignInRefusal,
    network: NetworkPrefix,
    now: Timestamp,
) -> SignInFailed {
    let event = Box::new(refused(account, refusal, network, now));
    SignInFailed::Refused {
        event,
        retry_at: None,
    }
}

fn refused(
    account: Option<&Account>,
    refusal: SignInRefusal,
    network: NetworkPrefix,
    now: Timestamp,
) -> Event {
    Event {
        at: now,
        tenant: account.map(|account| account.tenant),
        actor: account.map(|account| Actor::person(account.person)),
        session: None,
        network: Some(network),
        what: Occurrence::SignInRefused(refusal),
    }
}
