//! The choices that a program is trusted with when it assembles the parts.
//!
//! The types of this crate prevent mistakes in code that uses them, not in the program that chooses them: a gate with
//! other policies, another log or another clock admits anything. All such choices are made through this module, so that
//! a review finds them by one name: `vouchsafe::trusted`. In this repository `cargo run -p xtask -- trusted` checks the
//! list of the files that may name it.

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

/// The gate that decides by this bundle and this clock. It releases opened content only after the log has acknowledged
/// the entry.
#[must_use]
pub fn gate(bundle: Arc<Bundle>, log: Arc<dyn AuditLog>, clock: Clock) -> Gate {
    Gate::new(bundle, log, clock)
}

/// The recorder with that origin and that Ed25519 public key.
#[must_use]
pub fn recorder(origin: &str, public_key: [u8; 32]) -> RecorderKey {
    RecorderKey::new(origin, public_key)
}

/// The bundle of these files, if the key with that public half (Ed25519, RFC 8032) signed them.
///
/// # Errors
/// [`BundleRefused`] if the signature is not valid, or the files are not a bundle.
pub fn bundle(
    files: &BundleFiles,
    signature: &[u8],
    public_key: &[u8; 32],
) -> Result<Bundle, BundleRefused> {
    Bundle::open(files, signature, public_key)
}

/// Signs a bundle with the key of this seed (Ed25519, RFC 8032). [`bundle`] verifies the signature.
///
/// # Errors
/// [`BundleRefused::Signature`] if the seed is not a key.
pub fn sign_bundle(files: &BundleFiles, seed: &[u8; 32]) -> Result<[u8; 64], BundleRefused> {
    Bundle::sign(files, seed)
}

/// A verifier of tokens by this issuer for this audience, with these keys.
#[must_use]
pub fn verifier(keys: VerifyingKeys, issuer: &str, audience: &str) -> Verifier {
    Verifier::new(keys, issuer, audience)
}

/// The session of a token. `now` MUST be the current time: the gate checks again, with its own clock, whether the
/// session is still valid.
///
/// # Errors
/// [`TokenRefused`], also if the token's lifetime is too long, whoever signed it.
pub fn session(verifier: &Verifier, token: &str, now: Timestamp) -> Result<Session, TokenRefused> {
    verifier.verify(token, now)
}

/// The facts that were looked up for a principal and a subject: see [`Facts`].
#[must_use]
pub const fn facts(rights: Arc<[Right]>, care: bool, own: bool) -> Facts {
    Facts { rights, care, own }
}

/// The keys for the log that are derived from this secret for this tenant; entries name the `version`. With another
/// secret, nobody finds the entries.
///
/// # Errors
/// [`DetailRefused::Sealed`] if the provider refuses the derivation, which does not happen.
pub fn audit_keys(
    secret: &[u8; 32],
    tenant: TenantId,
    version: u32,
) -> Result<AuditKeys, DetailRefused> {
    AuditKeys::new(secret, tenant, version)
}

/// The keys of an owner's records, from this secret.
#[must_use]
pub fn record_keys(
    tenant: TenantId,
    owner: Owner,
    version: KeyVersion,
    secret: Secret,
) -> RecordKeys {
    RecordKeys::new(tenant, owner, version, secret)
}

/// The key of a tenant's blind indexes, from this secret.
#[must_use]
pub fn index_key(secret: Secret, tenant: TenantId, version: u32) -> IndexKey {
    IndexKey::new(secret, tenant, version)
}

/// The key of a tenant for secrets of the system.
///
/// Suite 2 has no limit on the number of seals. Suite 1 is cheaper per message and MUST be used only for a key that
/// cannot seal 2^32 messages in its lifetime, such as one that a process makes for itself.
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

/// A function that reads a value of an opened document as a span of time, for predicates. It sees PHI before the
/// release: it MUST do nothing but read.
#[must_use]
pub const fn read_span(read: fn(&Node) -> Option<Span>) -> ReadSpan {
    ReadSpan(read)
}

/// The sealed record and the supplied document, before the intent is in the log.
///
/// They MUST go into a transaction that commits only after the intent is durable, and nowhere else. All other code uses
/// [`Written::recorded`].
#[must_use]
pub fn ahead_of_its_intent(written: Written) -> (SealedRecord, Phi<Option<Document>>) {
    written.apart()
}

/// Seals secrets of the system itself. Never for records, which have keys of their subject, permits and entries.
#[derive(Clone, Copy, Debug)]
pub struct SystemCipher<'k>(&'k SystemKey);

impl<'k> SystemCipher<'k> {
    /// The cipher of this key.
    #[must_use]
    pub const fn new(key: &'k SystemKey) -> Self {
        Self(key)
    }

    /// Seals; `context` names the place of the sealed value, and is needed to open it.
    #[must_use]
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.0.seal(context, plain)
    }

    /// Opens.
    ///
    /// # Errors
    /// [`SealError`] if it was sealed by another key, for another context, or changed.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Plaintext, SealError> {
        self.0.open(context, sealed)
    }
}
