//! Opening takes a permit.

use vouchsafe::gate::Gate;
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(gate: Gate, record: &SealedRecord, keys: &RecordKeys) {
    let _ = gate.open(record, keys);
}

fn main() {}
