//! The identity service, opened on its database.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use moka::sync::Cache;
use vouchsafe::ids::SessionId;
use vouchsafe::seal::SystemKey;
use vouchsafe::session::{AccessTtl, Session, VerifyingKeys};
use vouchsafe_database::{
    Check, Create, Database, DatabaseError, Location, Schema, migrations, query_as, reading,
};

use crate::event::{Actor, Event, Occurrence};
use crate::password::Hasher;
use crate::prepared::{NotDone, Prepared};
use crate::recent::Recent;
use crate::signing::{Signing, SigningKeyChange, accepted_until};
use crate::standing::Held;

const SCHEMA: Schema = Schema {
    sqlite: migrations![
        1 "identity" "../migrations/sqlite/0001_identity.sql",
        2 "familiar_networks" "../migrations/sqlite/0002_familiar_networks.sql",
    ],
    postgres: migrations![
        1 "identity" "../migrations/postgres/0001_identity.sql",
        2 "familiar_networks" "../migrations/postgres/0002_familiar_networks.sql",
    ],
    tables: &[
        "people",
        "first_start",
        "enrolments",
        "passwords",
        "totp",
        "services",
        "sessions",
        "rights",
        "record_links",
        "throttle",
        "signing_keys",
        "familiar_networks",
    ],
    session: &[],
};

/// Maximum number of cached verified tokens.
const MAX_TOKENS: u64 = 100_000;

/// The settings of tokens.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer in tokens: this installation's URL.
    pub issuer: String,
    /// The audience in tokens: the URL of the API.
    pub audience: String,
    /// The lifetime of a token.
    pub ttl: AccessTtl,
}

/// The reason why the identity service could not be opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The database failed.
    #[error("identity database: {0}")]
    Database(#[from] DatabaseError),
    /// The system key does not open the stored secrets: the database belongs to another installation.
    #[error("the identity database was sealed under another key: wrong key or wrong database")]
    WrongKey,
    /// A required row is missing or invalid.
    #[error("the identity database is damaged ({0}): restore it from a backup")]
    Damaged(&'static str),
    /// No memory for password hashes (19 MiB each).
    #[error("no memory for password hashes")]
    NoMemory,
}

/// People, services, sessions and rights.
pub struct Identity {
    pub(crate) database: Database,
    pub(crate) seal: Arc<SystemKey>,
    pub(crate) settings: Settings,
    pub(crate) signing: Signing,
    pub(crate) hasher: Hasher,
    /// Verified tokens by digest: an Ed25519 verification for every request would double its cost.
    pub(crate) tokens: Cache<[u8; 32], Session>,
    pub(crate) standing: Recent<SessionId, Option<Arc<Held>>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens the database, and creates the first signing key if there is none.
    ///
    /// `seal` seals one-time-code secrets and signing keys; it MUST be the same at every start.
    ///
    /// # Errors
    /// [`OpenError`]; with [`Create::Never`] a missing or empty database is an error.
    pub async fn open(
        location: &Location,
        create: Create,
        seal: Arc<SystemKey>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let database = Database::open(location, create, &SCHEMA).await?;
        let signing = Signing::open(&database, &seal, &settings, now).await?;
        let hasher = Hasher::new().await.map_err(|_| OpenError::NoMemory)?;
        let life = std::time::Duration::from_secs(u64::from(AccessTtl::MAX_SECONDS));
        Ok(Self {
            database,
            seal,
            settings,
            signing,
            hasher,
            tokens: Cache::builder()
                .max_capacity(MAX_TOKENS)
                .time_to_live(life)
                .build(),
            standing: Recent::new(),
        })
    }

    /// Closes the database's connections, after running operations have ended.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The state of the database: tables, durability, TLS.
    ///
    /// # Errors
    /// [`DatabaseError`] if the database does not answer.
    pub async fn check(&self) -> Result<Check, DatabaseError> {
        self.database.check(&SCHEMA).await
    }

    /// Whether the database answers and takes writes, as far as it says: [`Database::pulse`].
    ///
    /// # Errors
    /// [`DatabaseError`]. The caller MUST give up in time.
    pub async fn pulse(&self) -> Result<(), DatabaseError> {
        self.database.pulse().await
    }

    /// The public keys whose tokens are accepted now.
    #[must_use]
    pub fn verifying_keys(&self) -> VerifyingKeys {
        self.signing.current().verifier.keys().clone()
    }

    /// The id of the key that signs tokens now.
    #[must_use]
    pub fn signing_key_id(&self) -> String {
        self.signing.current().issuer.key_id().to_owned()
    }

    /// Prepares a new signing key; tokens of the previous one are accepted until they expire.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] if no key can be made.
    pub fn rotate_signing_key(
        &self,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, SigningKeyChange>, OpenError> {
        let draft = self.signing.draft(&self.seal, &self.settings)?;
        let event = Event {
            at: now,
            tenant: None,
            actor: Some(by),
            session: None,
            network: None,
            what: Occurrence::SigningKeyMade(draft.key_id.clone()),
        };
        Ok(Prepared::new(vec![event], async move {
            if !draft.insert(&self.database, now).await? {
                return Err(NotDone::Overtaken);
            }
            // The key is stored. If reloading fails here, the first token with the new key reloads.
            let _ = self
                .signing
                .reload(&self.database, &self.seal, &self.settings, now)
                .await;
            Ok(SigningKeyChange {
                key_id: draft.key_id,
                before_until: accepted_until(now),
            })
        }))
    }

    /// Reloads the signing keys: a retired key is no longer accepted after its time. For an hourly task.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn reload_signing_keys(&self, now: Timestamp) -> Result<(), OpenError> {
        self.signing
            .reload(&self.database, &self.seal, &self.settings, now)
            .await?;
        self.tokens.invalidate_all();
        Ok(())
    }

    /// Whether the administrator of the first start has enrolled: no PHI route opens before.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn first_administrator_enrolled(&self) -> Result<bool, DatabaseError> {
        let count: i64 = reading!(&self.database, on => query_as(
            "SELECT COUNT(*) FROM first_start f JOIN people p ON p.id = f.person \
             WHERE p.enrolled_at IS NOT NULL",
        )
        .fetch_one(on))?;
        Ok(count > 0)
    }

    /// The latest end of a role among enrolled people who are not disabled; none if nobody has the role now.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn role_held_until(
        &self,
        role: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, DatabaseError> {
        let until: Option<i64> = reading!(&self.database, on => query_as(
            "SELECT MAX(r.until_at) FROM rights r JOIN people p ON p.id = r.person \
             WHERE r.role = $1 AND r.ended_at IS NULL AND r.from_at <= $2 AND r.until_at > $2 \
             AND p.state = 'active'",
        )
        .bind(role)
        .bind(now.as_microsecond())
        .fetch_one(on))?;
        maybe_time(until)
    }
}

/// The time of a value in microseconds; a row with an invalid time is damaged.
pub(crate) fn time(micros: i64) -> Result<Timestamp, DatabaseError> {
    Timestamp::from_microsecond(micros).map_err(|_| DatabaseError::Schema)
}

pub(crate) fn maybe_time(micros: Option<i64>) -> Result<Option<Timestamp>, DatabaseError> {
    micros.map(time).transpose()
}
