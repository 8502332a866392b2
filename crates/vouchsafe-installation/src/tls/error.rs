//! Errors of TLS.

use std::io;
use std::path::{Path, PathBuf};

/// The reason why there is no TLS, and so no listener.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Certificate or key cannot be read.
    #[error("cannot read {path}: {kind}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        kind: io::ErrorKind,
    },
    /// Not PEM, or with other content.
    #[error("{path} is not a PEM file with {what}")]
    NotPem {
        /// The file.
        path: PathBuf,
        /// The expected content.
        what: &'static str,
    },
    /// A certificate cannot be written.
    #[error("cannot write {path}: {kind}; the data folder must belong to the user who runs this")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        kind: io::ErrorKind,
    },
    /// The key of the installation's own certificate is missing.
    #[error(
        "{key} is missing: restore it from a backup; or remove {certificate} too, and the next start makes another \
         certificate, which clients must be given",
        key = key.display(), certificate = certificate.display()
    )]
    KeyLost {
        /// The path of the missing key.
        key: PathBuf,
        /// The certificate, which exists.
        certificate: PathBuf,
    },
    /// Only one of certificate and key is set.
    #[error("tls.certificate and tls.key belong together: set both or none")]
    HalfSet,
    /// Key and certificate do not match, or the provider refuses them.
    #[error("certificate and key do not fit each other")]
    Unfit,
    /// Clients would refuse it at this time.
    #[error("the certificate is valid from {from:.0} to {until:.0}, which is not now")]
    NotNow {
        /// From when.
        from: jiff::Timestamp,
        /// Until when.
        until: jiff::Timestamp,
    },
    /// Its own certificate could not be made.
    #[error("cannot make a certificate for these host names")]
    CannotMake,
}

/// Reads a file with a certificate or key.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    })
}

/// Paths of the operator's own, and words of ours.
impl crate::logging::LogSafe for TlsError {}
