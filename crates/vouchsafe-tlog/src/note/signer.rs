//! Private keys of notes.

use super::keys::cosigned_message;
use super::{
    KeyError, KeyName, NoteError, NoteSignature, NoteVerifier, PosixSeconds, SignatureKind,
    SignedNote,
};
use crate::encoding::from_base64;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Signs notes: a log's key.
#[derive(Debug)]
pub struct NoteSigner(SigningKey);

/// Cosigns checkpoints with the time: a witness's key (C2SP tlog-cosignature, `cosignature/v1`).
///
/// The message does not name the witness, so a key MUST NOT serve two witnesses. A cosignature states that this is the
/// largest tree seen, and that it is consistent with all seen before: the witness must check that, durably, before
/// signing.
#[derive(Debug)]
pub struct Cosigner(SigningKey);

struct SigningKey {
    verifier: NoteVerifier,
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl NoteSigner {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] if no randomness is available.
    pub fn generate(name: KeyName) -> Result<Self, KeyError> {
        Self::from_seed(name, &*random_seed()?)
    }

    /// The key with this seed (RFC 8032 section 5.1.5), which is its private key.
    ///
    /// # Errors
    /// [`KeyError::Bytes`] if the provider refuses it.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::new(name, SignatureKind::Ed25519, seed).map(Self)
    }

    /// The key in the stored form of Go's `sumdb/note`:
    /// `PRIVATE+KEY+<name>+<id>+<base64 of 0x01 and seed>`.
    ///
    /// # Errors
    /// [`KeyError`] if it is not in that form, or is a cosigner's.
    pub fn from_skey(skey: &str) -> Result<Self, KeyError> {
        SigningKey::parse(skey, SignatureKind::Ed25519).map(Self)
    }

    /// The stored form that [`NoteSigner::from_skey`] reads. Its holder can sign.
    #[must_use]
    pub fn to_skey(&self) -> Zeroizing<String> {
        self.0.to_skey()
    }

    /// The public key.
    #[must_use]
    pub const fn verifier(&self) -> &NoteVerifier {
        &self.0.verifier
    }

    /// A note of this text, signed.
    ///
    /// # Errors
    /// [`NoteError`] if a note cannot hold the text.
    pub fn sign(&self, text: impl Into<String>) -> Result<SignedNote, NoteError> {
        let text = text.into();
        let signature = self.signature(&text)?;
        SignedNote::new(text, signature)
    }

    /// Another signature of this text, for [`SignedNote::add_signature`].
    ///
    /// # Errors
    /// [`NoteError::Signing`] if the provider refuses.
    pub fn signature(&self, text: &str) -> Result<NoteSignature, NoteError> {
        let bytes = self.0.sign(text.as_bytes())?;
        Ok(self.0.line(bytes))
    }
}

impl Cosigner {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] if no randomness is available.
    pub fn generate(name: KeyName) -> Result<Self, KeyError> {
        Self::from_seed(name, &*random_seed()?)
    }

    /// The key with this seed (RFC 8032 section 5.1.5), which is its private key.
    ///
    /// # Errors
    /// [`KeyError::Bytes`] if the provider refuses it.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::new(name, SignatureKind::CosignatureV1, seed).map(Self)
    }

    /// The key in its stored form, as a [`NoteSigner`]'s but with the kind `0x04`.
    ///
    /// # Errors
    /// [`KeyError`] if it is not in that form, or is not a cosigner's.
    pub fn from_skey(skey: &str) -> Result<Self, KeyError> {
        SigningKey::parse(skey, SignatureKind::CosignatureV1).map(Self)
    }

    /// The stored form that [`Cosigner::from_skey`] reads. Its holder can sign.
    #[must_use]
    pub fn to_skey(&self) -> Zeroizing<String> {
        self.0.to_skey()
    }

    /// The public key.
    #[must_use]
    pub const fn verifier(&self) -> &NoteVerifier {
        &self.0.verifier
    }

    /// The cosignature of a checkpoint's text as of `at`, for [`SignedNote::add_signature`].
    ///
    /// # Errors
    /// [`NoteError::Text`] if the text is not a checkpoint.
    pub fn cosign(&self, text: &str, at: PosixSeconds) -> Result<NoteSignature, NoteError> {
        crate::Checkpoint::parse(text).map_err(|_| NoteError::Text)?;
        let mut bytes = at.seconds().to_be_bytes().to_vec();
        bytes.extend(self.0.sign(cosigned_message(at, text).as_bytes())?);
        Ok(self.0.line(bytes))
    }
}

impl SigningKey {
    fn new(name: KeyName, kind: SignatureKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Bytes)?;
        let key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Bytes)?;
        let verifier = NoteVerifier::new(name, kind, key);
        Ok(Self {
            verifier,
            seed: Zeroizing::new(*seed),
            pair,
        })
    }

    fn parse(skey: &str, kind: SignatureKind) -> Result<Self, KeyError> {
        let rest = skey.strip_prefix("PRIVATE+KEY+").ok_or(KeyError::Form)?;
        let mut parts = rest.splitn(3, '+');
        let mut next = || parts.next().ok_or(KeyError::Form);
        let (name, id, bytes) = (next()?, next()?, next()?);
        let bytes = Zeroizing::new(from_base64(bytes).ok_or(KeyError::Form)?);
        let (found, seed) = bytes.split_first().ok_or(KeyError::Form)?;
        if SignatureKind::of_byte(*found)? != kind {
            return Err(KeyError::Kind);
        }
        let seed: &[u8; 32] = seed.try_into().map_err(|_| KeyError::Bytes)?;
        let key = Self::new(KeyName::new(name)?, kind, seed)?;
        if key.verifier.id().to_string() == id {
            Ok(key)
        } else {
            Err(KeyError::Id)
        }
    }

    fn to_skey(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 33]);
        for (to, from) in bytes.iter_mut().skip(1).zip(self.seed.iter()) {
            *to = *from;
        }
        if let Some(kind) = bytes.first_mut() {
            *kind = self.verifier.kind().byte();
        }
        let (name, id) = (self.verifier.name(), self.verifier.id());
        let seed = Zeroizing::new(STANDARD.encode(&bytes[..]));
        Zeroizing::new(format!("PRIVATE+KEY+{name}+{id}+{}", *seed))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoteError> {
        let signature = self
            .pair
            .try_sign(message)
            .map_err(|_| NoteError::Signing)?;
        Ok(signature.as_ref().to_vec())
    }

    fn line(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature::new(self.verifier.name().clone(), self.verifier.id(), bytes)
    }
}

/// The public half only.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKey")
            .field(&self.verifier.to_string())
            .finish()
    }
}

fn random_seed() -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(&mut seed[..])
        .map_err(|_| KeyError::Randomness)?;
    Ok(seed)
}
