//! Attempts to sign in are counted before they are tried, in the database: many at once on many
//! replicas count as well as one after the other.

use jiff::{SignedDuration, Timestamp};

use crate::database::{Database, DatabaseError, writing};
use crate::event::NetworkPrefix;
use crate::secrets::sha256;

/// How many attempts a key has within a window.
struct Scope {
    name: &'static str,
    attempts: i64,
    window: SignedDuration,
}

/// In this order in every transaction, so that two never wait for one another. What is older than
/// the longest window counts for nothing; the sweep deletes it.
///
/// NIST SP 800-63B, 3.2.2, wants at most 100 failures in a row. Guessing is further bounded by
/// the second factor; locking an account for good would let anybody lock out anybody.
const SCOPES: [Scope; 4] = [
    Scope {
        name: "network",
        attempts: 300,
        window: SignedDuration::from_mins(15),
    },
    Scope {
        name: "account",
        attempts: 20,
        window: SignedDuration::from_mins(15),
    },
    Scope {
        name: "account-day",
        attempts: 100,
        window: SignedDuration::from_hours(24),
    },
    Scope {
        name: "account-network",
        attempts: 5,
        window: SignedDuration::from_mins(15),
    },
];

/// Who tries, as the counters know it.
pub(crate) struct Attempt {
    keys: [[u8; 32]; 4],
}

impl Attempt {
    pub(crate) fn new(login: &str, network: NetworkPrefix) -> Self {
        let network = network.to_string();
        let (login, network) = (login.as_bytes(), network.as_bytes());
        let account = sha256(&[login]);
        Self {
            keys: [
                sha256(&[network]),
                account,
                account,
                sha256(&[login, network]),
            ],
        }
    }

    fn scopes(&self) -> impl Iterator<Item = (&'static Scope, &[u8])> {
        SCOPES
            .iter()
            .zip(self.keys.iter().map(<[u8; 32]>::as_slice))
    }

    /// Counts the attempt; tells until when none is tried any more, if there were too many.
    pub(crate) async fn count(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, DatabaseError> {
        let micros = now.as_microsecond();
        let mut until: Option<i64> = None;
        writing!(database, on => {
            for (scope, key) in self.scopes() {
                let window = micros_of(scope.window);
                let (attempts, started): (i64, i64) = sqlx::query_as(
                    "INSERT INTO throttle (scope, key, started_at, attempts) VALUES ($1, $2, $3, 1) \
                     ON CONFLICT (scope, key) DO UPDATE SET \
                     attempts = CASE WHEN throttle.started_at <= $4 THEN 1 ELSE throttle.attempts + 1 END, \
                     started_at = CASE WHEN throttle.started_at <= $4 THEN $3 ELSE throttle.started_at END \
                     RETURNING attempts, started_at",
                )
                .bind(scope.name).bind(key).bind(micros).bind(micros - window)
                .fetch_one(&mut *on)
                .await?;
                if attempts > scope.attempts {
                    until = until.max(Some(started.saturating_add(window)));
                }
            }
        });
        Ok(until.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }

    /// Forgets the attempts on an account whose owner has just proved who they are.
    pub(crate) async fn succeeded(&self, database: &Database) -> Result<(), DatabaseError> {
        writing!(database, on => {
            for (scope, key) in self.scopes() {
                let statement = match scope.name {
                    // A network is shared with others: only this attempt is taken back.
                    "network" => "UPDATE throttle SET attempts = attempts - 1 \
                                  WHERE scope = $1 AND key = $2 AND attempts > 0",
                    _ => "DELETE FROM throttle WHERE scope = $1 AND key = $2",
                };
                sqlx::query(statement).bind(scope.name).bind(key).execute(&mut *on).await?;
            }
        });
        Ok(())
    }
}

fn micros_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
