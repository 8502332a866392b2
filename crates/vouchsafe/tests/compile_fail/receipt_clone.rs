//! A receipt releases once.

use vouchsafe::gate::Receipt;

fn case(receipt: &Receipt) -> Receipt {
    receipt.clone()
}

fn main() {}
