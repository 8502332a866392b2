//! No closure gets at what is inside.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) {
    let _ = phi.map(|document| document.to_json());
}

fn main() {}
