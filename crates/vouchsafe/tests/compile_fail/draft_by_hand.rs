//! Only the gate and events write entries.

use vouchsafe::audit::{Draft, Outgoing};

fn case(entry: Outgoing) -> Draft {
    Draft { entry }
}

fn main() {}
