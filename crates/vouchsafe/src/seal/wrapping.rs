//! Keys that wrap keys.

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::envelope::{Envelope, EnvelopeKey};
use super::framing::Frame;
use super::secret::fill_random;
use super::xaes::Xaes;
use super::{KeyVersion, SealError, Secret, Suite};

/// A key that wraps other keys (root and branch keys), with suite 2, which has no limit on the number of wraps.
pub struct WrappingKey {
    key: EnvelopeKey,
}

impl WrappingKey {
    /// The wrapping key of a secret.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secret is used up: it ends here"
    )]
    pub fn new(secret: Secret, version: KeyVersion) -> Self {
        let place = Frame::new("wrap");
        Self {
            key: derive(
                "vouchsafe/1/wrapping",
                &secret,
                Suite::Xaes256Gcm,
                version,
                &place,
            ),
        }
    }

    /// Wraps a key; `context` names the place of the wrapped key, and is needed to unwrap it.
    #[must_use]
    pub fn wrap(&self, context: &[u8], key: &Secret) -> Vec<u8> {
        let mut aad = Frame::new("vouchsafe/1/wrap").with(context);
        seal_small(&self.key, &mut aad, key.expose())
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// [`SealError`] if it was wrapped by another key, for another context, or changed.
    pub fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Secret, SealError> {
        let mut aad = Frame::new("vouchsafe/1/wrap").with(context);
        let plain = self.key.open(&mut aad, &Envelope::parse(wrapped)?)?;
        let bytes: Zeroizing<[u8; 32]> = plain
            .as_slice()
            .try_into()
            .map(Zeroizing::new)
            .map_err(|_| SealError::Envelope)?;
        Ok(Secret::from_bytes(*bytes))
    }

    /// The key version in wrapped keys.
    #[must_use]
    pub const fn version(&self) -> KeyVersion {
        self.key.version()
    }

    /// The version of the key that wrapped something, as the wrapped key claims it, unverified.
    ///
    /// # Errors
    /// [`SealError`] if it is not a wrapped key.
    pub fn version_of(wrapped: &[u8]) -> Result<KeyVersion, SealError> {
        Ok(Envelope::parse(wrapped)?.key_version)
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The envelope key of a secret with one use: HKDF-SHA-256 with a salt that names the use.
#[expect(
    clippy::expect_used,
    reason = "the provider refuses only wrong lengths, and all lengths here are fixed"
)]
pub(super) fn derive(
    salt: &'static str,
    secret: &Secret,
    suite: Suite,
    version: KeyVersion,
    place: &Frame,
) -> EnvelopeKey {
    let prk = Salt::new(HKDF_SHA256, salt.as_bytes()).extract(secret.expose());
    EnvelopeKey::derive(&prk, suite, version, place).expect("key lengths are fixed")
}

/// Seals with a fresh nonce.
#[expect(
    clippy::expect_used,
    reason = "AES-GCM refuses nothing but messages over 64 GiB (SP 800-38D, 5.2.1.1)"
)]
pub(super) fn seal_small(key: &EnvelopeKey, aad: &mut Frame, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; Xaes::NONCE_LEN];
    let (nonce, _) = nonce.split_at_mut(key.suite().nonce_len());
    fill_random(nonce);
    key.seal(aad, nonce, plain)
        .expect("a message in memory is under 64 GiB")
}
