//! What the log keeps sealed takes a permit as well.

use vouchsafe::audit::{AuditKeys, SealedDetail};

fn case(keys: &AuditKeys, detail: &SealedDetail) {
    let _ = detail.open(keys);
}

fn main() {}
