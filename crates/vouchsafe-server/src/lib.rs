//! The HTTP front end of [`vouchsafe_installation`].
//!
//! A service is a table of listeners (`planes`): the data plane with records and sign-in, and the operations plane with
//! probes and metrics. Each entry has its address, routes, guard and TLS; another listener is one more entry. `layers`
//! holds the layers around every request of the data plane, one file each. `tasks` holds the background tasks.

mod answer;
mod layers;
mod listener;
mod listeners;
mod places;
mod planes;
mod refusals;
pub mod serve;
mod shared;
mod tasks;

pub use listener::ListenError;

#[cfg(test)]
mod tests;
