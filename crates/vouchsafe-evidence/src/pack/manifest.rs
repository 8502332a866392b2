//! The manifest of a pack, and the note that signs it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::window::Window;

/// The first line of the text of `manifest.note`.
pub(crate) const NOTE: &str = "vouchsafe evidence pack 1";

/// `manifest.json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The version of the format: 1.
    pub(crate) pack: u8,
    /// The program that made it.
    pub(crate) program: String,
    /// The name of the project.
    pub(crate) project: String,
    /// The origin of the log.
    pub(crate) origin: String,
    /// The public key of the log. A verifier takes the one that it kept, never this one.
    pub(crate) key: String,
    pub(crate) window: Window,
    /// The moment that the findings were computed for.
    pub(crate) as_of: Timestamp,
    /// The findings rest on the entries before this index.
    pub(crate) before: u64,
    /// Entries of the log.
    pub(crate) size: u64,
    /// Its root, as base64.
    pub(crate) root: String,
    /// All files but this one and its note, sorted by path.
    pub(crate) files: Vec<Listed>,
}

/// A file of the pack.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
}

impl Manifest {
    /// The text that is signed.
    pub(crate) fn note(&self, json: &[u8]) -> String {
        format!(
            "{NOTE}\n{}\n{} {}\n{} {}\n{}\n",
            self.origin,
            self.window.from,
            self.window.to,
            self.size,
            self.root,
            Digest::of(json),
        )
    }
}
