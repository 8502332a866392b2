//! PHI does not come apart.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) -> Document {
    let Phi { value, .. } = phi;
    value
}

fn main() {}
