//! The pack: one archive for an auditor, and its verification without us.
//!
//! ```text
//! README.txt              what this is, and how to verify it
//! manifest.json           every other file with its size and SHA-256; window, log, program
//! manifest.note           a signed note over the SHA-256 of manifest.json and the head of the log
//! findings.json           what each control and check comes to
//! catalogue.toml          the controls
//! checks/ID.toml          the definitions of the checks, with their cases
//! populations/ID.csv      every item of the window
//! log/checkpoint, tile/   the whole log, C2SP tlog-tiles
//! log/objects/            contents by their SHA-256, gzip
//! ```

mod archive;
mod derived;
mod make;
mod manifest;
mod pages;
mod sample;
mod verify;

pub(crate) use archive::Archive;
pub(crate) use make::{Making, make, settle};
#[cfg(fuzzing)]
pub(crate) use manifest::Manifest;
pub(crate) use pages::pages;
pub(crate) use sample::sample;
pub(crate) use verify::{Kept, Verified, verify};

#[cfg(test)]
mod tests;
