//! The log gets what drafts hold, and nothing that somebody made up.

use bytes::Bytes;
use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Outgoing};

fn case(time: Timestamp, bytes: Bytes) -> Outgoing {
    Outgoing { kind: EntryKind::Event, time, bytes }
}

fn main() {}
