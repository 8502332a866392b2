//! Readable detail of an entry, sealed.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::AuditKeys;

const SALT_LEN: usize = 16;

/// The `detail` of an entry: `salt || plain` sealed, and the SHA-256 that commits to it.
///
/// The commitment is outside the encryption. So whoever kept salt and text can still prove with the log what was said,
/// even after the key is gone. The salt prevents guessing the text.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    commitment: String,
    sealed: String,
}

impl Detail {
    /// Seals detail for the entry with that id.
    pub(super) fn seal(keys: &AuditKeys, entry: Uuid, plain: &[u8]) -> Self {
        let mut salted = Zeroizing::new(Vec::with_capacity(SALT_LEN + plain.len()));
        salted.extend_from_slice(Uuid::new_v4().as_bytes());
        salted.extend_from_slice(plain);
        Self {
            commitment: URL_SAFE_NO_PAD.encode(digest(&SHA256, &salted)),
            sealed: URL_SAFE_NO_PAD.encode(keys.seal_detail(entry, &salted)),
        }
    }
}

/// The sealed detail of one entry, read from the log. It opens through the gate only.
#[derive(Debug)]
pub struct SealedDetail {
    entry: Uuid,
    detail: Detail,
}

/// The reason why sealed detail could not be read or opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DetailRefused {
    /// Not a valid entry.
    #[error("not an entry of the audit log")]
    Entry,
    /// The entry has no detail.
    #[error("the entry has no sealed detail")]
    None,
    /// It belongs to another entry, tenant or key, or was changed.
    #[error("the sealed detail does not open with this key")]
    Sealed,
    /// It differs from the entry's commitment.
    #[error("the sealed detail is not what the entry commits to")]
    Commitment,
}

#[derive(Deserialize)]
struct WithDetail {
    id: Uuid,
    detail: Option<Detail>,
}

impl SealedDetail {
    /// The detail of an entry: the bytes of the `entry` member of a leaf.
    ///
    /// # Errors
    /// [`DetailRefused::Entry`] and [`DetailRefused::None`].
    pub fn of_entry(entry: &[u8]) -> Result<Self, DetailRefused> {
        let entry: WithDetail = serde_json::from_slice(entry).map_err(|_| DetailRefused::Entry)?;
        Ok(Self {
            entry: entry.id,
            detail: entry.detail.ok_or(DetailRefused::None)?,
        })
    }

    /// The entry's id.
    #[must_use]
    pub const fn entry(&self) -> Uuid {
        self.entry
    }

    /// Opens the detail, and checks it against the entry's commitment.
    pub(crate) fn open(&self, keys: &AuditKeys) -> Result<Zeroizing<Vec<u8>>, DetailRefused> {
        let decode = |text: &str, refused| URL_SAFE_NO_PAD.decode(text).map_err(|_| refused);
        let sealed = decode(&self.detail.sealed, DetailRefused::Sealed)?;
        let commitment = decode(&self.detail.commitment, DetailRefused::Commitment)?;
        let mut salted = keys.open_detail(self.entry, sealed)?;
        verify_slices_are_equal(digest(&SHA256, &salted).as_ref(), &commitment)
            .map_err(|_| DetailRefused::Commitment)?;
        if salted.len() < SALT_LEN {
            return Err(DetailRefused::Commitment);
        }
        salted.drain(..SALT_LEN);
        Ok(salted)
    }
}
