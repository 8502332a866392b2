//! The content of a server's certificate: its validity and its names.

use jiff::Timestamp;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::time::Time;

/// The first certificate of a chain.
#[derive(Clone, Debug)]
pub struct Leaf {
    der: CertificateDer<'static>,
    from: Timestamp,
    until: Timestamp,
}

impl Leaf {
    /// Parses it; none if it is not an X.509 certificate.
    pub(super) fn read(der: &CertificateDer<'static>) -> Option<Self> {
        let parsed = Certificate::from_der(der).ok()?;
        let validity = parsed.tbs_certificate().validity();
        let at = |time: &Time| {
            let seconds = time.to_unix_duration().as_secs();
            Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
        };
        Some(Self {
            from: at(&validity.not_before)?,
            until: at(&validity.not_after)?,
            der: der.clone(),
        })
    }

    /// The first moment at which it is valid (RFC 5280, section 4.1.2.5).
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The last moment at which it is valid.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether it names the host of this URL, as a client checks.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        let names = || {
            let host = url.parse::<http::Uri>().ok()?.host()?.to_owned();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let name = ServerName::try_from(host).ok()?;
            let certificate = ParsedCertificate::try_from(&self.der).ok()?;
            verify_server_name(&certificate, &name).ok()
        };
        names().is_some()
    }
}
