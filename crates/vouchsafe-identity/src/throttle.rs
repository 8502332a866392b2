//! Attempts to sign in are counted before they are tried, in the database: many concurrent attempts on many replicas
//! count like consecutive ones.
//!
//! Locking an account for good would let anybody lock out anybody. So attempts from familiar networks, where the
//! account was recently used, are counted separately: strangers can use up only the strangers' attempts.

use jiff::{SignedDuration, Timestamp};
use vouchsafe_database::{Database, DatabaseError, query, query_as, writing};

use crate::event::NetworkPrefix;
use crate::secrets::sha256;

/// How long a network is familiar after a sign-in.
const FAMILIAR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The key of a counter.
#[derive(Clone, Copy)]
enum Key {
    Account,
    Network,
    AccountNetwork,
}

/// The number of attempts that a key has within a window.
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

/// An attempt that exceeds one scope is not counted in the scopes below it: it is not tried, and must use up none of
/// the attempts of others. The network comes first, so that one network creates no more rows than its allowed logins.
/// Every transaction uses this order, so that no two wait for each other. Counters older than the longest window have
/// no effect; the sweep deletes them.
///
/// NIST SP 800-63B, 3.2.2, wants at most 100 consecutive failures of an account. Here they are limited by the day
/// instead, with half of them for strangers: closing an account for good would let anybody close anybody's account. The
/// second factor limits guessing further.
const STRANGE: [Scope; 4] = [
    Scope::new("network", Key::Network, 300, QUARTER),
    Scope::new("account-network", Key::AccountNetwork, 5, QUARTER),
    Scope::new("account", Key::Account, 20, QUARTER),
    Scope::new("account-day", Key::Account, 50, DAY),
];

/// From a familiar network. Failures of others there do not count against this account, and the other way round.
const KNOWN: [Scope; 2] = [
    Scope::new("account-network", Key::AccountNetwork, 5, QUARTER),
    Scope::new("familiar-day", Key::Account, 50, DAY),
];

/// The origin of an attempt, as the counters know it.
pub(crate) struct Attempt {
    account: [u8; 32],
    network: [u8; 32],
    both: [u8; 32],
}

/// A counted attempt, which may be tried.
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

    /// Counts the attempt; returns the time of the next allowed attempt, if there were too many.
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
    /// Forgets the attempts on an account after its owner signed in, and makes their network familiar.
    pub(crate) async fn succeeded(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let ends = now.saturating_add(FAMILIAR).unwrap_or(Timestamp::MAX);
        writing!(database, on => {
            for scope in scopes(self.familiar) {
                let statement = match scope.key {
                    // A network is shared with others: only this attempt is uncounted.
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
