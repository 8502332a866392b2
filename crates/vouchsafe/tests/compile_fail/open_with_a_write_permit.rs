//! A permit to write opens nothing.

use vouchsafe::gate::{Gate, WritePermit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate,
    permit: WritePermit,
    record: &SealedRecord,
    keys: &RecordKeys,
) {
    let _ = gate.open(permit, record, keys);
}

fn main() {}
