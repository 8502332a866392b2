//! Only an append makes recorded entries.

use vouchsafe::audit::{Appended, Recorded};

fn case(entries: Vec<Appended>) -> Recorded {
    Recorded { entries }
}

fn main() {}
