//! The service: HTTP over TLS for records and sign-in, probes and metrics, and all that is opened,
//! checked and settled before the first request.

pub mod administration;
pub mod auth;
mod caller;
mod checkpoint;
mod data;
pub mod files;
pub mod folder;
pub mod listener;
pub mod logging;
mod operations;
pub mod preflight;
mod refusals;
pub mod serve;
pub mod service;
pub mod settings;
mod sweep;
pub mod tls;
mod upload;
