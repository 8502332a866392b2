//! The manifest: the list of blobs of one version of a record.
//!
//! | bytes | content |
//! |---|---|
//! | 2 | magic `VM` |
//! | 1 | format version, 1 |
//! | 1 | flags: bit 0, the version is a deletion |
//! | 4 | key version, big-endian |
//! | 2 | number of entries, big-endian |
//! | ... | entries, by slot name: u8 length and name, u32 sealing version, 32 B SHA-256 of the blob |
//! | 32 | HMAC-SHA-256 over (tenant, type, id, version, owner, all bytes before) |

use aws_lc_rs::{digest, hmac};

use super::framing::Frame;
use super::{KeyVersion, RecordKeys, SealError};
use crate::class::{ClassSet, DataClass};
use crate::document::Slot;
use crate::ids::{RecordKey, Version};

const MAGIC: [u8; 2] = *b"VM";
const FORMAT: u8 = 1;
const DELETED: u8 = 1;
const MAC_LEN: usize = 32;

/// One blob of a record version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The slot of the blob.
    pub slot: Slot,
    /// The version of the record that sealed it.
    pub sealed_version: Version,
    /// SHA-256 of the blob.
    pub sha256: [u8; 32],
}

/// The list of a record version's blobs. Only a manifest that came from sealing or opening is verified; a parsed one is
/// an unverified claim of the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    deleted: bool,
    key_version: KeyVersion,
    /// By slot name, without duplicates.
    entries: Vec<Entry>,
    mac: [u8; MAC_LEN],
}

impl Manifest {
    /// Parses a manifest; its MAC is verified when the record is opened.
    ///
    /// # Errors
    /// [`SealError::Manifest`] unless it has exactly the form that [`Self::to_bytes`] writes;
    /// [`SealError::UnknownFormat`] for a newer one.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let malformed = SealError::Manifest;
        let (body, mac) = bytes.split_last_chunk::<MAC_LEN>().ok_or(malformed)?;
        let (&magic, rest) = body.split_first_chunk::<2>().ok_or(malformed)?;
        let (&[format, flags], rest) = rest.split_first_chunk::<2>().ok_or(malformed)?;
        if magic != MAGIC {
            return Err(malformed);
        }
        if format != FORMAT {
            return Err(SealError::UnknownFormat);
        }
        if flags & !DELETED != 0 {
            return Err(malformed);
        }
        let (&key_version, rest) = rest.split_first_chunk::<4>().ok_or(malformed)?;
        let (&count, mut rest) = rest.split_first_chunk::<2>().ok_or(malformed)?;
        let mut entries: Vec<Entry> = Vec::new();
        for _ in 0..u16::from_be_bytes(count) {
            let entry = Entry::read(&mut rest)?;
            if entries
                .last()
                .is_some_and(|last| last.slot.name() >= entry.slot.name())
            {
                return Err(malformed);
            }
            entries.push(entry);
        }
        if !rest.is_empty() {
            return Err(malformed);
        }
        Ok(Self {
            deleted: flags == DELETED,
            key_version: KeyVersion::new(u32::from_be_bytes(key_version)),
            entries,
            mac: *mac,
        })
    }

    /// Makes the manifest of a record version, with its MAC.
    pub(super) fn seal(
        keys: &RecordKeys,
        key: &RecordKey,
        version: Version,
        mut entries: Vec<Entry>,
        deleted: bool,
    ) -> Result<Self, SealError> {
        if u16::try_from(entries.len()).is_err() {
            return Err(SealError::TooMany);
        }
        entries.sort_unstable_by(|a, b| a.slot.name().cmp(b.slot.name()));
        let mut manifest = Self {
            deleted,
            key_version: keys.version(),
            entries,
            mac: [0; MAC_LEN],
        };
        let mac_key = keys.manifest_key(&key.record_type, manifest.key_version)?;
        let mac = hmac::sign(&mac_key, manifest.mac_input(keys, key, version).bytes());
        manifest.mac = mac.as_ref().try_into().map_err(|_| SealError::Manifest)?;
        Ok(manifest)
    }

    /// Whether the owner's keys made it for exactly this version of this record.
    pub(super) fn verify(
        &self,
        keys: &RecordKeys,
        key: &RecordKey,
        version: Version,
    ) -> Result<(), SealError> {
        let mac_key = keys.manifest_key(&key.record_type, self.key_version)?;
        let input = self.mac_input(keys, key, version);
        hmac::verify(&mac_key, input.bytes(), &self.mac).map_err(|_| SealError::ManifestMac)
    }

    /// The stored form of the manifest.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.body();
        bytes.extend_from_slice(&self.mac);
        bytes
    }

    /// Whether this version is a deletion.
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// The key version of its MAC.
    #[must_use]
    pub const fn key_version(&self) -> KeyVersion {
        self.key_version
    }

    /// The blobs, by slot name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The slots, each with the version that sealed its blob.
    pub fn slots(&self) -> impl Iterator<Item = (&Slot, Version)> {
        self.entries
            .iter()
            .map(|entry| (&entry.slot, entry.sealed_version))
    }

    /// The classes of the record's blobs.
    #[must_use]
    pub fn classes(&self) -> ClassSet {
        self.entries
            .iter()
            .map(|entry| entry.slot.class())
            .collect::<ClassSet>()
    }

    /// Whether there is a blob of this class.
    #[must_use]
    pub fn has(&self, class: DataClass) -> bool {
        self.classes().contains(class)
    }

    fn mac_input(&self, keys: &RecordKeys, key: &RecordKey, version: Version) -> Frame {
        place("vouchsafe/1/manifest", keys, key)
            .with(&version.number().to_be_bytes())
            .with(&self.body())
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(10 + 56 * self.entries.len() + MAC_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[FORMAT, u8::from(self.deleted) * DELETED]);
        out.extend_from_slice(&self.key_version.number().to_be_bytes());
        // `seal` and `parse` ensure that there are no more.
        let count = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for entry in &self.entries {
            entry.write(&mut out);
        }
        out
    }
}

