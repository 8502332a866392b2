//! What was sealed does not come apart without the trusted road.

use vouchsafe::gate::Written;

fn case(written: Written) {
    let _ = written.apart();
}

fn main() {}
