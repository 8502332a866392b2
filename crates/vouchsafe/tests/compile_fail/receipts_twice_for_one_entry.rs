//! An entry gives one receipt, however often it is acknowledged.

use vouchsafe::audit::Recorded;

fn case(recorded: Recorded) {
    let _ = recorded.into_receipts();
    let _ = recorded.into_receipts();
}

fn main() {}