impl Entry {
    /// The entry of a blob.
    pub(super) fn of(slot: Slot, sealed_version: Version, blob: &[u8]) -> Self {
        Self {
            slot,
            sealed_version,
            sha256: sha256(blob),
        }
    }

    /// Whether this is the blob.
    pub(super) fn is(&self, blob: &[u8]) -> bool {
        self.sha256 == sha256(blob)
    }

    fn read(rest: &mut &[u8]) -> Result<Self, SealError> {
        let malformed = SealError::Manifest;
        let (&len, after) = rest.split_first().ok_or(malformed)?;
        let (name, after) = after.split_at_checked(usize::from(len)).ok_or(malformed)?;
        let (&version, after) = after.split_first_chunk::<4>().ok_or(malformed)?;
        let (&sha256, after) = after.split_first_chunk::<32>().ok_or(malformed)?;
        *rest = after;
        let name = std::str::from_utf8(name).map_err(|_| malformed)?;
        Ok(Self {
            slot: name.parse().map_err(|_| malformed)?,
            sealed_version: Version::new(u32::from_be_bytes(version)).ok_or(malformed)?,
            sha256,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let name = self.slot.name();
        // A class and an own name: at most 11 + 1 + 32 bytes.
        out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&self.sealed_version.number().to_be_bytes());
        out.extend_from_slice(&self.sha256);
    }
}

/// The first fields of AADs and manifests, which identify the record.
pub(super) fn place(label: &str, keys: &RecordKeys, key: &RecordKey) -> Frame {
    Frame::new(label)
        .with(key.tenant.uuid().as_bytes())
        .with(key.record_type.as_str().as_bytes())
        .with(key.id.uuid().as_bytes())
        .with(&keys.owner().bytes())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest::digest(&digest::SHA256, bytes);
    for (out, byte) in out.iter_mut().zip(digest.as_ref()) {
        *out = *byte;
    }
    out
}
