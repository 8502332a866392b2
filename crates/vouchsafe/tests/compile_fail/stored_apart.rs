//! A sealed record is returned only by the trusted module, or against its receipt.

use vouchsafe::gate::Written;

fn case(written: Written) {
    let _ = written.apart();
}

fn main() {}
