//! Sealing: envelopes, their keys, and the manifest of a record.
//!
//! Keys: root (in the key service) -> branch (tenant) -> random subject key -> field key, by HKDF-SHA-256 (RFC 5869)
//! over record type, slot and purpose. An envelope's key commitment and AAD bind it to its place; the [`Manifest`] of a
//! version, with its MAC, binds its envelopes together. No function here opens a record for callers outside the crate:
//! only the gate does.
//!
//! A manifest cannot show that the whole record was put back to an older version. The audit log, which names versions,
//! can.

mod entropy;
mod envelope;
mod field_keys;
mod framing;
mod index;
mod manifest;
mod record;
mod secret;
mod system;
mod wrapping;
mod xaes;

pub use field_keys::{Owner, RecordKeys};
pub use index::{IndexKey, IndexTag};
pub use manifest::{Entry, Manifest};
pub use record::{Blob, SealedRecord};
pub use secret::{KeyVersion, Plaintext, Secret, Suite};
pub use system::{SystemKey, SystemPurpose};
pub use wrapping::WrappingKey;

pub(crate) use record::{Writing, open_document, seal_document, seal_tombstone};

use crate::class::DataClass;

/// The reason why something could not be sealed or opened. No variant holds a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SealError {
    /// Not an envelope: wrong magic, lengths or reserved flags.
    #[error("malformed envelope")]
    Envelope,
    /// A format version or suite that this program does not know.
    #[error("unknown envelope format or suite")]
    UnknownFormat,
    /// Sealed under a key version that is not available.
    #[error("sealed under another key version")]
    KeyVersion,
    /// The key commitment belongs to another key: of another secret, record type or slot.
    #[error("sealed under another key")]
    Commitment,
    /// The tag is not valid: damaged, or moved to another place.
    #[error("the envelope does not belong here or was changed")]
    Tag,
    /// Not a manifest.
    #[error("malformed manifest")]
    Manifest,
    /// The manifest's MAC is not valid: damaged, or of another record or version.
    #[error("the manifest does not belong here or was changed")]
    ManifestMac,
    /// A blob in the manifest is missing.
    #[error("a blob is missing")]
    MissingBlob,
    /// A blob that is not in the manifest.
    #[error("a blob is not in the manifest")]
    UnlistedBlob,
    /// A blob differs from the one in the manifest.
    #[error("a blob is not the one in the manifest")]
    BlobHash,
    /// The sealed text is not a part of a document.
    #[error("malformed part of a document")]
    Part,
    /// The keys belong to another tenant or owner.
    #[error("keys of another owner")]
    Keys,
    /// The layout belongs to another record type.
    #[error("the layout of another record type")]
    RecordType,
    /// The given previous state does not fit: another record, or not an earlier version.
    #[error("not an earlier version of this record")]
    Previous,
    /// This version of the record is a deletion.
    #[error("the record is deleted")]
    Deleted,
    /// The document has an element of a class that may not be written.
    #[error("an element of class {0} may not be written")]
    NotWritable(DataClass),
    /// A record with more envelopes than a manifest can name.
    #[error("too many envelopes")]
    TooMany,
}

#[cfg(test)]
mod test_shake;
#[cfg(test)]
mod tests;
