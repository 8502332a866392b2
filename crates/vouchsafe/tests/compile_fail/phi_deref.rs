//! PHI does not dereference to its content.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: &Phi<Document>) -> String {
    let document: &Document = &*phi;
    document.to_json()
}

fn main() {}
