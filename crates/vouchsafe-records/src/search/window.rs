//! Ranges of days that a query asks for, as entries of an index.

use jiff::civil::Date as Day;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::pack::IndexOf;

/// More days than this are not looked up one by one.
const MAX_DAYS: usize = 62;

/// The time that all values of a parameter leave open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    pub(super) from: Option<Timestamp>,
    /// Exclusive.
    pub(super) until: Option<Timestamp>,
}

impl Window {
    /// What is in both.
    pub(super) fn and(self, other: Self) -> Self {
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
    pub(super) fn or(self, other: Self) -> Self {
        let both = |a: Option<Timestamp>, b: Option<Timestamp>| a.zip(b);
        Self {
            from: both(self.from, other.from).map(|(a, b)| a.min(b)),
            until: both(self.until, other.until).map(|(a, b)| a.max(b)),
        }
    }

    /// The entries that an index has for its days; none when there are too many, or no end.
    ///
    /// Days of instants are indexed as they were written, in whatever offset; a query's day is
    /// one of UTC. So the days before and after are looked up too, and the test after opening
    /// decides.
    pub(super) fn entries(self, of: IndexOf) -> Option<Vec<Vec<u8>>> {
        let margin = match of {
            IndexOf::Day => Span::new().days(1),
            IndexOf::Date => Span::new(),
            IndexOf::Token | IndexOf::Word => return None,
        };
        let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
        let first = day(self.from?).checked_sub(margin).ok()?;
        let last = day(self.until?.checked_sub(Span::new().nanoseconds(1)).ok()?);
        let last = last.checked_add(margin).ok()?;
        let mut entries = Vec::new();
        let mut at: Day = first;
        while at <= last {
            if entries.len() == MAX_DAYS {
                return None;
            }
            entries.push(at.to_string().into_bytes());
            at = at.tomorrow().ok()?;
        }
        Some(entries)
    }
}
