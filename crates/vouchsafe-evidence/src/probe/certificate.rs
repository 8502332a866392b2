//! The certificate of a server, by a handshake of this program's own TLS; nothing is sent over it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use serde::{Deserialize, Serialize};
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::dial::Target;

/// Messages of a handshake are far fewer.
const TURNS: usize = 64;

/// What a certificate says, and what this system says of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    /// The first moment at which it is valid.
    pub(crate) from: Timestamp,
    /// The last moment at which it is valid.
    pub(crate) until: Timestamp,
    /// The names of hosts that it is for, sorted.
    pub(crate) names: Vec<String>,
    /// Whether the name that was asked for is among them.
    pub(crate) named: bool,
    /// Whether the system that probed trusts its chain for that name.
    pub(crate) trusted: bool,
    /// Whether the server proved that it has the key.
    pub(crate) proved: bool,
    /// SHA-256 of it.
    pub(crate) sha256: String,
}

/// Takes the chain down and lets the handshake go on, whatever the chain is.
#[derive(Debug)]
struct TakeDown {
    system: Arc<dyn ServerCertVerifier>,
    taken: Mutex<Option<(CertificateDer<'static>, bool)>>,
}

impl ServerCertVerifier for TakeDown {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judged = self.system.verify_server_cert(leaf, chain, name, ocsp, now);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = Some((leaf.clone().into_owned(), judged.is_ok()));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

/// The certificate that a server shows for a name.
///
/// # Errors
/// In words, when no handshake comes about.
pub(super) fn of(target: &Target, name: &str, patience: Duration) -> Result<Certificate, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = take_down(&provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
        .with_no_client_auth();
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| "the name is none that a certificate can have")?;
    let mut connection = ClientConnection::new(Arc::new(config), server.clone())
        .map_err(|_| "TLS cannot be set up")?;
    let mut stream = target.connect(patience).map_err(|_| "nobody listens")?;
    let mut proved = false;
    for _ in 0..TURNS {
        if !connection.is_handshaking() {
            proved = true;
            break;
        }
        if connection.complete_io(&mut stream).is_err() {
            break;
        }
    }
    let taken = verifier
        .taken
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let (leaf, trusted) = taken.ok_or("no handshake of TLS 1.2 or 1.3 came about")?;
    read(&leaf, &server, trusted, proved).ok_or_else(|| "the certificate cannot be read".to_owned())
}

fn take_down(provider: &Arc<CryptoProvider>) -> Result<Arc<TakeDown>, String> {
    let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider))
        .map_err(|_| "the certificates that this system trusts cannot be read")?;
    Ok(Arc::new(TakeDown {
        system: Arc::new(system),
        taken: Mutex::new(None),
    }))
}

fn read(
    leaf: &CertificateDer<'static>,
    server: &ServerName<'_>,
    trusted: bool,
    proved: bool,
) -> Option<Certificate> {
    let parsed = x509_cert::Certificate::from_der(leaf).ok()?;
    let body = parsed.tbs_certificate();
    let names = body.get_extension::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_, names)| names.0).unwrap_or_default();
    let mut names: Vec<String> = names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.to_string()),
            GeneralName::IpAddress(bytes) => address(bytes.as_bytes()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let named = ParsedCertificate::try_from(leaf)
        .is_ok_and(|certificate| verify_server_name(&certificate, server).is_ok());
    Some(Certificate {
        from: moment(&body.validity().not_before)?,
        until: moment(&body.validity().not_after)?,
        names,
        named,
        trusted,
        proved,
        sha256: crate::digest::Digest::of(leaf).to_string(),
    })
}

fn moment(time: &Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|four| std::net::IpAddr::from(four).to_string());
    let sixteen = || <[u8; 16]>::try_from(bytes).map(|all| std::net::IpAddr::from(all).to_string());
    four.or_else(|_| sixteen()).ok()
}
