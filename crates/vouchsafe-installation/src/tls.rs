//! TLS of the listeners: 1.3, and at least 1.2, with one provider.

mod error;
mod leaf;
mod own;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use error::TlsError;
use error::read;
pub use leaf::Leaf;
use own::own;

use crate::settings::{TlsSettings, TlsVersion};

/// The listeners' TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, in hex with colons, for people to compare.
    pub fingerprint: String,
    /// The content of the certificate.
    pub leaf: Leaf,
    /// The certificate's file.
    pub certificate: PathBuf,
    /// Whether the installation created it.
    pub own: bool,
}

/// Loads the certificate, or creates one in `folder` for these host names if none is configured.
///
/// # Errors
/// [`TlsError`], with the file and its fault.
pub fn load(
    folder: &Path,
    settings: &TlsSettings,
    names: &[String],
    now: Timestamp,
) -> Result<Tls, TlsError> {
    let (certificate, key) = match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (None, None) => own(folder, names, now)?,
        _ => return Err(TlsError::HalfSet),
    };
    let chain = read_chain(&certificate)?;
    let first = chain.first();
    let fingerprint = fingerprint(first.map_or(&[][..], |first| first.as_ref()));
    let leaf = first
        .and_then(Leaf::read)
        .ok_or_else(|| not_certificate(&certificate))?;
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
        leaf,
        certificate,
        own: settings.certificate.is_none(),
    })
}

fn not_certificate(path: &Path) -> TlsError {
    TlsError::NotPem {
        path: path.to_owned(),
        what: "a certificate",
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "records.example.org"];

    fn load_own(folder: &Path, now: Timestamp) -> Result<Tls, TlsError> {
        load(
            folder,
            &TlsSettings::default(),
            &NAMES.map(str::to_owned),
            now,
        )
    }

    #[test]
    fn an_own_certificate_is_valid_for_a_year_and_names_its_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let tls = load_own(folder.path(), now).unwrap();
        assert!(tls.own);
        assert!(tls.leaf.from() < now);
        let left = tls.leaf.until().duration_since(now);
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        assert!(left > days(390) && left <= days(397), "{left:#}");
        for url in [
            "https://localhost:8443",
            "https://127.0.0.1:8443",
            "https://records.example.org",
            "https://RECORDS.example.org/fhir",
        ] {
            assert!(tls.leaf.covers(url), "{url}");
        }
        for url in [
            "https://example.org",
            "https://records.example.org.evil.example",
            "https://[::1]:8443",
            "https://127.0.0.2",
            "not a url",
            "",
        ] {
            assert!(!tls.leaf.covers(url), "{url}");
        }
        // The next start finds it.
        let again = load_own(folder.path(), now + days(30)).unwrap();
        assert_eq!(again.fingerprint, tls.fingerprint);
    }

    #[test]
    fn a_certificate_that_was_removed_is_made_anew_with_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let tls = load_own(folder.path(), now).unwrap();
        let key = std::fs::read(folder.path().join("key.pem")).unwrap();
        std::fs::remove_file(&tls.certificate).unwrap();
        let later = now + SignedDuration::from_hours(24 * 380);
        let renewed = load_own(folder.path(), later).unwrap();
        assert_ne!(renewed.fingerprint, tls.fingerprint);
        assert!(renewed.leaf.until() > tls.leaf.until());
        assert_eq!(std::fs::read(folder.path().join("key.pem")).unwrap(), key);
    }

    #[test]
    fn a_key_that_is_gone_is_said_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let tls = load_own(folder.path(), Timestamp::now()).unwrap();
        let key = folder.path().join("key.pem");
        std::fs::remove_file(&key).unwrap();
        let before = std::fs::read(&tls.certificate).unwrap();
        let error = load_own(folder.path(), Timestamp::now()).unwrap_err();
        assert!(matches!(error, TlsError::KeyLost { .. }), "{error}");
        assert!(error.to_string().contains("key.pem is missing"), "{error}");
        assert!(!key.exists());
        assert_eq!(std::fs::read(&tls.certificate).unwrap(), before);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tls = load_own(folder.path(), Timestamp::now()).unwrap();
        let pem = std::fs::read_to_string(&tls.certificate).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for wrong in [
            String::new(),
            "no PEM".to_owned(),
            pem.replace("CERTIFICATE", "PUBLIC KEY"),
            // PEM without a certificate.
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                body.get(..64).unwrap()
            ),
        ] {
            std::fs::write(&tls.certificate, &wrong).unwrap();
            let error = load_own(folder.path(), Timestamp::now()).unwrap_err();
            assert!(error.to_string().contains("certificate"), "{error}");
        }
    }
}
