//! Public keys of notes.

use super::{KeyName, PosixSeconds};
use crate::encoding::{from_base64, to_base64};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;

/// The signature type of a key (C2SP signed-note, signature types).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureKind {
    /// `0x01`: Ed25519 over the note's text.
    Ed25519,
    /// `0x04`: Ed25519 over a time and the note's text (C2SP tlog-cosignature, `cosignature/v1`).
    CosignatureV1,
}

/// The first four bytes of `SHA-256(name || 0x0A || kind || public key)`. Not collision-proof: it
/// finds a key and proves nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(u32);

/// A public key that verifies signatures of notes; prints as its `vkey`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteVerifier {
    name: KeyName,
    id: KeyId,
    kind: SignatureKind,
    key: [u8; 32],
}

/// The reason why a text is not a note's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty or holds white space, a control character or a plus sign.
    #[error("the key's name is not one that a key may have")]
    Name,
    /// It is not `<name>+<id, 8 hex digits>+<base64 of kind and key>`; for a signing key, with
    /// `PRIVATE+KEY+` before.
    #[error("the key is malformed")]
    Form,
    /// The id does not belong to this name and key.
    #[error("the key's id is not that of its name and bytes")]
    Id,
    /// The kind is unknown, or not the required one.
    #[error("the key is of another kind")]
    Kind,
    /// The key has the wrong length or is refused by the provider.
    #[error("the key's bytes are not an Ed25519 key")]
    Bytes,
    /// No randomness is available.
    #[error("no random bytes are available")]
    Randomness,
}

impl SignatureKind {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    pub(super) const fn of_byte(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            _ => Err(KeyError::Kind),
        }
    }
}

impl KeyId {
    /// The id of a key.
    #[must_use]
    pub fn of(name: &KeyName, kind: SignatureKind, public_key: &[u8; 32]) -> Self {
        let parts = [name.as_str().as_bytes(), b"\n", &[kind.byte()], public_key];
        let hash = digest(&SHA256, &parts.concat());
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self::from_bytes(id)
    }

    /// An id from its four bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    /// The four bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// Eight lower-case hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl NoteVerifier {
    /// A verifier for a public key.
    #[must_use]
    pub fn new(name: KeyName, kind: SignatureKind, key: [u8; 32]) -> Self {
        let id = KeyId::of(&name, kind, &key);
        Self {
            name,
            id,
            kind,
            key,
        }
    }

    /// The key's name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature type of the key.
    #[must_use]
    pub const fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The Ed25519 public key.
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// `None` if the signature is wrong; else the time of a cosignature.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<Option<PosixSeconds>> {
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        match self.kind {
            SignatureKind::Ed25519 => {
                key.verify(text.as_bytes(), signature).ok()?;
                Some(None)
            }
            SignatureKind::CosignatureV1 => {
                let (time, signature) = signature.split_first_chunk()?;
                let at = PosixSeconds::new(u64::from_be_bytes(*time))?;
                key.verify(cosigned_message(at, text).as_bytes(), signature)
                    .ok()?;
                Some(Some(at))
            }
        }
    }
}

/// The signed message of a cosigner: a header line, a time line, the checkpoint's text.
pub(super) fn cosigned_message(at: PosixSeconds, text: &str) -> String {
    format!("cosignature/v1\ntime {}\n{text}", at.seconds())
}

/// `<name>+<id>+<base64 of kind and key>`.
impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()][..], &self.key].concat();
        write!(f, "{}+{}+{}", self.name, self.id, to_base64(&bytes))
    }
}

impl FromStr for NoteVerifier {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let mut parts = vkey.splitn(3, '+');
        let mut next = || parts.next().ok_or(KeyError::Form);
        let (name, id, bytes) = (next()?, next()?, next()?);
        let bytes = from_base64(bytes).ok_or(KeyError::Form)?;
        let (kind, key) = bytes.split_first().ok_or(KeyError::Form)?;
        let kind = SignatureKind::of_byte(*kind)?;
        let key = key.try_into().map_err(|_| KeyError::Bytes)?;
        let verifier = Self::new(KeyName::new(name)?, kind, key);
        if verifier.id.to_string() == id {
            Ok(verifier)
        } else {
            Err(KeyError::Id)
        }
    }
}
