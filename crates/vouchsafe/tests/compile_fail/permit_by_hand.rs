//! Only a decision makes a permit.

use vouchsafe::gate::Permit;

fn case() -> Permit {
    Permit {}
}

fn main() {}
