//! PHI comes from opening alone.

use vouchsafe::phi::Phi;

fn case() -> Phi<bool> {
    Phi { value: true }
}

fn main() {}
