//! A comparison would reveal the value.

use vouchsafe::phi::Phi;

fn case(phi: Phi<bool>, guess: Phi<bool>) -> bool {
    phi == guess
}

fn main() {}
