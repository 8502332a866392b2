//! Only a valid signature acknowledges.

use vouchsafe::audit::{Acknowledged, Acknowledgement};

fn case(ack: Acknowledgement) -> Acknowledged {
    Acknowledged {
        ack,
        recorder: [0; 32],
    }
}

fn main() {}
