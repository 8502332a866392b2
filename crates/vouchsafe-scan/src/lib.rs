//! Finds protected health information (PHI) and secrets in logs, dumps and streams of any service, and masks them.

mod bytes;
mod checks;
pub mod class;
mod columns;
mod decode;
pub mod detect;
mod field;
pub mod finding;
mod frame;
mod hl7;
mod lexicon;
mod memory;
mod number;
mod person;
mod place;
mod secret;
mod text;
mod value;
mod vocabulary;
mod web;
mod when;
#[cfg(feature = "files")]
pub mod source;
