//! The location of a database.

use std::fmt;
use std::path::PathBuf;

use vouchsafe_postgres::{Connector, Target};

use crate::{DatabaseError, PATIENCE};

/// The location of a database.
#[derive(Clone, Debug)]
pub enum Location {
    /// One file on this host.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// PostgreSQL 15 or newer.
    Postgres(Server),
}

/// A PostgreSQL server, and a database on it.
#[derive(Clone)]
pub struct Server {
    /// `postgres://user:password@host:port/database`. The only accepted parameters are `application_name` and
    /// `sslmode=verify-full`.
    pub url: String,
    /// The certificates (PEM) of the authorities that may vouch for the server; no other authority may.
    pub ca: PathBuf,
    /// Maximum number of connections that this process opens to it; at least 2.
    pub connections: u32,
}

/// Whether opening may create a missing database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Create {
    /// The first start: create a missing database.
    IfMissing,
    /// Every later start: a missing database is an error, never a fresh empty one.
    Never,
}

impl Location {
    /// PostgreSQL, with the usual number of connections.
    #[must_use]
    pub fn postgres(url: impl Into<String>, ca: impl Into<PathBuf>) -> Self {
        Self::Postgres(Server {
            url: url.into(),
            ca: ca.into(),
            connections: Server::CONNECTIONS,
        })
    }
}

impl fmt::Debug for Server {
    /// Without the URL, which contains the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("place", &self.place())
            .field("ca", &self.ca)
            .field("connections", &self.connections)
            .finish()
    }
}

impl Server {
    /// The usual number of connections.
    pub const CONNECTIONS: u32 = 8;

    /// Host, port and database, without user, password and parameters.
    #[must_use]
    pub fn place(&self) -> &str {
        let url = &self.url;
        let place = url.rsplit_once('@').or_else(|| url.split_once("://"));
        let place = place.map_or("", |(_, place)| place);
        place.split_once('?').map_or(place, |(place, _)| place)
    }

    /// A connector with TLS `verify-full`, whatever the URL says.
    pub(crate) fn connector(&self, settings: &[(&str, &str)]) -> Result<Connector, DatabaseError> {
        let application = refuse_weakening(&self.url)?;
        // The driver would interpret parameters in its own way.
        let address = self.url.split_once('?').map_or(&*self.url, |(url, _)| url);
        let authorities = std::fs::read(&self.ca).map_err(|_| DatabaseError::Authorities)?;
        Connector::new(&Target {
            url: address,
            password: None,
            application: application.unwrap_or("vouchsafe"),
            settings,
            authorities: &authorities,
            patience: PATIENCE,
        })
        .map_err(DatabaseError::of)
    }
}

const fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Refuses a URL without a host, and parameters that are unknown or could weaken TLS; returns the application name.
fn refuse_weakening(url: &str) -> Result<Option<&str>, DatabaseError> {
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .ok_or(DatabaseError::Url(
            "it is not postgres://user:password@host:port/database",
        ))?;
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = address.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if authority.matches('@').count() > 1 {
        return Err(DatabaseError::Url(
            "an @ in its password must be written %40",
        ));
    }
    if host.is_empty() || host.starts_with(':') || host.starts_with('%') {
        return Err(DatabaseError::Url("it names no host"));
    }
    let mut application = None;
    for parameter in parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
    {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "application_name" if value.bytes().all(plain) => application = Some(value),
            "application_name" => {
                return Err(DatabaseError::Url(
                    "its application_name may have letters, digits, dots, hyphens and low lines only",
                ));
            }
            "sslmode" | "ssl-mode" if value == "verify-full" => {}
            _ if name.starts_with("ssl") => {
                return Err(DatabaseError::Url(
                    "TLS is always verify-full and the authorities are set apart: take the ssl parameters out",
                ));
            }
            _ => {
                return Err(DatabaseError::Url(
                    "its parameters may be application_name and sslmode=verify-full only",
                ));
            }
        }
    }
    Ok(application)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn server(url: &str, ca: &Path) -> Server {
        Server {
            url: url.to_owned(),
            ca: ca.to_owned(),
            connections: 2,
        }
    }

    #[test]
    fn a_url_cannot_weaken_tls() {
        for url in [
            "postgres://u:p@db.example:5432/keys?sslmode=disable",
            "postgres://u:p@db.example:5432/keys?sslmode=require",
            "postgres://u:p@db.example:5432/keys?sslmode=verify-ca",
            "postgres://u:p@db.example/keys?sslmode",
            "postgres://u:p@db.example/keys?ssl-mode=prefer",
            "postgres://u:p@db.example/keys?ssl-ca=/tmp/x",
            "postgres://u:p@db.example/keys?sslmode=verify-full&sslrootcert=/tmp/x",
            "postgres://u:p@db.example/keys?application_name=x&sslmode=require",
            "postgres://u:p@db.example/keys?%73slmode=disable",
            "postgres://u:p@db.example/keys?host=/run/postgresql",
            "postgres://u:p@db.example/keys?hostaddr=10.0.0.1",
            "postgres://u:p@db.example/keys?options=-c%20x=y",
            "postgres://u:p@db.example/keys?application_name=my%20app",
            "postgres://u:p@db.example/keys?statement-cache-capacity=0",
            "postgres://u:p@ss@db.example/keys",
            "postgres:///keys",
            "postgres://u:p@/keys",
            "postgres://u:p@:5432/keys",
            "postgres://u:p@%2Frun%2Fpostgresql/keys",
            "mysql://u:p@db.example/keys",
            "db.example",
            "",
        ] {
            let refused = server(url, Path::new("/nowhere")).connector(&[]).map(drop);
            assert!(matches!(refused, Err(DatabaseError::Url(_))), "{url}");
        }
    }

    #[test]
    fn verify_full_may_be_said() {
        for (url, application) in [
            ("postgres://u:p@db.example:5432/keys", None),
            (
                "postgres://u:p@db.example:5432/keys?sslmode=verify-full",
                None,
            ),
            (
                "postgresql://u@db.example/keys?application_name=records",
                Some("records"),
            ),
        ] {
            assert_eq!(refuse_weakening(url), Ok(application), "{url}");
        }
    }

    #[test]
    fn authorities_must_be_given() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        for ca in [empty.path(), Path::new("/nonexistent/ca.pem")] {
            let refused = server("postgres://u:p@db.example/keys", ca)
                .connector(&[])
                .map(drop);
            assert!(matches!(refused, Err(DatabaseError::Authorities)));
        }
    }

    #[test]
    fn a_place_has_no_password() {
        for (url, place) in [
            (
                "postgres://u:secret@db.example:5432/records",
                "db.example:5432/records",
            ),
            (
                "postgres://u:se@cret?x@db.example/records?options=1",
                "db.example/records",
            ),
            (
                "postgres://db.example/records?password=secret",
                "db.example/records",
            ),
            ("secret", ""),
        ] {
            let server = server(url, Path::new("ca"));
            assert_eq!(server.place(), place, "{url}");
            assert!(!format!("{server:?}").contains("secret"), "{url}");
        }
    }
}
