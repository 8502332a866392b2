//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::OpenError;

/// Where a store is, and how it is reached.
#[derive(Clone)]
pub enum Location {
    /// A file on this machine.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL server (15 or newer), or one that speaks its protocol.
    Postgres {
        /// `postgres://user:password@host:port/database`. Of the parameters that it may have only
        /// `application_name`, `statement-cache-capacity` and `sslmode=verify-full` are allowed.
        url: String,
        /// The certificates, in PEM, of which the server's must be signed by one.
        ca: PathBuf,
    },
}

impl fmt::Debug for Location {
    /// Without the URL, which has the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres { .. } => f.write_str("Postgres"),
        }
    }
}

/// What to do when a database file is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Create {
    /// Make an empty one: the first start.
    IfMissing,
    /// Fail: the data are somewhere else.
    Never,
}

/// Options of a connection that is encrypted and verified, whatever the URL says.
pub(super) fn postgres_options(url: &str, ca: &Path) -> Result<PgConnectOptions, OpenError> {
    let after_scheme = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .ok_or(OpenError::Url)?;
    let (server, parameters) = after_scheme.split_once('?').unwrap_or((after_scheme, ""));
    for parameter in parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
    {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "application_name" | "statement-cache-capacity" => {}
            "sslmode" | "ssl-mode" if value == "verify-full" => {}
            _ => return Err(OpenError::UrlParameter),
        }
    }
    let authority = server.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    // Without a host it would be one of the environment, or a socket of this machine.
    if host.is_empty() || host.starts_with(':') || host.starts_with('%') {
        return Err(OpenError::Url);
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
    if options.get_socket().is_some() || options.get_host().starts_with('/') {
        return Err(OpenError::UrlParameter);
    }
    if !has_certificate(ca) {
        return Err(OpenError::Ca);
    }
    Ok(options
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(ca)
        .disable_statement_logging())
}

/// The driver reads the file too, but would not say what is wrong with it.
fn has_certificate(ca: &Path) -> bool {
    std::fs::read_to_string(ca).is_ok_and(|text| text.contains("-----BEGIN CERTIFICATE-----"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> OpenError {
        postgres_options(url, Path::new("/nowhere")).unwrap_err()
    }

    #[test]
    fn parameters_that_weaken_a_connection_are_refused() {
        for parameter in [
            "sslmode=disable",
            "sslmode=require",
            "sslmode=verify-ca",
            "ssl-mode=prefer",
            "sslmode=verify-full&sslrootcert=/tmp/x",
            "ssl-ca=/tmp/x",
            "host=/var/run/postgresql",
            "hostaddr=10.0.0.1",
            "options=-c%20ssl=off",
            "ss%6Cmode=disable",
            "sslmode",
        ] {
            let url = format!("postgres://u:p@localhost/d?{parameter}");
            assert_eq!(refused(&url), OpenError::UrlParameter, "{parameter}");
        }
    }

    #[test]
    fn a_url_names_its_host() {
        for url in [
            "postgres://u:p@/d",
            "postgres:///d",
            "postgres://u:p@:5432/d",
            "postgres://u:p@%2Fvar%2Frun/d",
            "mysql://u:p@localhost/d",
            "",
        ] {
            assert_eq!(refused(url), OpenError::Url, "{url}");
        }
    }

    #[test]
    fn a_ca_is_needed() {
        assert_eq!(
            refused("postgres://u:p@localhost/d?sslmode=verify-full"),
            OpenError::Ca
        );
    }

    #[test]
    fn the_password_is_not_printed() {
        let location = Location::Postgres {
            url: "postgres://u:secret@localhost/d".into(),
            ca: "ca".into(),
        };
        assert!(!format!("{location:?}").contains("secret"));
    }
}
