//! What is made of a certificate and its key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;
use super::leaf::Leaf;
use crate::settings::{TlsSettings, TlsVersion};

/// The listeners' TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, in hex with colons, for people to compare.
    pub fingerprint: String,
    /// What the certificate says of itself.
    pub leaf: Leaf,
    /// The certificate's file.
    pub certificate: PathBuf,
    /// Whether it is the one that the installation made for itself.
    pub own: bool,
    /// What the configuration shows to clients; another certificate can take its place.
    pub(super) shown: Arc<Shown>,
}

/// The bytes of a certificate's file, and of its key's.
pub(super) struct Pair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// What the handshakes of all listeners show.
#[derive(Debug)]
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    pub(super) fn new(certified: CertifiedKey) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(certified))))
    }

    pub(super) fn now(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, by: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

/// Where certificate and key are, if they are not the installation's own.
pub(super) fn places(settings: &TlsSettings) -> Result<Option<(PathBuf, PathBuf)>, TlsError> {
    match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.clone(), key.clone()))),
        (None, None) => Ok(None),
        _ => Err(TlsError::HalfSet),
    }
}

/// TLS with the certificate and the key that were read from these files; they MUST fit each other.
pub(super) fn of_pair(
    (certificate, key): (PathBuf, PathBuf),
    pair: &Pair,
    settings: &TlsSettings,
) -> Result<Tls, TlsError> {
    let chain = read_chain(&certificate, &pair.certificate)?;
    let first = chain.first();
    let fingerprint = fingerprint(first.map_or(&[][..], |first| first.as_ref()));
    let leaf = first
        .and_then(Leaf::read)
        .ok_or_else(|| not_certificate(&certificate))?;
    let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|_| TlsError::NotPem {
        path: key,
        what: "a private key",
    })?;
    let versions: &[&rustls::SupportedProtocolVersion] = match settings.minimum {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let provider = Arc::new(provider::default_provider());
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|_| TlsError::Unfit)?;
    let shown = Shown::new(certified);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|_| TlsError::Unfit)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&shown) as Arc<_>);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Tls {
        config: Arc::new(config),
        fingerprint,
        leaf,
        certificate,
        own: settings.certificate.is_none(),
        shown,
    })
}

fn not_certificate(path: &Path) -> TlsError {
    TlsError::NotPem {
        path: path.to_owned(),
        what: "a certificate",
    }
}

fn read_chain(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| not_certificate(path))?;
    if chain.is_empty() {
        return Err(not_certificate(path));
    }
    Ok(chain)
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
