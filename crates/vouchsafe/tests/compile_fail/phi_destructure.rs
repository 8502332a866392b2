//! PHI cannot be destructured.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) -> Document {
    let Phi { value, .. } = phi;
    value
}

fn main() {}
