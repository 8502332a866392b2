//! Keys for the system's own secrets.

use std::fmt;

use super::envelope::{Envelope, EnvelopeKey};
use super::framing::Frame;
use super::wrapping::{derive, seal_small};
use super::{KeyVersion, Plaintext, SealError, Secret, Suite};
use crate::ids::TenantId;

/// The purpose of a [`SystemKey`]. There is no other purpose: it is not a key for data.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SystemPurpose {
    /// Factors and signing keys of the identity store.
    Identity,
    /// Positions of searches.
    SearchCursor,
}

impl SystemPurpose {
    /// The name in the key's derivation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::SearchCursor => "search-cursor",
        }
    }
}

/// Seals secrets of the system that are not records: seeds of one-time codes, signing keys, search cursors.
///
/// It is derived independently of record keys and can open no record. It is not a cipher for other values: it seals
/// only through [`crate::trusted::SystemCipher`].
pub struct SystemKey {
    key: EnvelopeKey,
    /// The common prefix of its AADs.
    place: Frame,
}

impl SystemKey {
    /// The key of a tenant for a purpose.
    pub(crate) fn derive(
        suite: Suite,
        branch: &Secret,
        tenant: TenantId,
        purpose: SystemPurpose,
        version: KeyVersion,
    ) -> Self {
        Self::named(suite, branch, tenant, purpose.name(), version)
    }

    pub(super) fn named(
        suite: Suite,
        branch: &Secret,
        tenant: TenantId,
        purpose: &str,
        version: KeyVersion,
    ) -> Self {
        let place = Frame::new("system")
            .with(tenant.uuid().as_bytes())
            .with(purpose.as_bytes());
        Self {
            key: derive("vouchsafe/1/system", branch, suite, version, &place),
            place: Frame::new("vouchsafe/1/system").with(place.bytes()),
        }
    }

    /// Seals; `context` names the place of the sealed value, and is needed to open it.
    #[must_use]
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        seal_small(&self.key, &mut self.place.clone().with(context), plain)
    }

    /// Opens.
    ///
    /// # Errors
    /// [`SealError`] if it was sealed by another key, for another context, or changed.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Plaintext, SealError> {
        let mut aad = self.place.clone().with(context);
        self.key.open(&mut aad, &Envelope::parse(sealed)?)
    }

    /// The key version in sealed values.
    #[must_use]
    pub const fn version(&self) -> KeyVersion {
        self.key.version()
    }
}

impl fmt::Debug for SystemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}
