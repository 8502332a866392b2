//! The clock and the waiting, apart so that tests need neither.

use std::time::Duration;

use jiff::Timestamp;

/// Reads the clock and waits.
pub(crate) trait Pace {
    /// The time.
    fn now(&mut self) -> Timestamp;
    /// Waits.
    fn sleep(&mut self, duration: Duration);
}

/// The clock of the machine.
#[derive(Debug)]
pub(crate) struct System;

impl Pace for System {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
