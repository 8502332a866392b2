//! A permit is used at the present time only.

use jiff::Timestamp;
use vouchsafe::gate::{Gate, Permit};
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(gate: Gate, permit: Permit, record: &SealedRecord, keys: &RecordKeys) {
    let _ = gate.open(permit, record, keys, Timestamp::UNIX_EPOCH);
}

fn main() {}
