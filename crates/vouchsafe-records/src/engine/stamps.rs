//! When a version was written: never before the version before, and never before what was written before.
//!
//! A caller who asks for what was written since the latest time it knows of must miss nothing because a clock was set back.
//! So a write is stamped with the time of the clock, or with the microsecond after the latest stamp if the clock is behind
//! it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::store::{Store, StoreError};

/// A clock that is further behind than this was set right and not back: then only a record's own versions stay in order.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// The stamps of a process's writes.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// The latest, in microseconds since 1970.
    latest: AtomicI64,
    /// Whether those of processes before are known.
    begun: AtomicBool,
}

impl Stamps {
    /// Looks up, once, what processes before have written last.
    pub(super) async fn begin(&self, store: &Store) -> Result<(), StoreError> {
        if self.begun.load(Ordering::Acquire) {
            return Ok(());
        }
        // Several writes may look at once: each finds the same.
        if let Some(latest) = store.latest_write().await? {
            let latest = latest.as_microsecond();
            self.latest.fetch_max(latest, Ordering::AcqRel);
        }
        self.begun.store(true, Ordering::Release);
        Ok(())
    }

    /// The stamp of a write of records whose latest version before was written then.
    pub(super) fn next(&self, now: Timestamp, before: Option<Timestamp>) -> Timestamp {
        let now = now.as_microsecond();
        let ahead = i64::try_from(AHEAD.as_micros()).unwrap_or(i64::MAX);
        let stamp = |latest: i64| {
            if latest.saturating_sub(now) > ahead {
                now
            } else {
                now.max(latest.saturating_add(1))
            }
        };
        let latest = self
            .latest
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |latest| {
                Some(stamp(latest))
            });
        let stamp = stamp(latest.unwrap_or_else(|latest| latest));
        let after = before.map_or(i64::MIN, |before| before.as_microsecond().saturating_add(1));
        Timestamp::from_microsecond(stamp.max(after)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_clock_that_steps_back_makes_no_earlier_stamp() {
        let stamps = Stamps::default();
        let mut before = stamps.next(at(100_000), None);
        assert_eq!(before, at(100_000));
        for clock in [100_000, 99_996, 99_940, 99_999, 97_000] {
            let next = stamps.next(at(clock), None);
            assert!(before < next && next < at(100_001), "{clock}");
            before = next;
        }
        assert_eq!(stamps.next(at(100_001), None), at(100_001));
    }

    #[test]
    fn a_version_is_later_than_the_one_before_whatever_the_clock_says() {
        let stamps = Stamps::default();
        assert!(stamps.next(at(100), Some(at(900_000))) > at(900_000));
        // What one record brought from a false clock is not for all others.
        assert_eq!(stamps.next(at(101), None), at(101));
    }

    #[test]
    fn a_clock_that_was_set_right_is_followed() {
        let stamps = Stamps::default();
        stamps.next(at(100_000), None);
        assert_eq!(stamps.next(at(10_000), None), at(10_000));
    }
}
