//! The root key in a local file.
//!
//! ```text
//! vouchsafe-root-key 1
//! id 5f0c1e8a9b7d2c34
//! key pE0uY5...                      (32 random bytes, base64url)
//! ```
//! or, sealed with a passphrase, instead of `key`:
//! ```text
//! argon2id m=65536 t=3 p=1 salt=...
//! sealed ...                         (suite 2, under a key made of the passphrase)
//! ```
//! The file is the whole security of the data at rest: it belongs on another disk than the
//! database, and its copy into a safe.

mod file;

use std::fmt;
use std::future::ready;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vouchsafe::BoxFuture;
use vouchsafe::seal::{KeyVersion, Secret, WrappingKey};
use vouchsafe::trusted::Port;
use zeroize::Zeroizing;

use crate::root::{RootKey, RootRefused};

/// The reason why the root key is not available.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RootError {
    /// The file does not exist.
    #[error("there is no root key file at {0}; restore it from its safe copy")]
    Missing(PathBuf),
    /// The file exists already.
    #[error("there is a root key file at {0} already; it is never overwritten")]
    Exists(PathBuf),
    /// Users other than its owner may read it.
    #[error("the root key file {0} may be read by others; set its mode to 0600")]
    Exposed(PathBuf),
    /// It cannot be read or written.
    #[error("the root key file {0} cannot be read or written")]
    Io(PathBuf),
    /// It is not a root key file, or was changed.
    #[error("{0} is not a root key file, or it was changed; restore it from its safe copy")]
    Damaged(PathBuf),
    /// It is sealed with a passphrase, and none was given.
    #[error(
        "the root key file {0} is sealed with a passphrase; say in root_key.passphrase_file where that is"
    )]
    PassphraseNeeded(PathBuf),
    /// The file with the passphrase does not exist.
    #[error("there is no passphrase file at {0}")]
    NoPassphrase(PathBuf),
    /// A passphrase was given, but the file is not sealed with one.
    #[error(
        "the root key file {0} is not sealed with a passphrase; take root_key.passphrase_file out of the settings"
    )]
    NotSealed(PathBuf),
    /// The passphrase is not the one of the file.
    #[error("the passphrase does not open the root key file {0}")]
    WrongPassphrase(PathBuf),
    /// A passphrase has at least 12 characters.
    #[error("the passphrase of a root key has at least 12 characters")]
    PassphraseTooShort,
}

/// The passphrase that seals a root key file.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase from this text, as the environment or a prompt gave it.
    ///
    /// # Errors
    /// [`RootError::PassphraseTooShort`].
    pub fn new(text: String) -> Result<Self, RootError> {
        let text = Zeroizing::new(text);
        if text.chars().count() < 12 {
            return Err(RootError::PassphraseTooShort);
        }
        Ok(Self(text))
    }

    /// The first line of a file that only its owner may read.
    ///
    /// # Errors
    /// [`RootError`], as for the key file itself.
    pub fn from_file(path: &Path) -> Result<Self, RootError> {
        let text = file::read(path).map_err(|error| match error {
            RootError::Missing(path) => RootError::NoPassphrase(path),
            error => error,
        })?;
        Self::new(text.lines().next().unwrap_or_default().to_owned())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[passphrase]")
    }
}

/// The root key, from a local file.
pub struct LocalRoot {
    id: String,
    key: WrappingKey,
}

impl fmt::Debug for LocalRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRoot")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl LocalRoot {
    /// Creates a new random root key and its file (mode 0600), durable when this returns.
    ///
    /// # Errors
    /// [`RootError::Exists`] if the file exists: it is never overwritten.
    pub fn create(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, RootError> {
        let secret = Secret::random();
        let id = fingerprint(&secret);
        let text =
            render(&id, &secret, passphrase).ok_or_else(|| RootError::Io(path.to_owned()))?;
        file::create(path, &text)?;
        Ok(Self::of(id, secret))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`RootError`]: missing, readable by others, damaged, sealed with another passphrase.
    pub fn open(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, RootError> {
        let text = file::read(path)?;
        let damaged = || RootError::Damaged(path.to_owned());
        let parsed = Parsed::parse(&text).ok_or_else(damaged)?;
        let secret = match (parsed.content, passphrase) {
            (Content::Plain(secret), None) => secret,
            (Content::Plain(_), Some(_)) => return Err(RootError::NotSealed(path.to_owned())),
            (Content::Sealed { .. }, None) => {
                return Err(RootError::PassphraseNeeded(path.to_owned()));
            }
            (
                Content::Sealed {
                    parameters,
                    salt,
                    sealed,
                },
                Some(passphrase),
            ) => passphrase_key(passphrase, &salt, parameters)
                .ok_or_else(damaged)?
                .unwrap(&seal_context(parsed.id), &sealed)
                .map_err(|_| RootError::WrongPassphrase(path.to_owned()))?,
        };
        if fingerprint(&secret) != parsed.id {
            return Err(damaged());
        }
        Ok(Self::of(parsed.id.to_owned(), secret))
    }

    fn of(id: String, secret: Secret) -> Self {
        Self {
            id,
            key: WrappingKey::new(secret, KeyVersion::FIRST),
        }
    }
}

impl Port for LocalRoot {}

impl RootKey for LocalRoot {
    /// 16 hex digits, derived from the key by a one-way function.
    fn id(&self) -> BoxFuture<'_, Result<String, RootRefused>> {
        Box::pin(ready(Ok(self.id.clone())))
    }

    fn wrap<'a>(
        &'a self,
        context: &'a [u8],
        secret: &'a Secret,
    ) -> BoxFuture<'a, Result<Vec<u8>, RootRefused>> {
        Box::pin(ready(Ok(self.key.wrap(context, secret))))
    }

    fn unwrap<'a>(
        &'a self,
        context: &'a [u8],
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Secret, RootRefused>> {
        let unwrapped = self.key.unwrap(context, wrapped);
        Box::pin(ready(unwrapped.map_err(|_| RootRefused::Damaged)))
    }
}

