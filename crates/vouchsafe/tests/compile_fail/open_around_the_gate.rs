//! The opening function is not callable from outside.

use vouchsafe::class::ClassSet;
use vouchsafe::seal::{RecordKeys, SealedRecord};

fn case(record: &SealedRecord, keys: &RecordKeys) {
    let _ = vouchsafe::seal::open_document(keys, record, ClassSet::ALL);
}

fn main() {}
