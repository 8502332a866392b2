//! The public API, and the command as it is run.

#[cfg(all(test, feature = "command"))]
mod baseline;
#[cfg(test)]
mod cases;
#[cfg(all(test, feature = "command"))]
mod clear;
#[cfg(all(test, feature = "command"))]
mod hostile;
#[cfg(all(test, feature = "command"))]
mod inputs;
#[cfg(all(test, feature = "command"))]
mod known;
#[cfg(test)]
#[cfg(feature = "tracing")]
mod service;
#[cfg(all(test, feature = "command"))]
mod settings;
#[cfg(all(test, feature = "command"))]
mod streams;
#[cfg(all(test, feature = "command"))]
mod tool;
