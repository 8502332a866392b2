//! PHI is no pointer to what is inside.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: &Phi<Document>) -> String {
    let document: &Document = &*phi;
    document.to_json()
}

fn main() {}
