//! What a program is trusted with when it puts the parts together.
//!
//! The types of this crate hold against mistakes beside them, not against the program that chooses them: a gate
//! with policies, a log or a clock of one's own admits what one likes. All such choices are made through this
//! module, so that a review finds them by one name: `vouchsafe::trusted`. In this repository
//! `cargo run -p xtask -- trusted` holds the list of the files that may name it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::access::{Bundle, BundleFiles, BundleRefused, Facts, Right};
use crate::audit::{AuditKeys, AuditLog, DetailRefused, RecorderKey};
use crate::document::{Document, Node, ReadSpan, Span};
use crate::gate::{Gate, Written};
use crate::ids::{NewSubject, SubjectId, TenantId};
use crate::phi::Phi;
use crate::seal::{
    IndexKey, KeyVersion, Owner, Plaintext, RecordKeys, SealError, SealedRecord, Secret, Suite,
    SystemKey, SystemPurpose,
};
use crate::session::{Session, TokenRefused, Verifier, VerifyingKeys};

pub use crate::clock::Clock;
pub use crate::port::Port;

/// The gate that decides by this bundle, at the time of this clock. What it opens is released only when the log
/// has acknowledged the entry.
#[must_use]
pub fn gate(bundle: Arc<Bundle>, log: Arc<dyn AuditLog>, clock: Clock) -> Gate {
    Gate::new(bundle, log, clock)
}

/// The recorder of that origin, with that Ed25519 public key.
#[must_use]
pub fn recorder(origin: &str, public_key: [u8; 32]) -> RecorderKey {
    RecorderKey::new(origin, public_key)
}

/// The bundle of these files, if the key of that public half (Ed25519, RFC 8032) signed them.
///
/// # Errors
/// [`BundleRefused`] when the signature does not hold, or the files are not a bundle.
pub fn bundle(
    files: &BundleFiles,
    signature: &[u8],
    public_key: &[u8; 32],
) -> Result<Bundle, BundleRefused> {
    Bundle::open(files, signature, public_key)
}

/// Signs a bundle with the key of this seed (Ed25519, RFC 8032). [`bundle`] checks what was signed.
///
/// # Errors
/// [`BundleRefused::Signature`] when the seed is not a key.
pub fn sign_bundle(files: &BundleFiles, seed: &[u8; 32]) -> Result<[u8; 64], BundleRefused> {
    Bundle::sign(files, seed)
}

/// A verifier of tokens by this issuer for this audience, under these keys.
#[must_use]
pub fn verifier(keys: VerifyingKeys, issuer: &str, audience: &str) -> Verifier {
    Verifier::new(keys, issuer, audience)
}

/// The session that a token stands for. `now` MUST be the time that it is: whether the session is still live is looked at
/// again, at the time of its own clock, by the gate.
///
/// # Errors
/// [`TokenRefused`], also when the token lives longer than a token may, whoever signed it.
pub fn session(verifier: &Verifier, token: &str, now: Timestamp) -> Result<Session, TokenRefused> {
    verifier.verify(token, now)
}

/// What was looked up of a principal and a subject: see [`Facts`].
#[must_use]
pub const fn facts(rights: Arc<[Right]>, care: bool, own: bool) -> Facts {
    Facts { rights, care, own }
}

/// The keys for the log that come from this secret, for this tenant; `version` names it in entries. Under a secret of
/// one's own, nobody finds the entries.
///
/// # Errors
/// [`DetailRefused::Sealed`] when the provider refuses the derivation; it does not.
pub fn audit_keys(
    secret: &[u8; 32],
    tenant: TenantId,
    version: u32,
) -> Result<AuditKeys, DetailRefused> {
    AuditKeys::new(secret, tenant, version)
}

/// The keys of an owner's records, under this secret.
#[must_use]
pub fn record_keys(
    tenant: TenantId,
    owner: Owner,
    version: KeyVersion,
    secret: Secret,
) -> RecordKeys {
    RecordKeys::new(tenant, owner, version, secret)
}

/// The key of a tenant's blind indexes, under this secret.
#[must_use]
pub fn index_key(secret: Secret, tenant: TenantId, version: u32) -> IndexKey {
    IndexKey::new(secret, tenant, version)
}

/// The key of a tenant for secrets of the system.
///
/// Suite 2 may seal without bound; suite 1 is cheaper per message and MUST be used only where the key cannot seal 2^32 messages in its life, as one that a process makes for itself.
#[must_use]
pub fn system_key(
    suite: Suite,
    branch: &Secret,
    tenant: TenantId,
    purpose: SystemPurpose,
    version: KeyVersion,
) -> SystemKey {
    SystemKey::derive(suite, branch, tenant, purpose, version)
}

/// A subject that gets keys without a permit to create its record.
#[must_use]
pub const fn new_subject(tenant: TenantId, subject: SubjectId) -> NewSubject {
    NewSubject::new(tenant, subject)
}

/// A function that reads a value of an opened document as a span of time, for predicates. It sees PHI before that is
/// released: it MUST do nothing but read.
#[must_use]
pub const fn read_span(read: fn(&Node) -> Option<Span>) -> ReadSpan {
    ReadSpan(read)
}

/// What was sealed, before its intent is in the log.
///
/// It MUST go into a transaction that commits only once the intent is durable, and nowhere else. All others
/// take [`Written::recorded`].
#[must_use]
pub fn ahead_of_its_intent(written: Written) -> (SealedRecord, Phi<Option<Document>>) {
    written.apart()
}

/// Seals secrets of the system itself: never a record's, which have keys of their subject, permits and entries.
#[derive(Clone, Copy, Debug)]
pub struct SystemCipher<'k>(&'k SystemKey);

impl<'k> SystemCipher<'k> {
    /// The cipher of this key.
    #[must_use]
    pub const fn new(key: &'k SystemKey) -> Self {
        Self(key)
    }

    /// Seals; `context` says where the sealed thing belongs, and is needed to open it.
    #[must_use]
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.0.seal(context, plain)
    }

    /// Opens.
    ///
    /// # Errors
    /// [`SealError`] when it was sealed by another key, for another context, or changed.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Plaintext, SealError> {
        self.0.open(context, sealed)
    }
}
