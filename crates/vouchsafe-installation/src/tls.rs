//! TLS of the listeners: 1.3, and at least 1.2, with one provider.

mod error;
mod kept;
mod leaf;
mod made;
mod own;

use std::path::Path;

use jiff::Timestamp;

pub use error::TlsError;
use error::read;
pub use kept::{Kept, Look};
pub use leaf::Leaf;
pub use made::Tls;
use made::{Pair, of_pair, places};
use own::own;

use crate::settings::TlsSettings;

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
    let (certificate, key) = match places(settings)? {
        Some(places) => places,
        None => own(folder, names, now)?,
    };
    let pair = Pair {
        certificate: read(&certificate)?,
        key: read(&key)?,
    };
    of_pair((certificate, key), &pair, settings)
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
