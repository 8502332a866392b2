//! Connections to PostgreSQL, over TLS whose certificate is verified: chain, name and dates (`verify-full`).
//!
//! The driver is [`tokio_postgres`], re-exported here. This crate adds the only way to connect: only the given
//! authorities may vouch for the server, the environment changes nothing, and no fault holds text of the server, which
//! could quote values.

mod connector;
mod fault;
mod tls;

pub use connector::{Connector, Target};
pub use fault::{Fault, State};
pub use tokio_postgres;
