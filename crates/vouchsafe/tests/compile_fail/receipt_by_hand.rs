//! Only a durable entry makes a receipt.

use vouchsafe::audit::Appended;
use vouchsafe::gate::Receipt;

fn case(entry: Appended) -> Receipt {
    Receipt { entry }
}

fn main() {}
