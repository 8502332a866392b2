//! What is inside has no name outside.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) -> Document {
    phi.value
}

fn main() {}
