//! PHI comes only from opening.

use vouchsafe::phi::Phi;

fn case() -> Phi<bool> {
    Phi { value: true }
}

fn main() {}
