//! Failover: the primary stops, or becomes a standby.
//!
//! A connection to a demoted server answers pings, reads old rows and refuses writes, so a pool would keep it for its
//! whole life. Therefore the first sign of a failover marks the moment, and no connection made before it is used again.
//! The mark is for the whole process: the three databases are often on one server, and an unnecessary new connection
//! costs a few milliseconds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// SQLSTATEs: `read_only_sql_transaction`, `admin_shutdown`, `crash_shutdown`, `cannot_connect_now`.
const SIGNS: [&str; 4] = ["25006", "57P01", "57P02", "57P03"];

/// The moment of the last sign; 0 before the first one.
static LAST_SIGN: AtomicU64 = AtomicU64::new(0);

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A moment, in nanoseconds since the first call in this process.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn now() -> Self {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        let begin = BEGIN.get_or_init(Instant::now);
        // Never 0, which means "no sign".
        let passed = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Self(passed.saturating_add(1))
    }

    /// The moment after this duration, as a number.
    pub(crate) fn plus(self, time: Duration) -> u64 {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_add(time)
    }

    /// Whether this is later than a moment; 0 means none.
    pub(crate) const fn is_after(self, moment: u64) -> bool {
        moment != 0 && self.0 > moment
    }

    /// Whether a sign came at this moment or later: a connection of this moment is not used again.
    pub(crate) fn is_before_sign(self) -> bool {
        self.precedes(LAST_SIGN.load(Ordering::Acquire))
    }

    const fn precedes(self, sign: u64) -> bool {
        sign != 0 && self.0 <= sign
    }
}

/// Marks the moment, if the SQLSTATE is a sign.
pub(crate) fn mark_if_sign(code: &str) {
    if SIGNS.contains(&code) {
        mark();
    }
}

/// Marks the present moment as a failover.
pub(crate) fn mark() {
    LAST_SIGN.fetch_max(Moment::now().0, Ordering::AcqRel);
    COUNT.fetch_add(1, Ordering::AcqRel);
}

/// Number of failover signs, from all databases of this process. While it grows, a service is not ready.
pub fn failover_signs() -> u64 {
    COUNT.load(Ordering::Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_from_before_a_sign_is_not_used_again() {
        assert!(Moment(800).precedes(900));
        assert!(Moment(900).precedes(900));
        assert!(!Moment(901).precedes(900));
    }

    #[test]
    fn without_a_sign_every_connection_may_be_used() {
        assert!(!Moment(1).precedes(0));
    }

    #[test]
    fn an_end_is_reached_after_its_time() {
        let end = Moment(100).plus(Duration::from_nanos(50));
        assert!(!Moment(150).is_after(end));
        assert!(Moment(151).is_after(end));
        assert!(!Moment(u64::MAX).is_after(0));
        assert!(!Moment(u64::MAX).is_after(Moment(1).plus(Duration::MAX)));
    }

    #[test]
    fn moments_grow() {
        let first = Moment::now();
        assert!(first.0 > 0);
        assert!(Moment::now() >= first);
    }
}