/// The first 8 bytes of HMAC-SHA-256 under the key of a fixed label, in hex.
fn fingerprint(secret: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    let tag = hmac::sign(&key, b"vouchsafe root key id v1");
    tag.as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Argon2id parameters: memory in KiB, passes, lanes.
type Costs = (u32, u32, u32);

/// 64 MiB, three passes: RFC 9106, second recommended option, on one lane.
const COSTS: Costs = (64 * 1024, 3, 1);
/// The highest costs that a file may ask for.
const MOST: Costs = (1024 * 1024, 16, 16);

fn passphrase_key(passphrase: &Passphrase, salt: &[u8], costs: Costs) -> Option<WrappingKey> {
    let (memory, passes, lanes) = costs;
    let parameters = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice())
        .ok()?;
    Some(WrappingKey::new(
        Secret::from_bytes(*key),
        KeyVersion::FIRST,
    ))
}

fn seal_context(id: &str) -> Vec<u8> {
    [b"vouchsafe root key file v1 ", id.as_bytes()].concat()
}

/// The text of a file. `None` if the passphrase cannot be used: the key is never written in clear instead.
fn render(id: &str, secret: &Secret, passphrase: Option<&Passphrase>) -> Option<Zeroizing<String>> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let content = match passphrase {
        None => Zeroizing::new(format!("key {}\n", encode(secret.expose()))),
        Some(passphrase) => {
            let salt = Secret::random();
            let (memory, passes, lanes) = COSTS;
            let key = passphrase_key(passphrase, salt.expose(), COSTS)?;
            Zeroizing::new(format!(
                "argon2id m={memory} t={passes} p={lanes} salt={}\nsealed {}\n",
                encode(salt.expose()),
                encode(&key.wrap(&seal_context(id), secret)),
            ))
        }
    };
    Some(Zeroizing::new(format!(
        "{HEADER}\nid {id}\n{}{NOTE}",
        *content
    )))
}

const HEADER: &str = "vouchsafe-root-key 1";
const NOTE: &str = "\
# Whoever has this file and the databases can read every record; whoever loses it can read none.
# Keep a copy in a safe, apart from the backups of the databases.
";

enum Content {
    Plain(Secret),
    Sealed {
        parameters: Costs,
        salt: Vec<u8>,
        sealed: Vec<u8>,
    },
}

struct Parsed<'a> {
    id: &'a str,
    content: Content,
}

impl<'a> Parsed<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        if lines.next()? != HEADER {
            return None;
        }
        let id = lines.next()?.strip_prefix("id ")?;
        let line = lines.next()?;
        let content = if let Some(key) = line.strip_prefix("key ") {
            let bytes = Zeroizing::new(decode(key)?);
            Content::Plain(Secret::from_bytes(bytes.as_slice().try_into().ok()?))
        } else {
            let (parameters, salt) = costs(line.strip_prefix("argon2id ")?)?;
            let sealed = decode(lines.next()?.strip_prefix("sealed ")?)?;
            Content::Sealed {
                parameters,
                salt: decode(salt)?,
                sealed,
            }
        };
        lines.next().is_none().then_some(Self { id, content })
    }
}

/// Reads `m=65536 t=3 p=1 salt=...`.
fn costs(text: &str) -> Option<(Costs, &str)> {
    let mut parts = text.split(' ');
    let mut number = |name: &str| parts.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let costs = (number("m=")?, number("t=")?, number("p=")?);
    let salt = parts.next()?.strip_prefix("salt=")?;
    let bounded = costs.0 <= MOST.0 && costs.1 <= MOST.1 && costs.2 <= MOST.2;
    (bounded && parts.next().is_none()).then_some((costs, salt))
}

#[cfg(test)]
mod tests;
