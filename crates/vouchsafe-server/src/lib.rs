//! HTTP of the record service: one front end of [`vouchsafe_installation`].
//!
//! A service is a table of listeners (`planes`): the data plane with records and sign-in, and the operations plane
//! with probes and metrics. Each entry has its address, routes, guard and TLS; a further listener is one entry more.
//! What stands around every request of the data plane is in `layers`, one file each. What runs beside the requests is
//! in `tasks`.

mod answer;
mod layers;
mod listener;
mod listeners;
mod planes;
mod refusals;
pub mod serve;
mod shared;
mod tasks;

pub use listener::ListenError;
