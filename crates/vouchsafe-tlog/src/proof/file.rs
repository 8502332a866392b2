//! Proof files (C2SP tlog-proof): everything for an offline check of one entry.

use super::{ProofError, verify_inclusion};
use crate::encoding::{from_base64, from_decimal, to_base64};
use crate::{
    Checkpoint, Hash, MAX_NOTE_BYTES, MAX_TREE_SIZE, NoteError, NoteVerifier, OpenError,
    OpenedCheckpoint, SignedNote,
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest path from a leaf to a root.
const MAX_PATH: usize = 63;

/// The maximum length of a file: a note, and as much again for the rest.
const MAX_BYTES: usize = 2 * MAX_NOTE_BYTES;

/// A proof that an entry is in a log, which can be checked without the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProofFile {
    index: u64,
    extra: Option<Vec<u8>>,
    path: Vec<Hash>,
    checkpoint: SignedNote,
}

/// The reason why bytes are not a proof file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofFileError {
    /// It is longer than any proof, or not UTF-8.
    #[error("the proof is too long or not text")]
    NotText,
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    #[error("the first line is not that of a proof")]
    Header,
    /// The line `extra` is empty or not canonical base64.
    #[error("the extra data is not canonical base64")]
    Extra,
    /// The line `index` is missing, is not a decimal in canonical form, or is beyond the largest tree.
    #[error("the index is missing or not a number")]
    Index,
    /// A line of the inclusion path is not a hash, or there are more than 63.
    #[error("the inclusion path is not hashes, 63 at most")]
    Path,
    /// The empty line before the checkpoint is missing.
    #[error("the checkpoint is missing")]
    NoCheckpoint,
    /// The checkpoint is not a signed note.
    #[error("the checkpoint is not a signed note: {0}")]
    Note(#[from] NoteError),
}

/// The reason why a proof file is rejected.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofRejected {
    /// The checkpoint is not trusted.
    #[error("{0}")]
    Checkpoint(#[from] OpenError),
    /// The path does not lead from the entry to the checkpoint's root.
    #[error("{0}")]
    Path(#[from] ProofError),
}

impl ProofFile {
    /// A proof of the entry at `index` under this checkpoint.
    ///
    /// # Errors
    /// [`ProofFileError`] if the index or the path is beyond the largest tree.
    pub fn new(
        index: u64,
        path: Vec<Hash>,
        checkpoint: SignedNote,
    ) -> Result<Self, ProofFileError> {
        if index >= MAX_TREE_SIZE {
            return Err(ProofFileError::Index);
        }
        if path.len() > MAX_PATH {
            return Err(ProofFileError::Path);
        }
        Ok(Self {
            index,
            extra: None,
            path,
            checkpoint,
        })
    }

    /// The same proof with opaque extra data. They are not authenticated; empty data are the same as none.
    ///
    /// # Errors
    /// [`ProofFileError::NotText`] if the data are so long that no reader would accept the file.
    pub fn with_extra(mut self, extra: Vec<u8>) -> Result<Self, ProofFileError> {
        if extra.len() > MAX_NOTE_BYTES / 2 {
            return Err(ProofFileError::NotText);
        }
        self.extra = Some(extra).filter(|extra| !extra.is_empty());
        Ok(self)
    }

    /// Parses a proof file. The result is well formed, but proves nothing yet.
    ///
    /// # Errors
    /// [`ProofFileError`] if it is not in canonical form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= MAX_BYTES => text,
            _ => return Err(ProofFileError::NotText),
        };
        let (header, text) = text.split_once('\n').ok_or(ProofFileError::Header)?;
        if header != HEADER {
            return Err(ProofFileError::Header);
        }
        let (extra, text) = match text.strip_prefix("extra ") {
            Some(rest) => {
                let (extra, text) = rest.split_once('\n').ok_or(ProofFileError::Extra)?;
                let extra = from_base64(extra).filter(|extra| !extra.is_empty());
                (Some(extra.ok_or(ProofFileError::Extra)?), text)
            }
            None => (None, text),
        };
        let (index, mut text) = text
            .strip_prefix("index ")
            .and_then(|rest| rest.split_once('\n'))
            .ok_or(ProofFileError::Index)?;
        let index = from_decimal(index).ok_or(ProofFileError::Index)?;
        let mut path = Vec::new();
        let checkpoint = loop {
            let (line, rest) = text.split_once('\n').ok_or(ProofFileError::NoCheckpoint)?;
            if line.is_empty() {
                break SignedNote::parse(rest.as_bytes())?;
            }
            if path.len() == MAX_PATH {
                return Err(ProofFileError::Path);
            }
            path.push(Hash::from_base64(line).map_err(|_| ProofFileError::Path)?);
            text = rest;
        };
        let file = Self::new(index, path, checkpoint)?;
        match extra {
            Some(extra) => file.with_extra(extra),
            None => Ok(file),
        }
    }

    /// Checks that the entry with the hash `leaf` is in the log `origin`: the checkpoint is
    /// signed by the log's key, and the path leads from the leaf to its root.
    ///
    /// Returns the checkpoint with the cosignatures of those `witnesses` that signed it; the caller decides how many
    /// are enough.
    ///
    /// # Errors
    /// [`ProofRejected`] if the proof fails.
    pub fn verify(
        &self,
        leaf: &Hash,
        origin: &str,
        log: &NoteVerifier,
        witnesses: &[NoteVerifier],
    ) -> Result<OpenedCheckpoint, ProofRejected> {
        let opened = Checkpoint::open_note(&self.checkpoint, origin, log, witnesses)?;
        let Checkpoint { size, root, .. } = &opened.checkpoint;
        verify_inclusion(self.index, *size, leaf, &self.path, root)?;
        Ok(opened)
    }

    /// The entry's index in the log.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Opaque data of the proof; not authenticated.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The inclusion path, from the leaf's sibling up.
    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint, unverified.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedNote {
        &self.checkpoint
    }
}

/// The file's text.
impl std::fmt::Display for ProofFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
