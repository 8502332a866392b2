//! Deletes rows that have no more effect: ended sessions and links, expired attempts, networks that are no longer
//! familiar, retired keys. The audit log keeps their history.

use jiff::{SignedDuration, Timestamp};
use vouchsafe_database::{Database, DatabaseError, query, writing};

use crate::identity::Identity;

/// How long ended rows are kept: longer than any token, and than any window of attempts.
pub const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24);

/// Number of deleted rows of each kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Sessions that had ended.
    pub sessions: u64,
    /// One-time links that were used, withdrawn or expired.
    pub links: u64,
    /// Counters of attempts to sign in.
    pub attempts: u64,
    /// Networks from which nobody signed in for a long time.
    pub networks: u64,
    /// Retired keys that signed access tokens.
    pub signing_keys: u64,
}

impl Swept {
    /// Each kind with its name, in the order of the fields.
    #[must_use]
    pub const fn kinds(&self) -> [(&'static str, u64); 5] {
        let Self {
            sessions,
            links,
            attempts,
            networks,
            signing_keys,
        } = *self;
        [
            ("sessions", sessions),
            ("links", links),
            ("attempts", attempts),
            ("networks", networks),
            ("signing-keys", signing_keys),
        ]
    }
}

/// The statements: `$1` is the latest end of deleted rows, `$2` the maximum number of rows of a kind.
macro_rules! statements {
    ($skip_locked:literal) => {
        [
            concat!(
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
                 WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT $2",
                $skip_locked,
                ")"
            ),
            concat!(
                "DELETE FROM enrolments WHERE id IN (SELECT id FROM enrolments \
                 WHERE expires_at <= $1 OR used_at <= $1 OR withdrawn_at <= $1 LIMIT $2",
                $skip_locked,
                ")"
            ),
            concat!(
                "DELETE FROM throttle WHERE (scope, key) IN (SELECT scope, key FROM throttle \
                 WHERE started_at <= $1 LIMIT $2",
                $skip_locked,
                ")"
            ),
            concat!(
                "DELETE FROM familiar_networks WHERE key IN (SELECT key FROM familiar_networks \
                 WHERE ends_at <= $1 LIMIT $2",
                $skip_locked,
                ")"
            ),
            concat!(
                "DELETE FROM signing_keys WHERE number IN (SELECT number FROM signing_keys \
                 WHERE retired_at <= $1 LIMIT $2",
                $skip_locked,
                ")"
            ),
        ]
    };
}

const SQLITE: [&str; 5] = statements!("");
/// Rows that another transaction holds are left for the next sweep: waiting for another sweep, or for a sign-in, could
/// be a deadlock.
const POSTGRES: [&str; 5] = statements!(" FOR UPDATE SKIP LOCKED");

impl Identity {
    /// Deletes rows that ended [`KEPT_AFTER_END`] before `now`, at most `limit` rows of each kind.
    ///
    /// People, services, factors, rights and links to records stay, and so does the current signing key. One-time codes
    /// leave no rows: a person has one row, with the last step.
    ///
    /// # Errors
    /// [`DatabaseError`]; then no row was deleted.
    pub async fn sweep(&self, now: Timestamp, limit: u32) -> Result<Swept, DatabaseError> {
        let over = now.saturating_sub(KEPT_AFTER_END);
        let over = over.unwrap_or(Timestamp::MIN).as_microsecond();
        let limit = i64::from(limit);
        let statements = match &self.database {
            Database::Sqlite(_) => SQLITE,
            Database::Postgres(_) => POSTGRES,
        };
        let mut counts = [0; 5];
        writing!(&self.database, on => {
            for (count, statement) in counts.iter_mut().zip(statements) {
                let deleted = query(statement).bind(over).bind(limit).execute(&mut *on);
                *count = deleted.await?;
            }
        });
        let [sessions, links, attempts, networks, signing_keys] = counts;
        Ok(Swept {
            sessions,
            links,
            attempts,
            networks,
            signing_keys,
        })
    }
}
