//! Periods of time.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// A period: from its first moment to the moment before its end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Window {
    /// Its first moment.
    pub(crate) from: Timestamp,
    /// The moment after its last.
    pub(crate) to: Timestamp,
}

/// A period ends before it begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum WindowError {
    /// The last day is before the first.
    #[error("the last day is before the first")]
    Backwards,
    /// A day is outside of what can be computed with.
    #[error("the day is outside of the years -9999 to 9999")]
    Range,
}

impl Window {
    /// From the first moment of the first day to the last moment of the last, in UTC.
    ///
    /// # Errors
    /// [`WindowError`] when the days are the wrong way round.
    pub(crate) fn days(first: Date, last: Date) -> Result<Self, WindowError> {
        if last < first {
            return Err(WindowError::Backwards);
        }
        let next = last.checked_add(1.day()).map_err(|_| WindowError::Range)?;
        Ok(Self {
            from: start_of(first)?,
            to: start_of(next)?,
        })
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub(crate) fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether something that lasted from one moment to another (or still does) lies in it, in part.
    #[must_use]
    pub(crate) fn overlaps(&self, from: Timestamp, to: Option<Timestamp>) -> bool {
        from < self.to && to.is_none_or(|to| to >= self.from)
    }

    /// Its length in seconds.
    #[must_use]
    pub(crate) fn seconds(&self) -> i64 {
        self.to.as_second().saturating_sub(self.from.as_second())
    }
}

/// The first moment of a day, in UTC.
pub(crate) fn start_of(day: Date) -> Result<Timestamp, WindowError> {
    Offset::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .map_err(|_| WindowError::Range)
}

/// The day of a moment, in UTC.
pub(crate) fn day_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.to.checked_sub(1.second()).unwrap_or(self.to);
        write!(f, "{} to {}", day_of(self.from), day_of(last))
    }
}

/// A number of seconds as people say it: `31 h`, `12 days`.
#[must_use]
pub(crate) fn length(seconds: i64) -> String {
    match seconds {
        ..0 => "0 s".to_owned(),
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..259_200 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
