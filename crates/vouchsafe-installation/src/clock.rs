//! The only module that reads the clock.

use jiff::Timestamp;

/// The current time.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
