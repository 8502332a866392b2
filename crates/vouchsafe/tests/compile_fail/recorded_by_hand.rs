//! Only an append makes what was recorded.

use vouchsafe::audit::{Appended, Recorded};

fn case(entries: Vec<Appended>) -> Recorded {
    Recorded { entries }
}

fn main() {}
