//! Blind indexes: keyed, truncated tags by which a sealed value can be found.

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;

use super::Secret;
use super::framing::Frame;
use crate::ids::{RecordType, TenantId};

/// A tenant's key of blind indexes. It does not belong to a subject: shredding a subject deletes index rows instead.
pub struct IndexKey {
    key: hmac::Key,
    version: u32,
}

impl IndexKey {
    /// The index key of a tenant's index root, in this version.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secret is used up: it ends here"
    )]
    pub(crate) fn new(secret: Secret, tenant: TenantId, version: u32) -> Self {
        let prk = Salt::new(HKDF_SHA256, b"vouchsafe/1/index").extract(secret.expose());
        let info = Frame::new("index")
            .with(tenant.uuid().as_bytes())
            .with(&version.to_be_bytes());
        Self {
            key: expand_mac(&prk, &info),
            version,
        }
    }

    /// The index version: rows of two versions exist side by side while keys rotate.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The tag of a value: HMAC-SHA-256 over (type, index, value), its first `bits` (at most 128).
    ///
    /// `index` also names the normaliser if there is a choice; `normalised` is its result.
    #[must_use]
    pub fn tag(
        &self,
        record_type: &RecordType,
        index: &str,
        normalised: &[u8],
        bits: u16,
    ) -> IndexTag {
        let input = Frame::new("tag")
            .with(record_type.as_str().as_bytes())
            .with(index.as_bytes())
            .with(normalised);
        let mac = hmac::sign(&self.key, input.bytes());
        let mut tag = [0; 16];
        let mut left = u32::from(bits.min(128));
        for (out, byte) in tag.iter_mut().zip(mac.as_ref()) {
            let take = left.min(8);
            // The top `take` bits; a shift by 8 leaves none.
            *out = byte & !0xff_u8.checked_shr(take).unwrap_or(0);
            left -= take;
        }
        IndexTag(tag)
    }

    /// The tag of an entry that steps lead to: the first `bits` of each step's tag, one after the other, at most 128.
    ///
    /// Entries that share their first steps share the first bits. So the tags of an entry's steps, from the first to all of
    /// them, tell no more together than the last.
    #[must_use]
    pub fn tag_of_steps(
        &self,
        record_type: &RecordType,
        index: &str,
        steps: &[Vec<u8>],
        bits: u16,
    ) -> IndexTag {
        let mut tag = 0_u128;
        let mut left = 128;
        for step in steps {
            let bits = u32::from(bits).min(left);
            let IndexTag(step) = self.tag(record_type, index, step, 128);
            let step = u128::from_be_bytes(step).checked_shr(128 - bits);
            left -= bits;
            tag |= step.unwrap_or(0).checked_shl(left).unwrap_or(0);
        }
        IndexTag(tag.to_be_bytes())
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// A tag in a blind index; bits beyond its length are zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IndexTag(pub [u8; 16]);

/// An HMAC-SHA-256 key by HKDF-Expand.
#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA-256 refuses nothing but outputs over 8160 bytes (RFC 5869, 2.3)"
)]
pub(super) fn expand_mac(prk: &aws_lc_rs::hkdf::Prk, info: &Frame) -> hmac::Key {
    let key = super::envelope::expand(prk, "vouchsafe/1/mac", 0, info).expect("32 bytes");
    hmac::Key::new(hmac::HMAC_SHA256, &key[..])
}
