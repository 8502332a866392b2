//! The background tasks, which run until the service stops, one file each.

pub(crate) mod checkpoint;
pub(crate) mod preflight;
pub(crate) mod refusals;
pub(crate) mod settle;
pub(crate) mod sweep;
