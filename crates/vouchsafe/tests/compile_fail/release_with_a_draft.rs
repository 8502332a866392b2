//! An entry that is not in the log releases nothing.

use vouchsafe::audit::Draft;
use vouchsafe::document::Document;
use vouchsafe::phi::Phi;

fn case(phi: Phi<Document>, draft: Draft) {
    let _ = phi.release(draft);
}

fn main() {}
