//! The keys of one owner's records, with the keys derived from them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;

use super::envelope::EnvelopeKey;
use super::framing::Frame;
use super::index::expand_mac;
use super::{KeyVersion, SealError, Secret, Suite};
use crate::document::Slot;
use crate::ids::{RecordType, SubjectId, TenantId};

/// The owner of the key that seals a record.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// The record's subject. Destroying the subject's key erases the record.
    Subject(SubjectId),
    /// The tenant: for records without a subject.
    Tenant,
}

impl Owner {
    /// The bytes of the owner in AADs and key derivations.
    pub(super) fn bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        if let (Self::Subject(subject), [kind, id @ ..]) = (self, &mut bytes) {
            *kind = 1;
            *id = *subject.uuid().as_bytes();
        }
        bytes
    }

    /// The suite for sealing: a subject has few records, a tenant may have any number.
    const fn suite(self) -> Suite {
        match self {
            Self::Subject(_) => Suite::Aes256Gcm,
            Self::Tenant => Suite::Xaes256Gcm,
        }
    }
}

/// The key of one owner's records (a subject key), with a bounded cache of derived keys.
///
/// It has no public function to seal or open: that takes a permit, and only the gate does it.
pub struct RecordKeys {
    tenant: TenantId,
    owner: Owner,
    /// The version that seals; never empty.
    current: VersionKey,
    older: Vec<VersionKey>,
    derived: RwLock<Derived>,
}

struct VersionKey {
    version: KeyVersion,
    prk: Prk,
}

#[derive(Default)]
struct Derived {
    types: HashMap<RecordType, TypeKeys>,
    count: usize,
}

#[derive(Default)]
struct TypeKeys {
    fields: Vec<(Slot, Arc<EnvelopeKey>)>,
    manifests: Vec<(KeyVersion, Arc<hmac::Key>)>,
}

impl RecordKeys {
    /// Maximum number of cached derived keys; all of them take about 80 KB.
    pub(super) const MAX_DERIVED: usize = 96;

    /// The keys of an owner's records, from their random secret.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secret is used up: it ends here"
    )]
    pub(crate) fn new(tenant: TenantId, owner: Owner, version: KeyVersion, secret: Secret) -> Self {
        Self {
            tenant,
            owner,
            current: VersionKey::new(version, &secret),
            older: Vec::new(),
            derived: RwLock::default(),
        }
    }

    /// Adds an older version of the key: it opens, but does not seal.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secret is used up: it ends here"
    )]
    pub fn with_older(mut self, version: KeyVersion, secret: Secret) -> Self {
        self.older.push(VersionKey::new(version, &secret));
        self
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The owner of the records.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The version that seals.
    #[must_use]
    pub const fn version(&self) -> KeyVersion {
        self.current.version
    }

    /// The key that seals a slot.
    pub(super) fn sealing(&self, record_type: &RecordType, slot: &Slot) -> Arc<EnvelopeKey> {
        self.field_key(record_type, slot, self.owner.suite(), &self.current)
    }

    /// The key that opens a slot that was sealed with this suite and this version.
    pub(super) fn opening(
        &self,
        record_type: &RecordType,
        slot: &Slot,
        suite: Suite,
        version: KeyVersion,
    ) -> Result<Arc<EnvelopeKey>, SealError> {
        Ok(self.field_key(record_type, slot, suite, self.version_key(version)?))
    }

    /// The MAC key of manifests.
    pub(super) fn manifest_key(
        &self,
        record_type: &RecordType,
        version: KeyVersion,
    ) -> Result<Arc<hmac::Key>, SealError> {
        let source = self.version_key(version)?;
        let found = |keys: &TypeKeys| {
            let mut manifests = keys.manifests.iter();
            manifests
                .find(|(v, _)| *v == version)
                .map(|(_, key)| Arc::clone(key))
        };
        if let Some(key) = self.cached(record_type, found) {
            return Ok(key);
        }
        let key = Arc::new(expand_mac(
            &source.prk,
            &self.place(record_type, "", "manifest"),
        ));
        self.cache(record_type, |keys| {
            keys.manifests.push((version, Arc::clone(&key)))
        });
        Ok(key)
    }

    #[expect(
        clippy::expect_used,
        reason = "the provider refuses only wrong lengths, and all lengths here are fixed"
    )]
    fn field_key(
        &self,
        record_type: &RecordType,
        slot: &Slot,
        suite: Suite,
        source: &VersionKey,
    ) -> Arc<EnvelopeKey> {
        let wanted = |(known, key): &&(Slot, Arc<EnvelopeKey>)| {
            known == slot && key.suite() == suite && key.version() == source.version
        };
        let found = |keys: &TypeKeys| {
            keys.fields
                .iter()
                .find(wanted)
                .map(|(_, key)| Arc::clone(key))
        };
        if let Some(key) = self.cached(record_type, found) {
            return key;
        }
        let place = self.place(record_type, slot.name(), "content");
        let key = EnvelopeKey::derive(&source.prk, suite, source.version, &place)
            .expect("key lengths are fixed");
        let key = Arc::new(key);
        self.cache(record_type, |keys| {
            keys.fields.push((slot.clone(), Arc::clone(&key)))
        });
        key
    }

    fn version_key(&self, version: KeyVersion) -> Result<&VersionKey, SealError> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.version == version)
            .ok_or(SealError::KeyVersion)
    }

    /// The purpose of a derived key, as a frame.
    fn place(&self, record_type: &RecordType, slot: &str, purpose: &str) -> Frame {
        Frame::new("record")
            .with(self.tenant.uuid().as_bytes())
            .with(&self.owner.bytes())
            .with(record_type.as_str().as_bytes())
            .with(slot.as_bytes())
            .with(purpose.as_bytes())
    }

    /// Number of derived keys.
    #[cfg(test)]
    pub(super) fn derived_count(&self) -> usize {
        let derived = self.derived.read().unwrap();
        derived
            .types
            .values()
            .map(|keys| keys.fields.len() + keys.manifests.len())
            .sum()
    }

    fn cached<T>(
        &self,
        record_type: &RecordType,
        find: impl FnOnce(&TypeKeys) -> Option<T>,
    ) -> Option<T> {
        // A panic of another thread leaves the list valid: keys are pushed whole.
        let derived = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        find(derived.types.get(record_type)?)
    }

    fn cache(&self, record_type: &RecordType, add: impl FnOnce(&mut TypeKeys)) {
        let mut derived = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        if derived.count >= Self::MAX_DERIVED {
            *derived = Derived::default();
        }
        derived.count += 1;
        add(derived.types.entry(record_type.clone()).or_default());
    }
}

impl fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

impl VersionKey {
    fn new(version: KeyVersion, secret: &Secret) -> Self {
        let salt = Salt::new(HKDF_SHA256, b"vouchsafe/1/record");
        Self {
            version,
            prk: salt.extract(secret.expose()),
        }
    }
}
