//! The audit log on disk.
//!
//! | what | where |
//! |---|---|
//! | the process that owns a log: makes entries durable, acknowledges, publishes | [`recorder`] |
//! | the service's connection to it; the process as a child | [`client`] |
//! | reading and verifying a log from its files | [`reader`] |
//! | counting refusals of strangers | [`refusals`] |
//!
//! Formats and guarantees are described in `docs/audit-log.md`.

pub mod client;
mod committer;
mod connection;
mod disk;
mod engine;
mod error;
mod integrator;
mod keys;
mod layout;
mod leaf;
mod octets;
mod queue;
pub mod reader;
mod recent;
pub mod recorder;
pub mod refusals;
mod sources;
mod wal;
mod wire;

pub use engine::Gap;
pub use error::RecorderError;
