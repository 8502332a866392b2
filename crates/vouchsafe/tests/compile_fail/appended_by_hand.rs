//! An entry is durable only with a valid acknowledgement.

use std::sync::Arc;
use vouchsafe::audit::{Acknowledged, Appended};

fn case(batch: Arc<Acknowledged>) -> Appended {
    Appended { batch, index: 7 }
}

fn main() {}
