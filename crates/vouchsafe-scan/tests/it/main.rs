//! The public API, and the command as it is run.

#[cfg(test)]
#[cfg(feature = "command")]
mod baseline;
#[cfg(test)]
mod cases;
#[cfg(test)]
#[cfg(feature = "command")]
mod clear;
#[cfg(test)]
#[cfg(feature = "command")]
mod hostile;
#[cfg(test)]
#[cfg(feature = "command")]
mod inputs;
#[cfg(test)]
#[cfg(feature = "command")]
mod known;
#[cfg(test)]
#[cfg(feature = "tracing")]
mod service;
#[cfg(test)]
#[cfg(feature = "command")]
mod settings;
#[cfg(test)]
#[cfg(feature = "command")]
mod streams;
#[cfg(test)]
#[cfg(feature = "command")]
mod tool;
