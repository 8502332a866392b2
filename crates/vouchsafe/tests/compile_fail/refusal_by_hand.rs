//! Only the gate refuses, with an entry.

use vouchsafe::access::Denied;
use vouchsafe::gate::Refusal;

fn case(denied: Denied) -> Refusal {
    Refusal { denied }
}

fn main() {}
