//! And a verifier of tokens.

use vouchsafe::session::{Verifier, VerifyingKeys};

fn case(keys: VerifyingKeys) -> Verifier {
    Verifier::new(keys, "issuer", "audience")
}

fn main() {}
