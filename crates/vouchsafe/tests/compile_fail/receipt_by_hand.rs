//! Only a durable entry makes a receipt.

use vouchsafe::gate::Receipt;

fn case() -> Receipt {
    Receipt { index: 0 }
}

fn main() {}
