//! Policy bundles: files, their hash, their signature, and the compiled policies.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use jiff::Timestamp;
use moka::sync::Cache;

use super::answers::Answers;
use super::load::{self, Loaded};
use super::sight::Sight;
use super::{Purpose, Right, RoleName};
use crate::ids::InvalidId;

/// Prefix of the signed bytes, which names their kind.
const SIGNED: &[u8] = b"vouchsafe-policy-bundle/v1\n";
/// Capacity of a bundle's answer cache: a few dozen sets of roles times types, verbs and situations.
const REMEMBERED: u64 = 16_384;
/// Maximum number of files in a bundle.
const MAX_FILES: usize = 64;
/// Maximum length of a file in bytes.
const MAX_FILE_BYTES: usize = 256 * 1024;

/// The reason why a bundle was refused.
///
/// The reasons quote policies, which hold no PHI, so that their author finds the place.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleRefused {
    /// Too many files, a file that is too long, or a file name that does not belong to a bundle.
    #[error("these are not the files of a policy bundle: {reason}")]
    Files {
        /// Description of the fault.
        reason: String,
    },
    /// The signature is not valid for these files under the trusted key.
    #[error("the bundle's signature does not hold")]
    Signature,
    /// The manifest cannot be read or has an invalid value.
    #[error("manifest.json: {reason}")]
    Manifest {
        /// Description of the fault.
        reason: String,
    },
    /// The schema cannot be read, or does not fit the engine's requests.
    #[error("schema.cedarschema: {reason}")]
    Schema {
        /// Description of the fault.
        reason: String,
    },
    /// A file of policies cannot be read.
    #[error("{file}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Description of the fault.
        reason: String,
    },
    /// A policy lacks `@id`, `@control` or `@owner`, has an invalid one, or its id is not unique.
    #[error("{file}: a policy ({policy}): {reason}")]
    Annotation {
        /// The file.
        file: String,
        /// The policy's id, or its position in the file (from 0).
        policy: String,
        /// Description of the fault.
        reason: String,
    },
    /// The policies fail strict validation, or name entities that they cannot see.
    #[error("the policies are not valid: {reason}")]
    Invalid {
        /// Description of the fault.
        reason: String,
    },
}

/// The files of a policy bundle, by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BundleFiles(BTreeMap<String, Vec<u8>>);

impl BundleFiles {
    /// The content of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Adds a file, or replaces it.
    pub fn insert(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), content.into());
    }

    /// Removes a file.
    pub fn remove(&mut self, name: &str) -> Option<Vec<u8>> {
        self.0.remove(name)
    }

    /// The files, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// SHA-256 over the number of files (64-bit, big-endian) and, by name in byte order, the
    /// length of each name, the name, the length of the content and the content.
    #[must_use]
    pub fn hash(&self) -> BundleHash {
        let mut context = Context::new(&SHA256);
        let number = |context: &mut Context, value: usize| {
            context.update(&(value as u64).to_be_bytes());
        };
        number(&mut context, self.0.len());
        for (name, content) in &self.0 {
            number(&mut context, name.len());
            context.update(name.as_bytes());
            number(&mut context, content.len());
            context.update(content);
        }
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        BundleHash(hash)
    }

    /// Refuses files that cannot be a bundle, before anything parses them.
    fn check(&self) -> Result<(), BundleRefused> {
        let refuse = |reason: String| Err(BundleRefused::Files { reason });
        if self.0.len() > MAX_FILES {
            return refuse(format!("more than {MAX_FILES} files"));
        }
        for (name, content) in &self.0 {
            let policies = name.strip_suffix(".cedar").is_some_and(super::is_name);
            if !policies && name != load::SCHEMA && name != load::MANIFEST {
                return refuse(format!("unexpected file {name:?}"));
            }
            if content.len() > MAX_FILE_BYTES {
                return refuse(format!("{name} is longer than {MAX_FILE_BYTES} bytes"));
            }
        }
        Ok(())
    }
}

impl<N: Into<String>, C: Into<Vec<u8>>> FromIterator<(N, C)> for BundleFiles {
    fn from_iter<I: IntoIterator<Item = (N, C)>>(files: I) -> Self {
        Self(
            files
                .into_iter()
                .map(|(name, content)| (name.into(), content.into()))
                .collect(),
        )
    }
}

/// The identifier of a bundle in the log: SHA-256 of its files, see [`BundleFiles::hash`].
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct BundleHash([u8; 32]);

impl BundleHash {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for BundleHash {
    type Err = InvalidId;

    /// The form that [`Display`](fmt::Display) writes: 64 digits, `0-9` and `a-f`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(digits) {
            return Err(InvalidId);
        }
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            let pair = text.get(2 * place..2 * place + 2).ok_or(InvalidId)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidId)?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for BundleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BundleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BundleHash({self})")
    }
}

/// The annotations of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyInfo {
    /// `@id`: the policy's name in decisions and in the log.
    pub id: String,
    /// `@control`: the requirement it serves, such as `164.312(a)(1)`.
    pub control: String,
    /// `@owner`: the person or team responsible for it.
    pub owner: String,
    /// The file it is in.
    pub file: String,
}

