//! Opened PHI cannot be cloned.

use vouchsafe::phi::Phi;

fn case(phi: &Phi<bool>) -> Phi<bool> {
    phi.clone()
}

fn main() {}
