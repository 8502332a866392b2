//! For services in Rust that log with `tracing`: values are refused by type, masked by field, masked in the text.
//!
//! Three lines of defence, each of use without the others:
//!
//! 1. [`log!`](crate::log) takes only values of types that cannot hold what a caller sent ([`LogSafe`]); anything else
//!    does not compile.
//! 2. [`MaskedFields`] masks the values of fields, by the field's name and by what is in them, before they are formatted.
//! 3. [`MaskingWriter`] masks the text of each event before it is written, whatever format made it, JSON included. It
//!    sees what libraries below log, too.
//!
//! ```
//! use vouchsafe_scan::layer::{MaskedFields, MaskingWriter};
//!
//! tracing_subscriber::fmt()
//!     .fmt_fields(MaskedFields::new())
//!     .with_writer(MaskingWriter::new(std::io::stderr))
//!     .init();
//! tracing::info!(ssn = "219-09-9999", "signed up"); // signed up ssn="[SSN]"
//! ```
//!
//! With `.json()` leave [`MaskedFields`] out: that format does not ask for it, and [`MaskingWriter`] reads JSON.

mod fields;
mod pool;
mod safe;
mod writer;

#[doc(hidden)]
pub use ::tracing as __tracing;
pub use fields::{MaskedFields, MaskedVisitor};
pub use safe::{Count, LogSafe};
pub use writer::{MaskedEvent, MaskingWriter};

/// The detectors of [`MaskedFields`] and [`MaskingWriter`], unless others are given.
static DETECTOR: crate::detect::Detector = crate::detect::Detector::new();

#[cfg(test)]
mod tests;
