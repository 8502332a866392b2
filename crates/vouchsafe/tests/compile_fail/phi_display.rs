//! PHI does not print.

use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>) -> String {
    format!("{}", phi)
}

fn main() {}
