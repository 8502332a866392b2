//! Signed notes (C2SP signed-note): text, an empty line, a line per signature.

mod keys;
mod name;
mod signer;

pub use keys::{KeyError, KeyId, NoteVerifier, SignatureKind};
pub use name::KeyName;
pub use signer::{Cosigner, NoteSigner};

use crate::encoding::{from_base64, to_base64};
use std::fmt;

/// The maximum length of a note, in bytes.
pub const MAX_NOTE_BYTES: usize = 1_000_000;

/// The maximum number of signatures of a note. The specification asks for 16 at least; Go's `sumdb/note` refuses more
/// than 100.
pub const MAX_SIGNATURES: usize = 100;

/// Text with at least one signature. Not trusted before [`SignedNote::verify`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A signature that was verified with a known key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedSignature {
    /// The key's name.
    pub name: KeyName,
    /// The key's id.
    pub id: KeyId,
    /// The time of signing: cosignatures only.
    pub at: Option<PosixSeconds>,
}

/// Seconds since 1970-01-01T00:00:00Z, at most 2^63 - 1.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PosixSeconds(u64);

/// The reason why bytes are not a signed note.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoteError {
    /// The note is longer than [`MAX_NOTE_BYTES`].
    #[error("the note is too long")]
    TooLong,
    /// It is not UTF-8, or holds a control character other than a newline.
    #[error("the note is not plain text")]
    NotText,
    /// The text is empty, does not end in a newline, or is not one that its author may sign.
    #[error("the note's text is not one that can be signed")]
    Text,
    /// No empty line with signatures after it.
    #[error("the note has no signatures")]
    NoSignatures,
    /// A signature line is not `— <name> <base64 of id and signature>`.
    #[error("a signature line is malformed")]
    SignatureLine,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has too many signatures")]
    TooManySignatures,
    /// The key failed to sign.
    #[error("signing failed")]
    Signing,
}

/// The reason why a note is not trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// None of the known keys signed.
    #[error("no known key signed the note")]
    NoKnownKey,
    /// The signature of a known key is wrong, so the whole note is refused.
    #[error("the signature of {name} is wrong")]
    BadSignature {
        /// The known key's name.
        name: KeyName,
    },
    /// Two known keys have the same name and id, so the signature cannot be assigned to one of them.
    #[error("two known keys have the name {name} and the same id")]
    AmbiguousKey {
        /// Their name.
        name: KeyName,
    },
}

impl PosixSeconds {
    /// A time; `None` beyond 2^63 - 1.
    #[must_use]
    pub fn new(seconds: u64) -> Option<Self> {
        i64::try_from(seconds).is_ok().then_some(Self(seconds))
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl SignedNote {
    /// A note with its first signature. The signature is not checked.
    ///
    /// # Errors
    /// [`NoteError`] if a note cannot hold the text.
    pub fn new(text: impl Into<String>, signature: NoteSignature) -> Result<Self, NoteError> {
        let text = text.into();
        check_text(&text)?;
        let mut note = Self {
            text,
            signatures: Vec::new(),
        };
        note.add_signature(signature)?;
        Ok(note)
    }

    /// Parses a note.
    ///
    /// # Errors
    /// [`NoteError`] if it is not in canonical form.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if note.chars().any(|letter| letter < ' ' && letter != '\n') {
            return Err(NoteError::NotText);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, signatures) = note
            .split_at_checked(split + 1)
            .ok_or(NoteError::NoSignatures)?;
        check_text(text)?;
        let signatures = signatures
            .strip_prefix('\n')
            .ok_or(NoteError::NoSignatures)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let lines = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::SignatureLine)?;
        let mut parsed = Vec::new();
        for line in lines.split('\n') {
            if parsed.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            parsed.push(NoteSignature::parse(line)?);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures: parsed,
        })
    }

    /// Appends a signature. It is not checked.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`] or [`NoteError::TooLong`] beyond the limits.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        if self.to_string().len() + signature.to_string().len() >= MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Verifies the signatures of the known keys; those of other keys are ignored.
    ///
    /// # Errors
    /// [`VerifyError`] if no known key signed, or one of their signatures is wrong.
    pub fn verify(&self, known: &[&NoteVerifier]) -> Result<Vec<VerifiedSignature>, VerifyError> {
        let mut verified: Vec<VerifiedSignature> = Vec::new();
        for signature in &self.signatures {
            let NoteSignature { name, id, bytes } = signature;
            let mut keys = known
                .iter()
                .filter(|key| key.name() == name && key.id() == *id);
            let Some(key) = keys.next() else { continue };
            if keys.next().is_some() {
                return Err(VerifyError::AmbiguousKey { name: name.clone() });
            }
            let at = key
                .verify(&self.text, bytes)
                .ok_or_else(|| VerifyError::BadSignature { name: name.clone() })?;
            // A second good signature by the same key adds nothing.
            if !verified.iter().any(|by| by.name == *name && by.id == *id) {
                verified.push(VerifiedSignature {
                    name: name.clone(),
                    id: *id,
                    at,
                });
            }
        }
        if verified.is_empty() {
            Err(VerifyError::NoKnownKey)
        } else {
            Ok(verified)
        }
    }

    /// The signed text, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

/// The note's bytes.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    pub(crate) const fn new(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    /// Parses a signature line, without its newline, as in a witness's answer.
    ///
    /// # Errors
    /// [`NoteError::SignatureLine`] if it is not a signature line.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::SignatureLine;
        let rest = line.strip_prefix("— ").ok_or(malformed)?;
        let (name, signature) = rest.split_once(' ').ok_or(malformed)?;
        let name = KeyName::new(name).map_err(|_| malformed)?;
        let signature = from_base64(signature).ok_or(malformed)?;
        let (id, bytes) = signature.split_first_chunk().ok_or(malformed)?;
        if bytes.is_empty() {
            return Err(malformed);
        }
        Ok(Self {
            name,
            id: KeyId::from_bytes(*id),
            bytes: bytes.to_vec(),
        })
    }

    /// The name of the claimed key.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the claimed key.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature without the key id.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The line, without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_bytes()[..], &self.bytes].concat();
        write!(f, "— {} {}", self.name, to_base64(&bytes))
    }
}

/// Whether a note can hold the text.
fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong);
    }
    if text.chars().any(|letter| letter < ' ' && letter != '\n') {
        return Err(NoteError::NotText);
    }
    if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::Text)
    }
}
