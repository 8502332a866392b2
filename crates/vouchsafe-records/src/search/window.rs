//! The time that a query leaves open.

use jiff::Timestamp;

/// A stretch of time that may be open at either end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

impl Window {
    /// What is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let later = |a: Option<Timestamp>, b| a.max(b);
        let earlier = |a: Option<Timestamp>, b: Option<Timestamp>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            from: later(self.from, other.from),
            until: earlier(self.until, other.until),
        }
    }

    /// What covers both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let both = |a: Option<Timestamp>, b: Option<Timestamp>| a.zip(b);
        Self {
            from: both(self.from, other.from).map(|(a, b)| a.min(b)),
            until: both(self.until, other.until).map(|(a, b)| a.max(b)),
        }
    }
}
