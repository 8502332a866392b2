//! The one place that reads the clock.

use jiff::Timestamp;

/// What time it is.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
