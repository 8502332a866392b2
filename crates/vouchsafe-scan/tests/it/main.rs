//! The public API.

#[cfg(test)]
#[cfg(feature = "tracing")]
mod service;
