//! A permit to search opens nothing.

use vouchsafe::gate::{Gate, SearchPermit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate,
    permit: SearchPermit<'_>,
    record: &SealedRecord,
    keys: &RecordKeys,
) {
    let _ = gate.open(permit, record, keys);
}

fn main() {}
