//! An entry gives one receipt, however often it is acknowledged.

use vouchsafe::audit::{Appended, Draft};
use vouchsafe::gate::receipts;

fn case(drafts: Vec<Draft>, appended: &[Appended]) {
    let _ = receipts(drafts, appended);
    let _ = receipts(drafts, appended);
}

fn main() {}
