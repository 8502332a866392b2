//! Keys of the log's tokens and sealed detail.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ids::TenantId;

const SALT: &[u8] = b"vouchsafe/1/audit";

/// A tenant's keys for the log: tokens instead of ids, and sealed detail.
///
/// Kept for the whole retention of the log, or its tokens can no longer be matched.
pub struct AuditKeys {
    tokens: hmac::Key,
    detail: RandomizedNonceKey,
    version: u32,
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Sealed detail that does not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sealed detail does not open with this key")]
pub struct DetailRefused;

struct Len32;

impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl AuditKeys {
    /// The keys that come from this secret, for this tenant; `version` names it in entries.
    ///
    /// # Errors
    /// [`DetailRefused`] when the provider refuses the derivation; it does not.
    pub fn new(secret: &[u8; 32], tenant: TenantId, version: u32) -> Result<Self, DetailRefused> {
        let derive = |purpose: &[u8]| {
            let mut out = zeroize::Zeroizing::new([0_u8; 32]);
            hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
                .extract(secret)
                .expand(&[tenant.uuid().as_bytes(), purpose], Len32)
                .and_then(|okm| okm.fill(&mut out[..]))
                .map_err(|_| DetailRefused)?;
            Ok::<_, DetailRefused>(out)
        };
        Ok(Self {
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"tokens")?[..]),
            detail: RandomizedNonceKey::new(&AES_256_GCM, &derive(b"detail")?[..])
                .map_err(|_| DetailRefused)?,
            version,
        })
    }

    /// Which secret it is, as entries name it.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The token that stands for a value of a kind: HMAC-SHA-256, 128 bits, base64url.
    #[must_use]
    pub fn token(&self, kind: &str, value: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.tokens);
        context.update(&(kind.len() as u64).to_be_bytes());
        context.update(kind.as_bytes());
        context.update(value);
        let tag = context.sign();
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default())
    }

    /// Seals detail for the entry of that id; base64url of nonce, ciphertext and tag.
    pub(super) fn seal_detail(&self, entry: uuid::Uuid, plain: &[u8]) -> Option<String> {
        let mut buffer = plain.to_vec();
        let nonce = self
            .detail
            .seal_in_place_append_tag(Aad::from(entry.as_bytes()), &mut buffer)
            .ok()?;
        let mut out = nonce.as_ref().to_vec();
        out.append(&mut buffer);
        Some(URL_SAFE_NO_PAD.encode(out))
    }

    /// Opens the sealed detail of an entry. The caller MUST have decided and logged that.
    ///
    /// # Errors
    /// [`DetailRefused`] when it is of another entry or key, or was changed.
    pub fn open_detail(&self, entry: uuid::Uuid, sealed: &str) -> Result<Vec<u8>, DetailRefused> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| DetailRefused)?;
        let (nonce, rest) = bytes.split_at_checked(12).ok_or(DetailRefused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DetailRefused)?;
        let mut buffer = rest.to_vec();
        let plain = self
            .detail
            .open_in_place(nonce, Aad::from(entry.as_bytes()), &mut buffer)
            .map_err(|_| DetailRefused)?
            .len();
        buffer.truncate(plain);
        Ok(buffer)
    }
}
