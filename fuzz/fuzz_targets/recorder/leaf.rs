//! Entries of the log: none can speak for the recorder, and a leaf gives back what was stamped on it.
#![no_main]
#![allow(
    dead_code,
    reason = "the recorder's own modules, of which this is one use"
)]

#[path = "../../../crates/vouchsafe-ledger/src/leaf.rs"]
mod leaves;
#[path = "../../../crates/vouchsafe-ledger/src/octets.rs"]
mod octets;

use jiff::Timestamp;
use leaves::Leaf;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;
use vouchsafe::audit::{self, Source};

fuzz_target!(|bytes: &[u8]| {
    let source = Source {
        replica: Uuid::from_u128(1),
        boot: Uuid::from_u128(2),
    };
    let recorded = Timestamp::from_microsecond(1_800_000_000_000_001).unwrap();
    let stamped = audit::leaf(bytes, &source, 9, recorded);
    let read = Leaf::read(&stamped);
    match leaves::said(bytes) {
        Ok(said) => {
            let leaf = read.expect("an entry that is taken reads back");
            assert_eq!((leaf.counter, leaf.source), (9, source));
            assert_eq!((leaf.recorded, leaf.kind), (recorded, said.kind));
            assert_eq!(leaf.entry.as_bytes(), bytes);
        }
        // What is refused may be an entry with spaces around it, but says nothing else of the stamps.
        Err(_) => {
            if let Ok(leaf) = read {
                assert_eq!((leaf.counter, leaf.source), (9, source));
                assert_eq!(leaf.recorded, recorded);
            }
        }
    }
    if let Ok(leaf) = Leaf::read(bytes) {
        let said = leaves::said(leaf.entry.as_bytes()).expect("a leaf's entry is one");
        assert_eq!(said.kind, leaf.kind);
    }
});
