//! Finds protected health information (PHI) and secrets in logs, dumps and streams of any service, and masks them.

#[cfg(feature = "files")]
pub mod baseline;
mod bytes;
mod checks;
pub mod class;
pub mod clean;
mod columns;
#[cfg(feature = "command")]
pub mod command;
mod company;
mod decode;
pub mod detect;
mod dicom;
mod digits;
mod field;
#[cfg(feature = "files")]
mod file;
#[cfg(feature = "files")]
pub mod filter;
pub mod finding;
mod flat;
mod frame;
mod hl7;
#[cfg(feature = "files")]
pub mod known;
#[cfg(feature = "tracing")]
pub mod layer;
mod lexicon;
pub mod mask;
mod memory;
mod ncpdp;
mod number;
mod person;
mod place;
mod pretty;
mod repeat;
#[cfg(feature = "files")]
pub mod report;
mod roots;
mod secret;
#[cfg(feature = "files")]
pub mod settings;
#[cfg(feature = "files")]
pub mod source;
mod system;
#[cfg(feature = "files")]
pub mod tally;
mod text;
mod value;
mod vocabulary;
mod web;
mod when;
mod wordlist;
mod x12;
