//! Opening consumes the permit.

use vouchsafe::gate::{Gate, Permit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(
    gate: Gate,
    permit: Permit,
    record: &SealedRecord,
    keys: &RecordKeys,
) {
    let _ = gate.open(permit, record, keys);
    let _ = gate.open(permit, record, keys);
}

fn main() {}
