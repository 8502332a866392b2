//! Facts cannot be changed afterwards.

use vouchsafe::access::Facts;

fn case(facts: &mut Facts) {
    facts.care = true;
}

fn main() {}
