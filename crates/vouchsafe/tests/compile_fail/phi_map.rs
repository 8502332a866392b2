//! No closure can see the content.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) {
    let _ = phi.map(|document| document.to_json());
}

fn main() {}
