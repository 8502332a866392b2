//! A sealed record is stored only after its entry is durable.

use vouchsafe::gate::Written;
use vouchsafe::seal::SealedRecord;

fn case(written: Written) -> SealedRecord {
    written.record
}

fn main() {}
