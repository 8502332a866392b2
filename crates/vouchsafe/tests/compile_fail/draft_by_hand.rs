//! Entries say what the gate says.

use jiff::Timestamp;
use vouchsafe::audit::{Draft, EntryKind};

fn case(time: Timestamp) -> Draft {
    Draft {
        kind: EntryKind::Event,
        time,
    }
}

fn main() {}
