//! Finds protected health information (PHI) and secrets in logs, dumps and streams of any service, and masks them.

pub mod class;
pub mod detect;
pub mod finding;
