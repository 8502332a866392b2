//! A permit to write opens nothing.

use jiff::Timestamp;
use vouchsafe::gate::{Gate, WritePermit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate<'_>,
    permit: WritePermit,
    record: &SealedRecord,
    keys: &RecordKeys,
    now: Timestamp,
) {
    let _ = gate.open(permit, record, keys, now);
}

fn main() {}
