//! Opening sealed detail of the log also takes a permit.

use vouchsafe::audit::{AuditKeys, SealedDetail};

fn case(keys: &AuditKeys, detail: &SealedDetail) {
    let _ = detail.open(keys);
}

fn main() {}
