//! The time that a query leaves open.

use jiff::SignedDuration;

/// A stretch of time that may be open at either end; moments are counted from the beginning of 1970, so that each has a place.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// Then or later.
    pub from: Option<SignedDuration>,
    /// Before then.
    pub until: Option<SignedDuration>,
}

impl Window {
    /// What is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let earlier = |a: Option<SignedDuration>, b: Option<SignedDuration>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            from: self.from.max(other.from),
            until: earlier(self.until, other.until),
        }
    }

    /// What covers both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let both = |a: Option<SignedDuration>, b: Option<SignedDuration>| a.zip(b);
        Self {
            from: both(self.from, other.from).map(|(a, b)| a.min(b)),
            until: both(self.until, other.until).map(|(a, b)| a.max(b)),
        }
    }

    /// The same in whole microseconds, as rows have them: those that are in the window and no others.
    pub(crate) fn microseconds(self) -> (Option<i64>, Option<i64>) {
        let first = |since: SignedDuration| {
            let whole = since.as_micros();
            let past = since.subsec_nanos() % 1_000 > 0;
            let first = whole.saturating_add(i128::from(past));
            i64::try_from(first).unwrap_or(if first < 0 { i64::MIN } else { i64::MAX })
        };
        (self.from.map(first), self.until.map(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_between_two_microseconds_is_after_the_first() {
        let window = |from: i64, until: i64| Window {
            from: Some(SignedDuration::from_nanos(from)),
            until: Some(SignedDuration::from_nanos(until)),
        };
        assert_eq!(window(1_000, 2_000).microseconds(), (Some(1), Some(2)));
        assert_eq!(window(1_001, 2_999).microseconds(), (Some(2), Some(3)));
        assert_eq!(window(-1_999, -1).microseconds(), (Some(-1), Some(0)));
        let all = Window {
            from: Some(SignedDuration::MIN),
            until: Some(SignedDuration::MAX),
        };
        assert_eq!(all.microseconds(), (Some(i64::MIN), Some(i64::MAX)));
        assert_eq!(Window::default().microseconds(), (None, None));
    }
}