/// A policy bundle with a valid signature and valid policies.
pub struct Bundle {
    hash: BundleHash,
    loaded: Loaded,
    /// The cache is exact, since a [`Sight`] is all that the policies see; it is dropped with the bundle.
    remembered: Cache<Sight, Arc<Answers>>,
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("id", &self.id())
            .field("version", &self.version())
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Bundle {
    /// The files of the bundle that comes with the product.
    #[must_use]
    pub fn default_files() -> BundleFiles {
        load::DEFAULT_FILES.into_iter().collect()
    }

    /// The signature of files: Ed25519 (RFC 8032) by the key of this seed over `vouchsafe-policy-bundle/v1`, a line
    /// feed and the [hash](BundleFiles::hash).
    ///
    /// # Errors
    /// [`BundleRefused::Signature`] if the seed is not a key.
    pub(crate) fn sign(files: &BundleFiles, seed: &[u8; 32]) -> Result<[u8; 64], BundleRefused> {
        let key =
            Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| BundleRefused::Signature)?;
        let signature = key.sign(&signed_bytes(files.hash()));
        signature
            .as_ref()
            .try_into()
            .map_err(|_| BundleRefused::Signature)
    }

    /// Verifies the signature, then reads, validates and compiles the files.
    ///
    /// # Errors
    /// [`BundleRefused`]; no part of a refused bundle is ever in force.
    pub(crate) fn open(
        files: &BundleFiles,
        signature: &[u8],
        trusted_public_key: &[u8; 32],
    ) -> Result<Self, BundleRefused> {
        files.check()?;
        let hash = files.hash();
        UnparsedPublicKey::new(&ED25519, trusted_public_key)
            .verify(&signed_bytes(hash), signature)
            .map_err(|_| BundleRefused::Signature)?;
        Ok(Self {
            hash,
            loaded: Loaded::new(files)?,
            remembered: Cache::new(REMEMBERED),
        })
    }

    /// The bundle's name, from its manifest.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.loaded.id
    }

    /// The bundle's version, from its manifest.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.loaded.version
    }

    /// The hash of the bundle's files.
    #[must_use]
    pub const fn hash(&self) -> BundleHash {
        self.hash
    }

    /// The roles that the bundle knows, by name.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        self.loaded.roles.iter().map(|role| &role.name)
    }

    /// The purposes that a role may act for; empty for a role that the bundle does not know.
    pub fn purposes(&self, role: &str) -> impl Iterator<Item = Purpose> {
        let known = self
            .loaded
            .roles
            .iter()
            .find(|known| known.name.as_str() == role);
        let purposes = known
            .map(|known| known.purposes.clone())
            .unwrap_or_default();
        purposes.into_iter()
    }

    /// The purpose of a caller who states none: the first that one of their roles may act for.
    #[must_use]
    pub fn usual_purpose(&self, rights: &[Right]) -> Purpose {
        let allowed = |purpose: &Purpose| {
            let mut roles = rights.iter().map(|right| right.role.as_str());
            roles.any(|role| self.purposes(role).any(|other| other == *purpose))
        };
        let mut purposes = Purpose::ALL.into_iter();
        purposes.find(allowed).unwrap_or(Purpose::Operations)
    }

    /// The policies, by file and position.
    #[must_use]
    pub fn policies(&self) -> &[PolicyInfo] {
        &self.loaded.infos
    }

    /// The roles of the valid rights that the bundle knows.
    pub(super) fn roles_of(&self, rights: &[Right], now: Timestamp) -> RoleSet {
        let valid = rights.iter().filter(|right| right.is_valid(now));
        let roles = valid.filter_map(|right| {
            let roles = &self.loaded.roles;
            roles
                .binary_search_by(|role| role.name.cmp(&right.role))
                .ok()
        });
        roles.fold(RoleSet::default(), RoleSet::with)
    }

    /// The roles that may act for the purpose.
    pub(super) fn acting_for(&self, roles: RoleSet, purpose: Purpose) -> RoleSet {
        let all = self.loaded.roles.iter().enumerate();
        all.filter(|(index, role)| roles.contains(*index) && role.purposes.contains(&purpose))
            .fold(RoleSet::default(), |set, (index, _)| set.with(index))
    }

    /// The names of roles.
    pub(super) fn names_of(&self, roles: RoleSet) -> Vec<RoleName> {
        let all = self.loaded.roles.iter().enumerate();
        all.filter(|(index, _)| roles.contains(*index))
            .map(|(_, role)| role.name.clone())
            .collect()
    }

    /// The policies' answers, from the cache or evaluated.
    pub(super) fn answers(&self, sight: Sight) -> Arc<Answers> {
        if let Some(answers) = self.remembered.get(&sight) {
            return answers;
        }
        let roles = self.names_of(sight.roles());
        let answers = Arc::new(Answers::new(&sight, &self.loaded, &roles));
        self.remembered.insert(sight, Arc::clone(&answers));
        answers
    }
}

/// A set of a bundle's roles, by their index in its list.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct RoleSet(u64);

impl RoleSet {
    /// Maximum number of roles in a bundle.
    pub(super) const MAX: usize = 64;

    fn with(self, index: usize) -> Self {
        Self(self.0 | Self::bit(index))
    }

    fn contains(self, index: usize) -> bool {
        self.0 & Self::bit(index) != 0
    }

    fn bit(index: usize) -> u64 {
        u32::try_from(index)
            .ok()
            .and_then(|index| 1_u64.checked_shl(index))
            .unwrap_or(0)
    }
}

fn signed_bytes(hash: BundleHash) -> Vec<u8> {
    [SIGNED, hash.as_bytes()].concat()
}
