//! A decision is not a permit: the gate makes one from it, with an entry.

use vouchsafe::access::Decision;
use vouchsafe::gate::Permit;

fn case(decision: Decision) -> Permit {
    decision.into()
}

fn main() {}
