//! The disk of the recorder's own tests: in memory, it forgets what was not synced.

pub(crate) use crate::disk::{Disk, DiskFile, Identity};

#[rustfmt::skip]
#[path = "../../../crates/vouchsafe-ledger/src/disk/sim.rs"]
pub(crate) mod sim;
