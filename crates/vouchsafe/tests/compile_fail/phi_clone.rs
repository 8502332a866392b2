//! There are no two of one opening.

use vouchsafe::phi::Phi;

fn case(phi: &Phi<bool>) -> Phi<bool> {
    phi.clone()
}

fn main() {}
