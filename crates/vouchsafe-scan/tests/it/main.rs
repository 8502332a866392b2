//! The public API.

#[cfg(test)]
mod cases;
#[cfg(test)]
#[cfg(feature = "tracing")]
mod service;
