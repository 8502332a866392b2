//! A permit opens once.

use vouchsafe::gate::Permit;

fn case(permit: &Permit) -> Permit {
    permit.clone()
}

fn main() {}
