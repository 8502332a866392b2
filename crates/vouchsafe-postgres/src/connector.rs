//! The connector.

use std::fmt;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};

use crate::Fault;
use crate::tls::{Verified, verified};

/// How long sent data may stay unacknowledged before the connection ends: a server that vanished never answers.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);
/// Idle time after which a connection is probed, and the interval of probes.
const IDLE: Duration = Duration::from_secs(10);
const PROBE: Duration = Duration::from_secs(5);
/// Time limit for one address to answer: a name may have several.
const ADDRESS: Duration = Duration::from_secs(3);

/// A server, and a database on it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// `postgres://user:password@host:port/database`, without parameters.
    pub url: &'a str,
    /// A password, if the URL has none.
    pub password: Option<&'a str>,
    /// The application name in the server's list of sessions.
    pub application: &'a str,
    /// Settings of each session.
    pub settings: &'a [(&'a str, &'a str)],
    /// The certificates (PEM) of the authorities that may vouch for the server; no other authority may.
    pub authorities: &'a [u8],
    /// Time limit for making a connection.
    pub patience: Duration,
}

impl fmt::Debug for Target<'_> {
    /// Without the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}

/// Makes connections to one server.
pub struct Connector {
    config: tokio_postgres::Config,
    tls: Verified,
    patience: Duration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    /// Parses URL and certificates; no connection is made yet.
    ///
    /// # Errors
    /// [`Fault::Url`], [`Fault::Authorities`].
    pub fn new(target: &Target<'_>) -> Result<Self, Fault> {
        // The driver also accepts key-value lists, and parameters, which could weaken TLS.
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| target.url.starts_with(scheme))
        {
            return Err(Fault::Url("it does not begin with postgres://"));
        }
        if target.url.contains('?') {
            return Err(Fault::Url("it has parameters"));
        }
        let mut config: tokio_postgres::Config = target
            .url
            .parse()
            .map_err(|_| Fault::Url("it is malformed"))?;
        match config.get_hosts() {
            [Host::Tcp(_)] => {}
            [] => return Err(Fault::Url("it names no host")),
            [_, _, ..] => return Err(Fault::Url("it names several hosts")),
            _ => return Err(Fault::Url("it names a socket; TLS needs a host name")),
        }
        if let Some(password) = target.password {
            config.password(password);
        }
        let settings: Vec<String> = target
            .settings
            .iter()
            .map(|(name, value)| format!("-c {name}={value}"))
            .collect();
        if !settings.is_empty() {
            config.options(settings.join(" "));
        }
        config
            .application_name(target.application)
            .ssl_mode(SslMode::Require)
            .connect_timeout(ADDRESS.min(target.patience))
            .tcp_user_timeout(UNACKNOWLEDGED)
            .keepalives_idle(IDLE)
            .keepalives_interval(PROBE);
        let tls = verified(target.authorities)?;
        Ok(Self {
            config,
            tls,
            patience: target.patience,
        })
    }

    /// Connects, or returns the fault. The connection ends when the returned client is dropped; `broken` is called if
    /// it ends earlier, also while it is idle.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn connect(
        &self,
        broken: impl FnOnce(Fault) + Send + 'static,
    ) -> Result<tokio_postgres::Client, Fault> {
        let connected = Box::pin(self.config.connect(self.tls.clone()));
        let connected = tokio::time::timeout(self.patience, connected).await;
        let (client, connection) = connected.map_err(|_| Fault::Unreachable)??;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                broken(error.into());
            }
        });
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, authorities: &[u8]) -> Option<Fault> {
        let target = Target {
            url,
            password: None,
            application: "test",
            settings: &[],
            authorities,
            patience: Duration::from_secs(1),
        };
        Connector::new(&target).err()
    }

    fn authority() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key);
        certificate.unwrap().pem()
    }

    #[test]
    fn a_url_names_one_host_and_has_no_parameters() {
        let authority = authority();
        let refused = |url| refused(url, authority.as_bytes());
        assert_eq!(refused("postgres://u:p@db.example:5432/keys"), None);
        for url in [
            "postgres://u:p@db.example/keys?sslmode=disable",
            "postgres://u:p@db.example/keys?host=/run/postgresql",
            "postgres:///keys",
            "postgres://u:p@%2Frun%2Fpostgresql/keys",
            "postgres://u:p@one.example,two.example/keys",
            "host=db.example sslmode=disable",
            "",
        ] {
            let fault = refused(url);
            assert!(matches!(fault, Some(Fault::Url(_))), "{url}");
        }
    }

    #[test]
    fn authorities_must_be_given() {
        let url = "postgres://u:p@db.example/keys";
        let cut = authority().replace("-----END CERTIFICATE-----", "");
        let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        for pem in ["", "no certificate", &cut, empty] {
            let fault = refused(url, pem.as_bytes());
            assert_eq!(fault, Some(Fault::Authorities), "{pem}");
        }
    }
}
