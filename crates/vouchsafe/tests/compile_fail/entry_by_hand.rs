//! The log gets only entries of drafts, no invented ones.

use bytes::Bytes;
use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Outgoing};

fn case(time: Timestamp, bytes: Bytes) -> Outgoing {
    Outgoing { kind: EntryKind::Event, time, bytes }
}

fn main() {}
