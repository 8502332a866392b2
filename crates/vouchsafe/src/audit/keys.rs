//! Keys of the log's tokens and sealed detail.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use super::DetailRefused;
use crate::ids::TenantId;

const SALT: &[u8] = b"vouchsafe/1/audit";
const NONCE_LEN: usize = 12;

/// A tenant's keys for the log: for tokens in place of ids, and for sealed detail.
///
/// They must be kept for the whole retention of the log, or its tokens can no longer be matched. Detail is sealed with
/// AES-256-GCM (SP 800-38D) under a key for each entry, derived from the entry's id: a single key would have to seal
/// without a limit, which a random 96-bit nonce does not allow.
pub struct AuditKeys {
    tokens: hmac::Key,
    detail: hkdf::Prk,
    tenant: TenantId,
    version: u32,
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

struct Len32;

impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl AuditKeys {
    /// The keys derived from this secret for this tenant; entries name the `version`.
    ///
    /// # Errors
    /// [`DetailRefused::Sealed`] if the provider refuses the derivation, which does not happen.
    pub(crate) fn new(
        secret: &[u8; 32],
        tenant: TenantId,
        version: u32,
    ) -> Result<Self, DetailRefused> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
        let derive = |purpose: &[u8]| expand(&prk, &[tenant.uuid().as_bytes(), purpose]);
        Ok(Self {
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"tokens")?[..]),
            detail: hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &derive(b"detail")?[..]),
            tenant,
            version,
        })
    }

    /// The tenant of the log.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The version of the secret, as in entries.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The token for a value of a kind: HMAC-SHA-256, 128 bits, base64url.
    #[must_use]
    pub fn token(&self, kind: &str, value: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.tokens);
        context.update(&(kind.len() as u64).to_be_bytes());
        context.update(kind.as_bytes());
        context.update(value);
        let tag = context.sign();
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default())
    }

    /// Seals detail for the entry with that id: nonce, ciphertext and tag.
    #[expect(
        clippy::expect_used,
        reason = "the provider refuses wrong lengths, which are fixed here, and messages over 64 GiB"
    )]
    pub(super) fn seal_detail(&self, entry: Uuid, plain: &[u8]) -> Vec<u8> {
        let mut buffer = Vec::with_capacity(plain.len() + NONCE_LEN + AES_256_GCM.tag_len());
        buffer.extend_from_slice(plain);
        let nonce = self
            .detail_key(entry)
            .and_then(|key| {
                key.seal_in_place_append_tag(Aad::from(entry.as_bytes()), &mut buffer)
                    .map_err(|_| DetailRefused::Sealed)
            })
            .expect("lengths are fixed, and a message in memory is under 64 GiB");
        buffer.splice(..0, nonce.as_ref().iter().copied());
        buffer
    }

    /// Opens the sealed detail of an entry.
    pub(super) fn open_detail(
        &self,
        entry: Uuid,
        mut sealed: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, DetailRefused> {
        let refused = |_| DetailRefused::Sealed;
        let (nonce, rest) = sealed
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(DetailRefused::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(refused)?;
        let plain = self
            .detail_key(entry)?
            .open_in_place(nonce, Aad::from(entry.as_bytes()), rest)
            .map_err(refused)?;
        let plain = Zeroizing::new(plain.to_vec());
        sealed.zeroize();
        Ok(plain)
    }

    fn detail_key(&self, entry: Uuid) -> Result<RandomizedNonceKey, DetailRefused> {
        let key = expand(&self.detail, &[b"entry", entry.as_bytes()])?;
        RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| DetailRefused::Sealed)
    }
}

fn expand(prk: &hkdf::Prk, info: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, DetailRefused> {
    let mut out = Zeroizing::new([0; 32]);
    prk.expand(info, Len32)
        .and_then(|okm| okm.fill(&mut out[..]))
        .map_err(|_| DetailRefused::Sealed)?;
    Ok(out)
}
