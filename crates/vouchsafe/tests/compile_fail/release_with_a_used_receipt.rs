//! A receipt releases once.

use vouchsafe::document::Document;
use vouchsafe::gate::Receipt;
use vouchsafe::phi::Phi;

fn case(one: Phi<Document>, other: Phi<Document>, receipt: Receipt) {
    let _ = one.release(receipt);
    let _ = other.release(receipt);
}

fn main() {}
