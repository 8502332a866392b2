//! Records: a document's parts, each in its envelope, under one manifest.

use std::fmt;

use bytes::Bytes;

use super::entropy::Entropy;
use super::envelope::{Envelope, EnvelopeKey};
use super::framing::Frame;
use super::manifest::{Entry, place};
use super::{KeyVersion, Manifest, Owner, Plaintext, RecordKeys, SealError, Suite};
use crate::class::ClassSet;
use crate::document::{Document, Layout, MalformedPart, Slot, Tree, split};
use crate::ids::{RecordKey, Version};

/// Label of the AADs of records.
const AAD: &str = "vouchsafe/1/blob";

/// One sealed slot of a record.
#[derive(Clone)]
pub struct Blob {
    /// The slot of its content.
    pub slot: Slot,
    /// The version of the record that sealed it.
    pub sealed_version: Version,
    /// The key version in its header: for sweepers, unverified.
    pub key_version: KeyVersion,
    /// The suite in its header: for sweepers, unverified.
    pub suite: Suite,
    /// The envelope.
    pub bytes: Bytes,
}

impl Blob {
    /// A blob from a store.
    ///
    /// # Errors
    /// [`SealError`] if it is not an envelope.
    pub fn new(slot: Slot, sealed_version: Version, bytes: Bytes) -> Result<Self, SealError> {
        let envelope = Envelope::parse(&bytes)?;
        let (key_version, suite) = (envelope.key_version, envelope.suite);
        Ok(Self {
            slot,
            sealed_version,
            key_version,
            suite,
            bytes,
        })
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("slot", &self.slot)
            .field("sealed_version", &self.sealed_version)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// One version of a record, sealed.
#[derive(Clone, Debug)]
pub struct SealedRecord {
    /// The key of the record. To open, it MUST come from the request, not from the row.
    pub key: RecordKey,
    /// The version of the record; it MUST come from the request, too.
    pub version: Version,
    /// The owner of the sealing keys.
    pub owner: Owner,
    /// The list of its blobs.
    pub manifest: Manifest,
    /// Blobs: those of the classes to open, or those that sealing made.
    pub blobs: Vec<Blob>,
}

/// A write.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    /// The record.
    pub(crate) key: &'a RecordKey,
    /// The new version.
    pub(crate) version: Version,
    /// The classes that may be written; all others are carried over.
    pub(crate) write: ClassSet,
    /// Whether unchanged blobs are carried. Otherwise all are sealed anew, so that a writer without the right to read
    /// does not learn from the blobs whether a guess was right.
    pub(crate) compare: bool,
    /// The previous version, with the blobs of the classes in `write`.
    pub(crate) previous: Option<&'a SealedRecord>,
}

/// Seals a document as a version of a record. Its elements of the classes in `write` replace those of the previous
/// version. Blobs of other classes are carried by reference, and so are unchanged blobs if they may be compared. The
/// result has only the new blobs.
///
/// # Errors
/// [`SealError`]; [`SealError::NotWritable`] if the document has elements that may not be written.
pub(crate) fn seal_document(
    keys: &RecordKeys,
    writing: &Writing<'_>,
    layout: &dyn Layout,
    document: &Document,
) -> Result<SealedRecord, SealError> {
    seal_with(keys, writing, layout, document, &mut Entropy::new())
}

/// As [`seal_document`], with given randomness: tests pass known bytes.
pub(super) fn seal_with(
    keys: &RecordKeys,
    writing: &Writing<'_>,
    layout: &dyn Layout,
    document: &Document,
    entropy: &mut Entropy,
) -> Result<SealedRecord, SealError> {
    if *layout.record_type() != writing.key.record_type {
        return Err(SealError::RecordType);
    }
    writing.check(keys)?;
    let old = match writing.previous {
        Some(previous) => open_parts(keys, previous, writing.write)?,
        None => Vec::new(),
    };
    let tree = Some(merge_parts(&old)?).filter(|_| !old.is_empty());
    let mut ids = || entropy.id();
    let parts = split(
        document.root(),
        layout,
        tree.as_ref(),
        writing.version,
        &mut ids,
    );
    let mut entries = writing.carried();
    let mut blobs = Vec::new();
    let mut text = Plaintext::zeroed(0);
    let mut aad = place(AAD, keys, writing.key);
    for part in &parts {
        let slot = part.slot();
        if !writing.write.contains(slot.class()) {
            return Err(SealError::NotWritable(slot.class()));
        }
        text.bytes_mut().clear();
        part.write(text.bytes_mut());
        let sealing = keys.sealing(&writing.key.record_type, slot);
        let same = |old: &&Opened| writing.compare && old.is(slot, &sealing, &text);
        if let Some(same) = old.iter().find(same) {
            entries.push(same.entry.clone());
            continue;
        }
        let bytes = with_place(&mut aad, writing.version, slot, |aad| {
            seal_part(&sealing, aad, entropy, &text)
        });
        entries.push(Entry::of(slot.clone(), writing.version, &bytes));
        blobs.push(Blob {
            slot: slot.clone(),
            sealed_version: writing.version,
            key_version: sealing.version(),
            suite: sealing.suite(),
            bytes: bytes.into(),
        });
    }
    let manifest = Manifest::seal(keys, writing.key, writing.version, entries, false)?;
    Ok(writing.sealed(keys, manifest, blobs))
}

/// Seals the deletion of a record (a tombstone): a version without blobs.
///
/// # Errors
/// [`SealError`]; `write` and the blobs of `previous` are not used.
pub(crate) fn seal_tombstone(
    keys: &RecordKeys,
    writing: &Writing<'_>,
) -> Result<SealedRecord, SealError> {
    writing.check(keys)?;
    if let Some(previous) = writing.previous {
        previous.verify(keys)?;
    }
    let manifest = Manifest::seal(keys, writing.key, writing.version, Vec::new(), true)?;
    Ok(writing.sealed(keys, manifest, Vec::new()))
}

/// Opens the parts of a record that belong to these classes.
///
/// # Errors
/// [`SealError`]: nothing is opened unless the manifest verifies and each blob of these classes is present, has the
/// manifest's hash, and was sealed for this place.
pub(crate) fn open_document(
    keys: &RecordKeys,
    record: &SealedRecord,
    classes: ClassSet,
) -> Result<Document, SealError> {
    let parts = open_parts(keys, record, classes)?;
    if record.manifest.is_deleted() {
        return Err(SealError::Deleted);
    }
    merge_parts(&parts)?
        .into_document()
        .map_err(|MalformedPart| SealError::Part)
}

impl Writing<'_> {
    /// Whether keys, record and previous version belong together.
    fn check(&self, keys: &RecordKeys) -> Result<(), SealError> {
        if keys.tenant() != self.key.tenant {
            return Err(SealError::Keys);
        }
        match self.previous {
            Some(previous) if previous.owner != keys.owner() => Err(SealError::Keys),
            Some(previous) if previous.key != *self.key || previous.version >= self.version => {
                Err(SealError::Previous)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The entries that stay because they may not be written. (The manifest was verified.)
    fn carried(&self) -> Vec<Entry> {
        let entries = self
            .previous
            .map_or(&[][..], |previous| previous.manifest.entries());
        let hidden = |entry: &&Entry| !self.write.contains(entry.slot.class());
        entries.iter().filter(hidden).cloned().collect()
    }

    fn sealed(&self, keys: &RecordKeys, manifest: Manifest, blobs: Vec<Blob>) -> SealedRecord {
        SealedRecord {
            key: self.key.clone(),
            version: self.version,
            owner: keys.owner(),
            manifest,
            blobs,
        }
    }
}

impl SealedRecord {
    /// Whether the manifest belongs to this version of this record, and lists all given blobs.
    fn verify(&self, keys: &RecordKeys) -> Result<(), SealError> {
        if keys.tenant() != self.key.tenant || keys.owner() != self.owner {
            return Err(SealError::Keys);
        }
        self.manifest.verify(keys, &self.key, self.version)?;
        let entries = self.manifest.entries();
        let listed = |blob: &Blob| entries.iter().any(|entry| blob.fills(entry));
        if self.blobs.iter().all(listed) {
            Ok(())
        } else {
            Err(SealError::UnlistedBlob)
        }
    }
}

impl Blob {
    pub(super) fn fills(&self, entry: &Entry) -> bool {
        self.slot == entry.slot && self.sealed_version == entry.sealed_version
    }
}

/// An opened slot.
struct Opened {
    entry: Entry,
    key_version: KeyVersion,
    suite: Suite,
    text: Plaintext,
}

impl Opened {
    /// Whether sealing this text would change nothing: same slot, text, key and suite.
    fn is(&self, slot: &Slot, sealing: &EnvelopeKey, text: &[u8]) -> bool {
        self.entry.slot == *slot
            && self.key_version == sealing.version()
            && self.suite == sealing.suite()
            && *self.text == *text
    }
}

/// Opens the slots of these classes, in the order of their sealing.
fn open_parts(
    keys: &RecordKeys,
    record: &SealedRecord,
    classes: ClassSet,
) -> Result<Vec<Opened>, SealError> {
    record.verify(keys)?;
    let mut aad = place(AAD, keys, &record.key);
    let mut parts = Vec::new();
    for entry in record.manifest.entries() {
        if !classes.contains(entry.slot.class()) {
            continue;
        }
        let blob = record.blobs.iter().find(|blob| blob.fills(entry));
        let blob = blob.ok_or(SealError::MissingBlob)?;
        if !entry.is(&blob.bytes) {
            return Err(SealError::BlobHash);
        }
        let envelope = Envelope::parse(&blob.bytes)?;
        let (key_version, suite) = (envelope.key_version, envelope.suite);
        let key = keys.opening(&record.key.record_type, &entry.slot, suite, key_version)?;
        let text = with_place(&mut aad, entry.sealed_version, &entry.slot, |aad| {
            key.open(aad, &envelope)
        })?;
        parts.push(Opened {
            entry: entry.clone(),
            key_version,
            suite,
            text,
        });
    }
    parts.sort_by_key(|part| part.entry.sealed_version);
    Ok(parts)
}

fn merge_parts(parts: &[Opened]) -> Result<Tree, SealError> {
    let mut tree = Tree::empty();
    for part in parts {
        tree.merge(Tree::parse(&part.text).map_err(|MalformedPart| SealError::Part)?);
    }
    tree.settle();
    Ok(tree)
}

/// Runs with an AAD that also names the slot: (tenant, type, id, owner, version, slot, purpose); the header comes last,
/// in the envelope.
fn with_place<T>(
    aad: &mut Frame,
    version: Version,
    slot: &Slot,
    run: impl FnOnce(&mut Frame) -> T,
) -> T {
    let base = aad.len();
    aad.push(&version.number().to_be_bytes());
    aad.push(slot.name().as_bytes());
    aad.push(b"content");
    let result = run(aad);
    aad.truncate(base);
    result
}

#[expect(
    clippy::expect_used,
    reason = "AES-GCM refuses nothing but messages over 64 GiB (SP 800-38D, 5.2.1.1)"
)]
fn seal_part(key: &EnvelopeKey, aad: &mut Frame, entropy: &mut Entropy, text: &[u8]) -> Vec<u8> {
    match key.suite() {
        Suite::Aes256Gcm => key.seal(aad, &entropy.take::<12>(), text),
        Suite::Xaes256Gcm => key.seal(aad, &entropy.take::<24>(), text),
    }
    .expect("a message in memory is under 64 GiB")
}
