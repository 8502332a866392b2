//! Servers that change under us: the primary stops, or becomes a standby.
//!
//! A connection to a server that was demoted answers pings, reads old rows and refuses writes: a pool would keep it for its
//! whole life. So the first error that tells of a failover marks the moment, and no connection that was made before it is used
//! again. The mark is for the whole process: three databases often stand on one server, and a connection that is made
//! anew for nothing costs a few milliseconds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// SQLSTATEs: `read_only_sql_transaction`, `admin_shutdown`, `crash_shutdown`, `cannot_connect_now`, `idle_session_timeout`.
const SIGNS: [&str; 5] = ["25006", "57P01", "57P02", "57P03", "57P05"];

/// Milliseconds from [`begin`] to the last sign; 0 before there was one.
static LAST_SIGN: AtomicU64 = AtomicU64::new(0);

/// Marks the moment, if the SQLSTATE is a sign.
pub(crate) fn heed(code: &str) {
    if SIGNS.contains(&code) {
        LAST_SIGN.fetch_max(now(), Ordering::AcqRel);
    }
}

/// Whether a connection of this age was made before the last sign.
pub(crate) fn outlived(age: Duration) -> bool {
    is_before(age, now(), LAST_SIGN.load(Ordering::Acquire))
}

fn is_before(age: Duration, now: u64, sign: u64) -> bool {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    sign != 0 && now.saturating_sub(age) <= sign
}

fn now() -> u64 {
    // Never 0: that stands for "no sign".
    u64::try_from(begin().elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

fn begin() -> Instant {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    *BEGIN.get_or_init(Instant::now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_from_before_a_sign_is_not_used_again() {
        let age = Duration::from_millis;
        // Now is 1,000; the sign came at 900.
        assert!(is_before(age(200), 1_000, 900));
        assert!(is_before(age(100), 1_000, 900));
        assert!(!is_before(age(99), 1_000, 900));
        assert!(!is_before(age(0), 1_000, 900));
        // Older than the process knows.
        assert!(is_before(Duration::MAX, 1_000, 900));
    }

    #[test]
    fn without_a_sign_every_connection_may_be_used() {
        assert!(!is_before(Duration::MAX, 1_000, 0));
    }
}
