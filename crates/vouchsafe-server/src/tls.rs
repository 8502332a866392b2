//! TLS of the listeners: 1.3, with 1.2 as the lowest, over one provider.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files;
use crate::settings::{TlsSettings, TlsVersion};

/// Why there is no TLS, and hence no listener.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Certificate or key cannot be read.
    #[error("cannot read {path}: {kind}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// Not PEM, or not what it should be.
    #[error("{path} is not a PEM file with {what}")]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// Only one of certificate and key is set.
    #[error("tls.certificate and tls.key belong together: set both or none")]
    HalfSet,
    /// Key and certificate do not fit, or the provider refuses them.
    #[error("certificate and key do not fit each other")]
    Unfit,
    /// The first certificate could not be made.
    #[error("cannot make a certificate for these host names")]
    CannotMake,
}

/// The listeners' TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, in hex with colons, for people to compare.
    pub fingerprint: String,
    /// The certificate's file.
    pub certificate: PathBuf,
}

/// Loads the certificate, or makes one in `folder` for these host names when none is given.
///
/// # Errors
/// [`TlsError`], with the file and what is wrong.
pub fn load(folder: &Path, settings: &TlsSettings, names: &[String]) -> Result<Tls, TlsError> {
    let (certificate, key) = match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (None, None) => own(folder, names)?,
        _ => return Err(TlsError::HalfSet),
    };
    let chain = read_chain(&certificate)?;
    let fingerprint = fingerprint(chain.first().map_or(&[][..], |first| first.as_ref()));
    let key = PrivateKeyDer::from_pem_slice(&read(&key)?).map_err(|_| TlsError::NotPem {
        path: key,
        what: "a private key",
    })?;
    let versions: &[&rustls::SupportedProtocolVersion] = match settings.minimum {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(versions)
        .map_err(|_| TlsError::Unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Tls {
        config: Arc::new(config),
        fingerprint,
        certificate,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let not_pem = || TlsError::NotPem {
        path: path.to_owned(),
        what: "a certificate",
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|_| not_pem())?;
    if chain.is_empty() {
        return Err(not_pem());
    }
    Ok(chain)
}

/// The service's own certificate: made when it is not there yet, self-signed.
fn own(folder: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let certificate = folder.join("certificate.pem");
    let key = folder.join("key.pem");
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    let made =
        rcgen::generate_simple_self_signed(names.to_vec()).map_err(|_| TlsError::CannotMake)?;
    let unwritable = |path: &Path, error: &io::Error| TlsError::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    };
    files::write_secret(&key, made.signing_key.serialize_pem().as_bytes())
        .map_err(|error| unwritable(&key, &error))?;
    std::fs::write(&certificate, made.cert.pem())
        .map_err(|error| unwritable(&certificate, &error))?;
    Ok((certificate, key))
}

fn fingerprint(der: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, der);
    let pairs: Vec<String> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}
