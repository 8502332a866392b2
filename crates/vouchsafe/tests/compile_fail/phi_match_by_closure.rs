//! Predicates are data, so none can leak the content.

use vouchsafe::document::{Document, Node};
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) {
    let _ = phi.matches(|document: &Node| document.is_null());
}

fn main() {}
