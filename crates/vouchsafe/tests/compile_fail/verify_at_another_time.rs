//! The time at which a token is verified comes only from the module that reviewers search for.

use jiff::Timestamp;
use vouchsafe::session::Verifier;

fn case(verifier: &Verifier, token: &str) {
    let _ = verifier.verify(token, Timestamp::UNIX_EPOCH);
}

fn main() {}
