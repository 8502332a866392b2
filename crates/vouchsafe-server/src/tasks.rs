//! What runs beside the requests until the service stops, one file each.

pub(crate) mod certificate;
pub(crate) mod checkpoint;
pub(crate) mod preflight;
pub(crate) mod refusals;
pub(crate) mod settle;
pub(crate) mod sweep;
pub(crate) mod vitals;
