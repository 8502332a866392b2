//! Only the gate can seal and open with the keys of records.

use vouchsafe::document::Slot;
use vouchsafe::ids::RecordType;
use vouchsafe::seal::RecordKeys;

fn case(keys: &RecordKeys, record_type: &RecordType, slot: &Slot) {
    let _ = keys.sealing(record_type, slot);
}

fn main() {}
