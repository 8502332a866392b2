//! Entries say what the gate says.

use vouchsafe::audit::{Draft, Outgoing};

fn case(entry: Outgoing) -> Draft {
    Draft { entry }
}

fn main() {}
