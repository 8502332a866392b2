//! The envelope: the stored form of one slot of a record, or of one wrapped key.
//!
//! | bytes | content |
//! |---|---|
//! | 2 | magic `VS` |
//! | 1 | format version, 1 |
//! | 1 | suite |
//! | 1 | flags, 0 (all reserved) |
//! | 4 | key version, big-endian |
//! | 32 | key commitment |
//! | 12 or 24 | nonce, by suite |
//! | n | ciphertext |
//! | 16 | tag |
//!
//! All bytes before the ciphertext are the last field of the AAD.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{KeyType, Prk};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::framing::Frame;
use super::xaes::Xaes;
use super::{KeyVersion, Plaintext, SealError, Suite};

const MAGIC: [u8; 2] = *b"VS";
const FORMAT: u8 = 1;
const FLAGS: u8 = 0;
const COMMITMENT_LEN: usize = 32;
/// Length of the header without its nonce.
const FIXED_LEN: usize = 2 + 1 + 1 + 1 + 4 + COMMITMENT_LEN;
const TAG_LEN: usize = MAX_TAG_LEN;

/// The parts of an envelope, not yet verified.
pub(super) struct Envelope<'a> {
    pub(super) suite: Suite,
    pub(super) key_version: KeyVersion,
    commitment: &'a [u8; COMMITMENT_LEN],
    nonce: &'a [u8],
    header: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Parses an envelope.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, SealError> {
        let malformed = SealError::Envelope;
        let (&magic, rest) = bytes.split_first_chunk::<2>().ok_or(malformed)?;
        let (&[format, suite, flags], rest) = rest.split_first_chunk::<3>().ok_or(malformed)?;
        if magic != MAGIC {
            return Err(malformed);
        }
        if format != FORMAT {
            return Err(SealError::UnknownFormat);
        }
        let suite = Suite::from_number(suite).ok_or(SealError::UnknownFormat)?;
        if flags != FLAGS {
            return Err(malformed);
        }
        let (&version, rest) = rest.split_first_chunk::<4>().ok_or(malformed)?;
        let (commitment, rest) = rest
            .split_first_chunk::<COMMITMENT_LEN>()
            .ok_or(malformed)?;
        let (nonce, rest) = rest.split_at_checked(suite.nonce_len()).ok_or(malformed)?;
        let ciphertext_len = rest.len().checked_sub(TAG_LEN).ok_or(malformed)?;
        let (ciphertext, tag) = rest.split_at_checked(ciphertext_len).ok_or(malformed)?;
        let header = bytes.get(..FIXED_LEN + nonce.len()).ok_or(malformed)?;
        Ok(Self {
            suite,
            key_version: KeyVersion::new(u32::from_be_bytes(version)),
            commitment,
            nonce,
            header,
            ciphertext,
            tag,
        })
    }
}

enum Cipher {
    Gcm(LessSafeKey),
    /// Boxed: many times the size of the other variant.
    Xaes(Box<Xaes>),
}

/// A key that seals envelopes of one place, with its commitment.
pub(super) struct EnvelopeKey {
    suite: Suite,
    version: KeyVersion,
    commitment: [u8; COMMITMENT_LEN],
    cipher: Cipher,
}

impl EnvelopeKey {
    /// Derives the key of a place: HKDF-Expand (RFC 5869) over suite and place. The commitment is derived in the same
    /// way with another label.
    pub(super) fn derive(
        prk: &Prk,
        suite: Suite,
        version: KeyVersion,
        place: &Frame,
    ) -> Result<Self, Unspecified> {
        let key = expand(prk, "vouchsafe/1/key", suite.number(), place)?;
        let commitment = expand(prk, "vouchsafe/1/commitment", suite.number(), place)?;
        let cipher = match suite {
            Suite::Aes256Gcm => {
                Cipher::Gcm(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key)?))
            }
            Suite::Xaes256Gcm => Cipher::Xaes(Box::new(Xaes::new(&key)?)),
        };
        Ok(Self {
            suite,
            version,
            commitment: *commitment,
            cipher,
        })
    }

    /// The suite of the envelopes that it seals.
    pub(super) const fn suite(&self) -> Suite {
        self.suite
    }

    /// The key version that it writes into envelopes.
    pub(super) const fn version(&self) -> KeyVersion {
        self.version
    }

    /// Seals; `nonce` MUST be fresh and random, of the suite's length.
    pub(super) fn seal(
        &self,
        aad: &mut Frame,
        nonce: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Unspecified> {
        let mut out = Vec::with_capacity(FIXED_LEN + nonce.len() + plain.len() + TAG_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[FORMAT, self.suite.number(), FLAGS]);
        out.extend_from_slice(&self.version.number().to_be_bytes());
        out.extend_from_slice(&self.commitment);
        out.extend_from_slice(nonce);
        let header_len = out.len();
        let base = aad.len();
        aad.push(&out);
        out.extend_from_slice(plain);
        let body = out.get_mut(header_len..).ok_or(Unspecified)?;
        let tag = self.with_cipher(nonce, |key, nonce| {
            key.seal_in_place_separate_tag(nonce, Aad::from(aad.bytes()), body)
        })?;
        aad.truncate(base);
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens: checks version and commitment first, in constant time, then the tag.
    pub(super) fn open(
        &self,
        aad: &mut Frame,
        envelope: &Envelope<'_>,
    ) -> Result<Plaintext, SealError> {
        if envelope.key_version != self.version {
            return Err(SealError::KeyVersion);
        }
        let committed = self.commitment.ct_eq(envelope.commitment);
        if envelope.suite != self.suite || !bool::from(committed) {
            return Err(SealError::Commitment);
        }
        let base = aad.len();
        aad.push(envelope.header);
        let mut plain = Plaintext::zeroed(envelope.ciphertext.len());
        let opened = self.with_cipher(envelope.nonce, |key, nonce| {
            let aad = Aad::from(aad.bytes());
            key.open_separate_gather(
                nonce,
                aad,
                envelope.ciphertext,
                envelope.tag,
                plain.bytes_mut(),
            )
        });
        aad.truncate(base);
        opened.map_err(|Unspecified| SealError::Tag)?;
        Ok(plain)
    }

    fn with_cipher<T>(
        &self,
        nonce: &[u8],
        run: impl FnOnce(&LessSafeKey, Nonce) -> Result<T, Unspecified>,
    ) -> Result<T, Unspecified> {
        match &self.cipher {
            Cipher::Gcm(key) => run(key, Nonce::try_assume_unique_for_key(nonce)?),
            Cipher::Xaes(xaes) => {
                let (key, nonce) = xaes.derive(nonce.try_into().map_err(|_| Unspecified)?)?;
                run(&key, nonce)
            }
        }
    }
}

/// 32 bytes by HKDF-Expand, for a label, a suite (0: none) and a place.
pub(super) fn expand(
    prk: &Prk,
    label: &str,
    suite: u8,
    place: &Frame,
) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    struct Bytes32;
    impl KeyType for Bytes32 {
        fn len(&self) -> usize {
            32
        }
    }
    let info = Frame::new(label).with(&[suite]).with(place.bytes());
    let mut out = Zeroizing::new([0; 32]);
    prk.expand(&[info.bytes()], Bytes32)?.fill(&mut out[..])?;
    Ok(out)
}
