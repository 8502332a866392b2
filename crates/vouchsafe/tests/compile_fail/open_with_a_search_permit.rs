//! A permit to search opens nothing.

use jiff::Timestamp;
use vouchsafe::gate::{Gate, SearchPermit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate<'_>,
    permit: SearchPermit,
    record: &SealedRecord,
    keys: &RecordKeys,
    now: Timestamp,
) {
    let _ = gate.open(permit, record, keys, now);
}

fn main() {}
