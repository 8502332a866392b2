//! The reason for a refusal is available only after its entry is durable.

use vouchsafe::access::Denied;
use vouchsafe::gate::Refusal;

fn case(refusal: Refusal) -> Denied {
    refusal.denied
}

fn main() {}
