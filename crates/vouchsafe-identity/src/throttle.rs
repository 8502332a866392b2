//! Attempts to sign in are counted before they are tried, in the database: many at once on many
//! replicas count as well as one after the other.
//!
//! Locking an account for good would let anybody lock out anybody. So attempts from networks from which the account was
//! signed in with lately are counted apart: strangers can use up what strangers have, and no more.

use jiff::{SignedDuration, Timestamp};
use vouchsafe_database::{Database, DatabaseError, query, query_as, writing};

use crate::event::NetworkPrefix;
use crate::secrets::sha256;

/// For so long after a sign-in its network is familiar.
const FAMILIAR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Of what attempts are counted.
#[derive(Clone, Copy)]
enum Key {
    Account,
    Network,
    AccountNetwork,
}

/// How many attempts a key has within a window.
struct Scope {
    name: &'static str,
    key: Key,
    attempts: i64,
    window: SignedDuration,
}

impl Scope {
    const fn new(name: &'static str, key: Key, attempts: i64, window: SignedDuration) -> Self {
        Self {
            name,
            key,
            attempts,
            window,
        }
    }
}

const QUARTER: SignedDuration = SignedDuration::from_mins(15);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An attempt that is over in one is counted in none below: it is not tried, and must use up nothing of what others
/// have. The network comes first, so that one network makes no more rows than it may try logins. In this order in every
/// transaction, so that two never wait for one another. What is older than the longest window counts for nothing; the
/// sweep deletes it.
///
/// NIST SP 800-63B, 3.2.2, wants at most 100 failures in a row of an account. These are bounded by the day instead, half
/// of them for strangers: to close an account for good would let anybody close anybody's. The second factor bounds
/// guessing further.
const STRANGE: [Scope; 4] = [
    Scope::new("network", Key::Network, 300, QUARTER),
    Scope::new("account-network", Key::AccountNetwork, 5, QUARTER),
    Scope::new("account", Key::Account, 20, QUARTER),
    Scope::new("account-day", Key::Account, 50, DAY),
];

/// From a familiar network. What others fail with there is not counted against this account, nor the other way round.
const KNOWN: [Scope; 2] = [
    Scope::new("account-network", Key::AccountNetwork, 5, QUARTER),
    Scope::new("familiar-day", Key::Account, 50, DAY),
];

/// Who tries, as the counters know it.
pub(crate) struct Attempt {
    account: [u8; 32],
    network: [u8; 32],
    both: [u8; 32],
}

/// An attempt that was counted, and may be tried.
pub(crate) struct Counted {
    attempt: Attempt,
    familiar: bool,
}

impl Attempt {
    pub(crate) fn new(login: &str, network: NetworkPrefix) -> Self {
        let network = network.to_string();
        let (login, network) = (login.as_bytes(), network.as_bytes());
        Self {
            account: sha256(&[login]),
            network: sha256(&[network]),
            both: sha256(&[login, network]),
        }
    }

    const fn key(&self, scope: &Scope) -> &[u8] {
        match scope.key {
            Key::Account => &self.account,
            Key::Network => &self.network,
            Key::AccountNetwork => &self.both,
        }
    }

    /// Counts the attempt; tells until when none is tried any more, if there were too many.
    pub(crate) async fn count(
        self,
        database: &Database,
        now: Timestamp,
    ) -> Result<Result<Counted, Timestamp>, DatabaseError> {
        let micros = now.as_microsecond();
        let mut until = None;
        let familiar = writing!(database, on => {
            let familiar: Option<i64> = query_as(
                "SELECT ends_at FROM familiar_networks WHERE key = $1 AND ends_at > $2",
            )
            .bind(&self.both[..]).bind(micros)
            .fetch_optional(&mut *on)
            .await?;
            for scope in scopes(familiar.is_some()) {
                let window = micros_of(scope.window);
                let (attempts, started): (i64, i64) = query_as(
                    "INSERT INTO throttle (scope, key, started_at, attempts) VALUES ($1, $2, $3, 1) \
                     ON CONFLICT (scope, key) DO UPDATE SET \
                     attempts = CASE WHEN throttle.started_at <= $4 THEN 1 ELSE throttle.attempts + 1 END, \
                     started_at = CASE WHEN throttle.started_at <= $4 THEN $3 ELSE throttle.started_at END \
                     RETURNING attempts, started_at",
                )
                .bind(scope.name).bind(self.key(scope)).bind(micros).bind(micros - window)
                .fetch_one(&mut *on)
                .await?;
                if attempts > scope.attempts {
                    until = Some(started.saturating_add(window));
                    break;
                }
            }
            familiar.is_some()
        });
        match until {
            Some(micros) => Ok(Err(
                Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
            )),
            None => Ok(Ok(Counted {
                attempt: self,
                familiar,
            })),
        }
    }
}

impl Counted {
    /// Forgets the attempts on an account whose owner has just proved who they are, and knows their network from now on.
    pub(crate) async fn succeeded(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let ends = now.saturating_add(FAMILIAR).unwrap_or(Timestamp::MAX);
        writing!(database, on => {
            for scope in scopes(self.familiar) {
                let statement = match scope.key {
                    // A network is shared with others: only this attempt is taken back.
                    Key::Network => "UPDATE throttle SET attempts = attempts - 1 \
                                     WHERE scope = $1 AND key = $2 AND attempts > 0",
                    Key::Account | Key::AccountNetwork => {
                        "DELETE FROM throttle WHERE scope = $1 AND key = $2"
                    }
                };
                query(statement)
                    .bind(scope.name).bind(self.attempt.key(scope))
                    .execute(&mut *on)
                    .await?;
            }
            query(
                "INSERT INTO familiar_networks (key, ends_at) VALUES ($1, $2) \
                 ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at",
            )
            .bind(&self.attempt.both[..]).bind(ends.as_microsecond())
            .execute(&mut *on)
            .await?;
        });
        Ok(())
    }
}

const fn scopes(familiar: bool) -> &'static [Scope] {
    if familiar { &KNOWN } else { &STRANGE }
}

fn micros_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
