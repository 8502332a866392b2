//! An entry is durable when an acknowledgement that holds says so.

use std::sync::Arc;
use vouchsafe::audit::{Acknowledged, Appended};

fn case(batch: Arc<Acknowledged>) -> Appended {
    Appended { batch, index: 7 }
}

fn main() {}
