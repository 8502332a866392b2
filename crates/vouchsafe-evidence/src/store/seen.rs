//! The head of a log that this machine saw last: a log that was cut or rewritten since does not go on from it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::proof::{consistency, verify_consistency};
use vouchsafe_tlog::{Checkpoint, SignedNote};

use super::folder::Folder;
use super::log::Log;

/// The file that keeps the head.
#[derive(Debug)]
pub(crate) struct Seen(PathBuf);

/// Why a log is not the one that was seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeenError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error(
        "the log does not go on from the {size} entries that this machine saw last: it was rewritten or cut. Find out who did it, and restore it. To go on from what is there, remove {path}; the auditor's head will not fit it"
    )]
    Rewritten { size: u64, path: PathBuf },
    #[error(
        "this machine saw the log with {size} entries, and there is none now: it was removed, or it is elsewhere. Restore it. To begin without it, remove {path}"
    )]
    Removed { size: u64, path: PathBuf },
}

impl Seen {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Compares a log, or that there is none, with what was seen.
    ///
    /// # Errors
    /// [`SeenError::Rewritten`] or [`SeenError::Removed`]; or when the file cannot be read.
    pub(crate) fn compare(&self, log: Option<&Log>) -> Result<(), SeenError> {
        let note = match fs::read(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            note => note.map_err(|error| self.fault(error))?,
        };
        let seen = checkpoint_of(&note).ok_or_else(|| self.fault(ErrorKind::InvalidData.into()))?;
        let (size, path) = (seen.size, self.0.clone());
        match log {
            _ if size == 0 => Ok(()),
            None => Err(SeenError::Removed { size, path }),
            Some(log) if goes_on(log, &seen) => Ok(()),
            Some(_) => Err(SeenError::Rewritten { size, path }),
        }
    }

    /// Keeps the signed head of a log.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remember(&self, note: &[u8]) -> Result<(), SeenError> {
        let folder = self.0.parent().unwrap_or_else(|| Path::new(""));
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let written = Folder::new(folder).replace(&name, note);
        written.map_err(|error| self.fault(error))
    }

    fn fault(&self, error: io::Error) -> SeenError {
        let path = self.0.clone();
        SeenError::File { path, error }
    }
}

fn goes_on(log: &Log, seen: &Checkpoint) -> bool {
    let (size, root) = (log.size(), log.checkpoint().root);
    consistency(log.tree(), seen.size, size)
        .is_ok_and(|proof| verify_consistency(seen.size, &seen.root, size, &root, &proof).is_ok())
}

/// The checkpoint of a note, whoever signed it.
pub(super) fn checkpoint_of(note: &[u8]) -> Option<Checkpoint> {
    Checkpoint::parse(SignedNote::parse(note).ok()?.text()).ok()
}
