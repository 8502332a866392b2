//! The public API.

#[cfg(all(test, feature = "tracing"))]
mod service;
