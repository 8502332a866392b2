//! Opening uses the permit up.

use jiff::Timestamp;
use vouchsafe::gate::{Gate, Permit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate<'_>,
    permit: Permit,
    record: &SealedRecord,
    keys: &RecordKeys,
    now: Timestamp,
) {
    let _ = gate.open(permit, record, keys, now);
    let _ = gate.open(permit, record, keys, now);
}

fn main() {}
