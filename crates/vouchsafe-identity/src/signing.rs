//! The keys that sign access tokens: created at the first start, sealed in the database, and replaced while tokens of
//! the previous key are still accepted.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use vouchsafe::seal::{Secret, SystemKey};
use vouchsafe::session::{AccessTtl, Issuer, TokenRefused, Verifier, VerifyingKeys};
use vouchsafe::trusted::{self, SystemCipher};
use vouchsafe_database::{Database, DatabaseError, query, query_as, reading, writing};

use crate::identity::{OpenError, Settings};

/// Minimum interval of reloads after an unknown key id: strangers choose key ids.
const RELOAD_EVERY: Duration = Duration::from_secs(1);

/// A new signing key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningKeyChange {
    /// The id of the key that signs from now on.
    pub key_id: String,
    /// Until when tokens of the previous key are accepted.
    pub before_until: Timestamp,
}

/// The current keys for signing and verifying.
pub(crate) struct Current {
    number: i64,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Verifier,
}

pub(crate) struct Signing {
    current: RwLock<Arc<Current>>,
    looked: Mutex<Instant>,
}

type Row = (i64, Vec<u8>, Vec<u8>, Option<i64>);

impl Signing {
    /// Loads the keys; creates the first one if there is none.
    pub(crate) async fn open(
        database: &Database,
        seal: &SystemKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let mut current = load(database, seal, settings, now).await?;
        if current.is_none() {
            Draft::new(seal, settings, 1)?.insert(database, now).await?;
            current = load(database, seal, settings, now).await?;
        }
        let current = current.ok_or(OpenError::Damaged("signing keys"))?;
        Ok(Self {
            current: RwLock::new(Arc::new(current)),
            looked: Mutex::new(Instant::now()),
        })
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a reload for keys of other replicas is due.
    pub(crate) fn may_reload(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.elapsed() >= RELOAD_EVERY;
        if due {
            *looked = Instant::now();
        }
        due
    }

    /// Reloads the keys.
    pub(crate) async fn reload(
        &self,
        database: &Database,
        seal: &SystemKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), OpenError> {
        let loaded = load(database, seal, settings, now).await?;
        let loaded = loaded.ok_or(OpenError::Damaged("signing keys"))?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(())
    }

    /// A new key, to insert after the current one.
    pub(crate) fn draft(&self, seal: &SystemKey, settings: &Settings) -> Result<Draft, OpenError> {
        Draft::new(seal, settings, self.current().number + 1)
    }
}

/// Until when tokens of a key retired now are accepted: the lifetime of its last token.
pub(crate) fn accepted_until(retired: Timestamp) -> Timestamp {
    let longest = SignedDuration::from_secs(i64::from(AccessTtl::MAX_SECONDS));
    retired.saturating_add(longest).unwrap_or(Timestamp::MAX)
}

async fn load(
    database: &Database,
    seal: &SystemKey,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Current>, OpenError> {
    let rows: Vec<Row> = reading!(database, on => query_as(
        "SELECT number, public_key, sealed, retired_at FROM signing_keys ORDER BY number DESC",
    )
    .fetch_all(on))?;
    let Some((number, public_key, sealed, None)) = rows.first() else {
        return if rows.is_empty() {
            Ok(None)
        } else {
            Err(OpenError::Damaged("signing keys"))
        };
    };
    let damaged = OpenError::Damaged("signing key");
    let seed = SystemCipher::new(seal)
        .open(&context(*number), sealed)
        .map_err(|_| OpenError::WrongKey)?;
    let seed = seed.as_slice().try_into().map_err(|_| damaged.clone())?;
    let issuer = issuer(&seed, settings).map_err(|_| damaged.clone())?;
    if issuer.public_key() != public_key.as_slice() {
        return Err(damaged);
    }
    let accepted = rows.iter().filter(|(_, _, _, retired)| match retired {
        None => true,
        Some(retired) => {
            Timestamp::from_microsecond(*retired).is_ok_and(|retired| now < accepted_until(retired))
        }
    });
    let keys = VerifyingKeys::new(accepted.map(|(_, key, _, _)| key.as_slice()));
    let verifier = trusted::verifier(keys, &settings.issuer, &settings.audience);
    Ok(Some(Current {
        number: *number,
        issuer,
        verifier,
    }))
}

/// A new key that is not stored yet.
pub(crate) struct Draft {
    number: i64,
    pub(crate) key_id: String,
    public_key: Vec<u8>,
    sealed: Vec<u8>,
}

impl Draft {
    fn new(seal: &SystemKey, settings: &Settings, number: i64) -> Result<Self, OpenError> {
        let seed = Secret::random();
        let issuer =
            issuer(seed.expose(), settings).map_err(|_| OpenError::Damaged("signing key"))?;
        Ok(Self {
            number,
            key_id: issuer.key_id().to_owned(),
            public_key: issuer.public_key().to_vec(),
            sealed: SystemCipher::new(seal).seal(&context(number), seed.expose()),
        })
    }

    /// Writes the key and retires the previous ones; false if another replica did so first.
    pub(crate) async fn insert(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let now = now.as_microsecond();
        Ok(writing!(database, on => {
            let made = query(
                "INSERT INTO signing_keys (number, key_id, public_key, sealed, created_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(self.number).bind(&self.key_id).bind(&self.public_key).bind(&self.sealed).bind(now)
            .execute(&mut *on)
            .await?
             == 1;
            if made {
                query(
                    "UPDATE signing_keys SET retired_at = $2 WHERE number < $1 AND retired_at IS NULL",
                )
                .bind(self.number).bind(now)
                .execute(&mut *on)
                .await?;
            }
            made
        }))
    }
}

fn issuer(seed: &[u8; 32], settings: &Settings) -> Result<Issuer, TokenRefused> {
    Issuer::new(seed, &settings.issuer, &settings.audience, settings.ttl)
}

fn context(number: i64) -> Vec<u8> {
    format!("signing key {number} of access tokens").into_bytes()
}
