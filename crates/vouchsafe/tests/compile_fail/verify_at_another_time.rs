//! At which time a token is looked at is chosen where reviewers look.

use jiff::Timestamp;
use vouchsafe::session::Verifier;

fn case(verifier: &Verifier, token: &str) {
    let _ = verifier.verify(token, Timestamp::UNIX_EPOCH);
}

fn main() {}
