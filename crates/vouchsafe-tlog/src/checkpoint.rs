//! Checkpoints (C2SP tlog-checkpoint): a log's statement about itself at one size.

use crate::encoding::from_decimal;
use crate::{
    Hash, KeyId, KeyName, MAX_TREE_SIZE, NoteError, NoteSigner, NoteVerifier, PosixSeconds,
    SignedNote, VerifyError,
};

/// The root of a log at one size.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The name of the log; [`Checkpoint::new`] gives its rules.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: Hash,
    /// Further lines, opaque here and not recommended by the specification.
    pub extensions: Vec<String>,
}

/// The reason why a text is not a checkpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// A line is missing, or the last one does not end.
    #[error("the checkpoint is cut short")]
    Truncated,
    /// The origin is empty or holds a control character.
    #[error("the origin is empty or holds a control character")]
    Origin,
    /// The size is not a decimal in canonical form, or is beyond [`MAX_TREE_SIZE`].
    #[error("the tree size is not a number within the limit")]
    Size,
    /// The root is not 32 bytes in canonical base64.
    #[error("the root is not a hash")]
    Root,
    /// An extension line is empty or holds a control character.
    #[error("an extension line is empty or holds a control character")]
    Extension,
}

/// A checkpoint with a verified signature of its log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenedCheckpoint {
    /// The signed checkpoint.
    pub checkpoint: Checkpoint,
    /// Those of the given witnesses that cosigned it.
    pub cosigned: Vec<Cosigned>,
}

/// A witness's verified cosignature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cosigned {
    /// The witness's key name.
    pub name: KeyName,
    /// The witness's key.
    pub id: KeyId,
    /// The time of signing; `None` if its key signs without a time.
    pub at: Option<PosixSeconds>,
}

/// The reason why a signed checkpoint is not trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// It is not a signed note.
    #[error("not a signed note: {0}")]
    Note(#[from] NoteError),
    /// A signature is missing or wrong.
    #[error("{0}")]
    Signature(#[from] VerifyError),
    /// The log's key did not sign it.
    #[error("the log did not sign the checkpoint")]
    NotByLog,
    /// The note is not a checkpoint.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// It belongs to another log.
    #[error("the checkpoint is another log's")]
    Origin,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// The origin should be a URL without scheme and the name of the log's key.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] if the origin is empty or holds a control character, [`CheckpointError::Size`]
    /// beyond [`MAX_TREE_SIZE`].
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        let origin = origin.into();
        if !is_line(&origin) {
            return Err(CheckpointError::Origin);
        }
        if size > MAX_TREE_SIZE {
            return Err(CheckpointError::Size);
        }
        Ok(Self {
            origin,
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// Parses the text of a note. The result is well formed, but not trusted yet.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is not in canonical form.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Truncated)?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().ok_or(CheckpointError::Truncated);
        let (origin, size, root) = (next()?, next()?, next()?);
        let size = from_decimal(size).ok_or(CheckpointError::Size)?;
        let root = Hash::from_base64(root).map_err(|_| CheckpointError::Root)?;
        let mut checkpoint = Self::new(origin, size, root)?;
        for line in lines {
            checkpoint.push_extension(line)?;
        }
        Ok(checkpoint)
    }

    /// Appends an extension line.
    ///
    /// # Errors
    /// [`CheckpointError::Extension`] if it is empty or holds a control character.
    pub fn push_extension(&mut self, line: impl Into<String>) -> Result<(), CheckpointError> {
        let line = line.into();
        if !is_line(&line) {
            return Err(CheckpointError::Extension);
        }
        self.extensions.push(line);
        Ok(())
    }

    /// Signs it. A log MUST NOT sign a checkpoint that contradicts one that it signed before.
    ///
    /// # Errors
    /// [`NoteError`] if a field has a value that no checkpoint may hold, or signing fails.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedNote, NoteError> {
        let text = self.to_string();
        if Self::parse(&text).as_ref() != Ok(self) {
            return Err(NoteError::Text);
        }
        signer.sign(text)
    }

    /// Reads a signed checkpoint of the log `origin`: the log's key MUST have signed it, and no
    /// known signature may be wrong. Signatures by other keys are ignored.
    ///
    /// Returns which of `witnesses` cosigned it; the caller decides how many are enough.
    ///
    /// # Errors
    /// [`OpenError`] if it is not trusted.
    pub fn open(
        bytes: &[u8],
        origin: &str,
        log: &NoteVerifier,
        witnesses: &[NoteVerifier],
    ) -> Result<OpenedCheckpoint, OpenError> {
        Self::open_note(&SignedNote::parse(bytes)?, origin, log, witnesses)
    }

    /// As [`Checkpoint::open`], for a parsed note.
    ///
    /// # Errors
    /// [`OpenError`] if it is not trusted.
    pub fn open_note(
        note: &SignedNote,
        origin: &str,
        log: &NoteVerifier,
        witnesses: &[NoteVerifier],
    ) -> Result<OpenedCheckpoint, OpenError> {
        let mut known = vec![log];
        known.extend(witnesses);
        let signatures = note.verify(&known)?;
        let is_log = |name: &KeyName, id: KeyId| name == log.name() && id == log.id();
        if !signatures.iter().any(|by| is_log(&by.name, by.id)) {
            return Err(OpenError::NotByLog);
        }
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(OpenError::Origin);
        }
        let cosigned = signatures
            .into_iter()
            .filter(|by| !is_log(&by.name, by.id))
            .map(|by| Cosigned {
                name: by.name,
                id: by.id,
                at: by.at,
            })
            .collect();
        Ok(OpenedCheckpoint {
            checkpoint,
            cosigned,
        })
    }
}

/// The text that is signed.
impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        for line in &self.extensions {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|letter| letter < ' ')
}
