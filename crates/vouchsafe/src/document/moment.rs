//! Moments as documents write them, which may leave the zone out.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

/// A moment as it was written: by the clock on the wall, and by the world's where the zone was written too.
///
/// Each is counted from the beginning of 1970, so that the end of the year 9999 has a place as any other moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// What the calendar and the clock on the wall say.
    pub wall: SignedDuration,
    /// What they say in UTC; none of a moment that was written without a zone, as a day is.
    pub utc: Option<SignedDuration>,
}

/// Begin and end (exclusive) of a point or stretch of time.
pub type Span = (Moment, Moment);

impl Moment {
    /// Before every other.
    pub const FIRST: Self = Self {
        wall: SignedDuration::MIN,
        utc: Some(SignedDuration::MIN),
    };
    /// After every other.
    pub const LAST: Self = Self {
        wall: SignedDuration::MAX,
        utc: Some(SignedDuration::MAX),
    };

    /// Which of two is earlier. Where one has no zone, the clocks on the wall are compared, whatever zone the other has.
    #[must_use]
    pub fn order(self, other: Self) -> Ordering {
        match (self.utc, other.utc) {
            (Some(own), Some(other)) => own.cmp(&other),
            _ => self.wall.cmp(&other.wall),
        }
    }

    /// The moment in UTC, which is taken for the zone where none was written. What is beyond all that can be told becomes the
    /// first or the last that can: an end that is too far away is far away, and not over.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let since = self.utc.unwrap_or(self.wall);
        Timestamp::from_duration(since).unwrap_or(if since.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl From<Timestamp> for Moment {
    /// A moment that was written in UTC.
    fn from(at: Timestamp) -> Self {
        let since = at.as_duration();
        Self {
            wall: since,
            utc: Some(since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: i64, utc: Option<i64>) -> Moment {
        Moment {
            wall: SignedDuration::from_secs(wall),
            utc: utc.map(SignedDuration::from_secs),
        }
    }

    #[test]
    fn zones_count_where_both_have_one() {
        let (west, east) = (moment(10, Some(20)), moment(15, Some(5)));
        assert_eq!(west.order(east), Ordering::Greater);
        assert_eq!(west.order(moment(15, None)), Ordering::Less);
        assert_eq!(moment(15, None).order(east), Ordering::Equal);
        for moment in [west, moment(0, None), moment(0, Some(0))] {
            assert_eq!(moment.order(Moment::LAST), Ordering::Less);
            assert_eq!(moment.order(Moment::FIRST), Ordering::Greater);
        }
    }

    #[test]
    fn what_cannot_be_told_is_far_away() {
        assert_eq!(Moment::LAST.timestamp(), Timestamp::MAX);
        assert_eq!(Moment::FIRST.timestamp(), Timestamp::MIN);
        assert_eq!(moment(253_402_300_800, None).timestamp(), Timestamp::MAX);
        let at = Timestamp::from_second(1_000).unwrap();
        assert_eq!(moment(4_600, Some(1_000)).timestamp(), at);
        assert_eq!(Moment::from(at), moment(1_000, Some(1_000)));
    }
}
