//! An intent that is not in the log yet releases no sealed record.

use vouchsafe::audit::Draft;
use vouchsafe::gate::Written;

fn case(written: Written, intent: Draft) {
    let _ = written.recorded(intent);
}

fn main() {}
