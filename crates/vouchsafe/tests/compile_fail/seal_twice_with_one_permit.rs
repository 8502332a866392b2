//! Sealing consumes the permit.

use vouchsafe::document::{Document, Layout};
use vouchsafe::gate::{Gate, WritePermit};
use vouchsafe::seal::RecordKeys;

fn case(
    gate: Gate,
    permit: WritePermit,
    documents: [Document; 2],
    layout: &dyn Layout,
    keys: &RecordKeys,
) {
    let [first, second] = documents;
    let _ = gate.seal(permit, first, layout, None, keys);
    let _ = gate.seal(permit, second, layout, None, keys);
}

fn main() {}
