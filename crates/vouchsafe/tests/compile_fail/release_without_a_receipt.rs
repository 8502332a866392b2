//! Releasing takes a receipt.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) {
    let _ = phi.release();
}

fn main() {}
