//! Sealing uses the permit up.

use jiff::Timestamp;
use vouchsafe::document::{Document, Layout};
use vouchsafe::gate::{Gate, WritePermit};
use vouchsafe::seal::RecordKeys;

fn case(
    gate: Gate<'_>,
    permit: WritePermit,
    documents: [Document; 2],
    layout: &dyn Layout,
    keys: &RecordKeys,
    now: Timestamp,
) {
    let [first, second] = documents;
    let _ = gate.seal(permit, first, layout, None, keys, now);
    let _ = gate.seal(permit, second, layout, None, keys, now);
}

fn main() {}
