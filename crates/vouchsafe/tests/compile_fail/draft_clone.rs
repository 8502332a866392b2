//! One access, one entry, one receipt.

use vouchsafe::audit::Draft;

fn case(draft: &Draft) -> Draft {
    draft.clone()
}

fn main() {}
