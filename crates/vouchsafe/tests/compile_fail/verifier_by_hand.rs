//! A verifier of tokens comes only from the trusted module.

use vouchsafe::session::{Verifier, VerifyingKeys};

fn case(keys: VerifyingKeys) -> Verifier {
    Verifier::new(keys, "issuer", "audience")
}

fn main() {}
