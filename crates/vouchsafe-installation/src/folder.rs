//! The data folder of one installation.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vouchsafe::ids::TenantId;

use crate::files;
use crate::loss::Recovery;

/// The paths in the data folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// The reason why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It does not exist, and creating one was not requested.
    #[error(
        "{0} is no data folder of Vouchsafe: start with `vouchsafe serve`, or name another by --data"
    )]
    Missing(PathBuf),
    /// It is not writable.
    #[error("cannot write {path}: {kind}; the data folder must belong to the user who runs this")]
    Unwritable {
        /// The path that could not be written.
        path: PathBuf,
        /// The error of the operating system.
        kind: io::ErrorKind,
    },
    /// One of its files is damaged.
    #[error("{0} is damaged; restore it from a backup")]
    Damaged(PathBuf),
    /// It is not readable.
    #[error("cannot read {path}: {kind}; the data folder must belong to the user who runs this")]
    Unreadable {
        /// The path that could not be read.
        path: PathBuf,
        /// The error of the operating system.
        kind: io::ErrorKind,
    },
    /// There is an installation, but the file that identifies it is missing.
    #[error("{0} is missing beside the keys of an installation; restore it from a backup")]
    Lost(PathBuf),
}

/// The permanent identity of an installation: its ids, and the keys that were pinned at the first start.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// The tenant that this installation serves.
    pub tenant: TenantId,
    /// This replica, in the audit log.
    pub replica: Uuid,
    /// The audit log's verifying key, as pinned at the first start.
    pub log: Option<String>,
    /// The key of the recorder's acknowledgements (Ed25519, hex), as pinned at the first start.
    pub recorder: Option<String>,
    /// The key of policy bundles (Ed25519, hex), as pinned at the first start.
    pub policies: Option<String>,
    /// Whether the first start was completed.
    pub ready: bool,
    /// What was done after losses, for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recoveries: Vec<Recovery>,
}

impl Folder {
    /// The folder at this path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file or folder in it.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The audit log's folder: the recorder's.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.at("audit")
    }

    /// The recorder's socket. Socket paths have a short limit, so a deep data folder has its socket elsewhere.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let near = self.at("run").join("recorder.sock");
        if near.as_os_str().len() <= 100 {
            return near;
        }
        let name = near
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        std::env::temp_dir()
            .join(format!("vouchsafe-{name:016x}"))
            .join("recorder.sock")
    }

    /// Stores the data plane's port, for commands beside a service whose port the system chose.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn keep_port(&self, port: u16) -> io::Result<()> {
        std::fs::write(self.port_file(), port.to_string())
    }

    /// The data plane's port, while a service runs. After a service was killed, it is that service's port.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let text = std::fs::read_to_string(self.port_file()).ok()?;
        text.trim().parse().ok().filter(|port| *port != 0)
    }

    /// Removes the stored port, unless another service has stored its own.
    pub fn forget_port(&self, port: u16) {
        if self.port() == Some(port) {
            let _ = std::fs::remove_file(self.port_file());
        }
    }

    fn port_file(&self) -> PathBuf {
        self.at("run").join("data.port")
    }

    /// The root key's file.
    #[must_use]
    pub fn root_key(&self) -> PathBuf {
        self.at("keys").join("root.key")
    }

    /// Creates missing folders, each private to its owner.
    ///
    /// # Errors
    /// [`FolderError::Unwritable`].
    pub fn prepare(&self) -> Result<(), FolderError> {
        for path in [
            self.0.clone(),
            self.at("keys"),
            self.at("data"),
            self.at("run"),
            self.at("tls"),
            self.at("policies"),
        ] {
            files::private_folder(&path).map_err(|error| FolderError::Unwritable {
                path: path.clone(),
                kind: error.kind(),
            })?;
        }
        let probe = self.at("run").join("write-probe");
        std::fs::write(&probe, b"")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(|error| FolderError::Unwritable {
                path: probe,
                kind: error.kind(),
            })
    }

    /// The identity of the installation; `None` before the first start.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] or [`FolderError::Unreadable`] if the file exists and cannot be used.
    /// [`FolderError::Lost`] if it does not exist but the root key does: a first start writes it before any key, and
    /// another first start here would overwrite the previous installation.
    pub fn pinned(&self) -> Result<Option<Pinned>, FolderError> {
        let path = self.at("installation.json");
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|_| FolderError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match self.root_key().exists() {
                    true => Err(FolderError::Lost(path)),
                    false => Ok(None),
                }
            }
            Err(error) => Err(FolderError::Unreadable {
                path,
                kind: error.kind(),
            }),
        }
    }

    /// Writes the identity of the installation; durable when it returns.
    ///
    /// # Errors
    /// [`FolderError::Unwritable`].
    pub fn keep(&self, pinned: &Pinned) -> Result<(), FolderError> {
        let path = self.at("installation.json");
        let unwritable = |error: io::Error| FolderError::Unwritable {
            path: path.clone(),
            kind: error.kind(),
        };
        let text = serde_json::to_vec_pretty(pinned).unwrap_or_default();
        let next = self.at("installation.json.new");
        let _ = std::fs::remove_file(&next);
        files::write_secret(&next, &text).map_err(unwritable)?;
        std::fs::rename(&next, &path).map_err(unwritable)?;
        std::fs::File::open(&self.0)
            .and_then(|folder| folder.sync_all())
            .map_err(unwritable)
    }
}
