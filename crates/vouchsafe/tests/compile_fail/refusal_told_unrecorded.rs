//! Why something was refused is told once the entry is durable.

use vouchsafe::access::Denied;
use vouchsafe::gate::Refusal;

fn case(refusal: Refusal) -> Denied {
    refusal.denied
}

fn main() {}
