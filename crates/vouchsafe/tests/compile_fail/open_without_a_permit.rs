//! Opening takes a permit.

use jiff::Timestamp;
use vouchsafe::gate::Gate;
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(gate: Gate<'_>, record: &SealedRecord, keys: &RecordKeys, now: Timestamp) {
    let _ = gate.open(record, keys, now);
}

fn main() {}
