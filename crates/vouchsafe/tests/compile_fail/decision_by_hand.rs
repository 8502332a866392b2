//! Only the policies make a decision.

use vouchsafe::access::{BundleHash, Decision};
use vouchsafe::class::ClassSet;

fn case(bundle: BundleHash) -> Decision {
    Decision {
        outcome: Ok(ClassSet::ALL),
        roles: Vec::new(),
        policies: Vec::new(),
        bundle,
    }
}

fn main() {}
