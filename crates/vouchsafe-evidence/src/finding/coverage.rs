//! How much of a window was covered, and where it was not.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::window::{Window, length};

/// How much of a window is covered by observations.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Coverage {
    /// Seconds of the window that lie in the past.
    pub(crate) seconds: i64,
    /// Seconds of them that are covered.
    pub(crate) covered: i64,
    /// Where it is not covered.
    pub(crate) gaps: Vec<Gap>,
}

/// A part of a window that nothing speaks of. It can be explained later, and never closed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Gap {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Coverage {
    /// Whether nothing is missing.
    pub(crate) const fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.seconds > 0
    }

    /// Tenths of a percent, rounded down: 100 % is said only when nothing is missing.
    pub(crate) fn permille(&self) -> i64 {
        self.covered
            .saturating_mul(1000)
            .checked_div(self.seconds)
            .unwrap_or(0)
    }

    /// The longest gap, in seconds.
    pub(crate) fn longest(&self) -> i64 {
        let gaps = self.gaps.iter();
        let seconds = gaps.map(|gap| gap.to.as_second() - gap.from.as_second());
        seconds.max().unwrap_or(0)
    }

    /// In words: `98.7 %, 2 gaps, longest 31 h`.
    pub(crate) fn words(&self) -> String {
        if self.seconds == 0 {
            return "the window has not begun".to_owned();
        }
        let permille = self.permille();
        let percent = format!("{}.{} %", permille / 10, permille % 10);
        match self.gaps.len() {
            0 => percent,
            1 => format!("{percent}, 1 gap of {}", length(self.longest())),
            count => format!(
                "{percent}, {count} gaps, longest {}",
                length(self.longest())
            ),
        }
    }
}

/// A moment some seconds later, or the last moment that there is.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Until when a population can be expected to be known. In a window that goes on, that is its last listing, as long as the
/// next one is not overdue: the minutes since then are no gap.
pub(crate) fn expected(
    window: Window,
    as_of: Timestamp,
    last: Timestamp,
    patience: i64,
) -> Timestamp {
    let is_due = as_of > later(last, patience);
    match as_of < window.to && last > window.from && !is_due {
        true => as_of.min(last),
        false => as_of,
    }
}

/// The coverage of a window, as far as it lies in the past, by periods in order of their beginning.
pub(crate) fn of(window: Window, as_of: Timestamp, covered: &[(Timestamp, Timestamp)]) -> Coverage {
    let end = window.to.min(as_of);
    let mut gaps = Vec::new();
    let mut reached = window.from;
    let mut seconds = 0;
    for (from, to) in covered {
        let (from, to) = ((*from).max(window.from), (*to).min(end));
        if from >= to {
            continue;
        }
        if from > reached {
            gaps.push(Gap {
                from: reached,
                to: from,
            });
        }
        seconds += to.as_second() - from.max(reached).as_second().min(to.as_second());
        reached = reached.max(to);
    }
    if reached < end {
        gaps.push(Gap {
            from: reached,
            to: end,
        });
    }
    let whole = (end.as_second() - window.from.as_second()).max(0);
    Coverage {
        seconds: whole,
        covered: seconds.min(whole),
        gaps,
    }
}
