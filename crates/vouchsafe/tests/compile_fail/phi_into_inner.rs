//! The unwrapping function is not callable from outside.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) -> Document {
    phi.into_inner()
}

fn main() {}
