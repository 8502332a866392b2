//! PHI comes from opening, not from text.

use vouchsafe::phi::Phi;

fn case(text: &str) {
    let _: Result<Phi<bool>, _> = serde_json::from_str(text);
}

fn main() {}
