//! PostgreSQL, always over TLS with the server's certificate and name verified (`verify-full`).

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};

use super::DatabaseError;

/// What a URL may say beside user, host and database; nothing of it concerns TLS.
const PARAMETERS: [&str; 2] = ["application_name", "statement-cache-capacity"];
const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects once to see that it can be done, then makes the pool.
pub(super) async fn connect(url: &str, ca: &Path) -> Result<PgPool, DatabaseError> {
    let options = options(url, ca)?;
    // A pool would try again until its deadline and then tell less.
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options))
        .await
        .map_err(|_| DatabaseError::Unreachable)??;
    // Closing politely is not worth failing for.
    let _ = first.close().await;
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(options))
}

/// Whether the tables were ever made.
pub(super) async fn has_tables(pool: &PgPool) -> Result<bool, DatabaseError> {
    Ok(
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(pool)
            .await?,
    )
}

/// The options of a connection: TLS with `verify-full`, whatever URL and environment say.
///
/// sqlx trusts the public authorities of the web too, beside `ca`; it cannot be told not to.
fn options(url: &str, ca: &Path) -> Result<PgConnectOptions, DatabaseError> {
    refuse_weakening(url)?;
    let authorities = std::fs::read(ca).map_err(|_| DatabaseError::Authorities)?;
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !authorities
        .windows(begin.len())
        .any(|window| window == begin)
    {
        return Err(DatabaseError::Authorities);
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| DatabaseError::Url("it is not a PostgreSQL URL"))?;
    if options.get_socket().is_some() || options.get_host().starts_with('/') {
        return Err(DatabaseError::Url(
            "it names a socket; TLS needs a host name",
        ));
    }
    Ok(options
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert_from_pem(authorities)
        .disable_statement_logging())
}

/// Refuses a URL that leaves out the host (the environment would fill it in) or has parameters
/// that we don't know, those about TLS among them.
fn refuse_weakening(url: &str) -> Result<(), DatabaseError> {
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .ok_or(DatabaseError::Url("it does not begin with postgres://"))?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = address.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err(DatabaseError::Url("it names no host"));
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        if name.starts_with("ssl") {
            return Err(DatabaseError::Url(
                "TLS is always verify-full and the authorities are set apart: take the ssl parameters out",
            ));
        }
        if !PARAMETERS.contains(&name) {
            return Err(DatabaseError::Url(
                "only application_name and statement-cache-capacity may be given as parameters",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_cannot_weaken_tls() {
        for url in [
            "postgres://u:p@db.example:5432/identity?sslmode=disable",
            "postgres://u:p@db.example/identity?sslmode=verify-full",
            "postgres://u:p@db.example/identity?ssl-mode=prefer",
            "postgres://u:p@db.example/identity?application_name=x&sslmode=require",
            "postgres://u:p@db.example/identity?%73slmode=disable",
            "postgres://u:p@db.example/identity?host=/run/postgresql",
            "postgres://u:p@db.example/identity?hostaddr=10.0.0.1",
            "postgres://u:p@db.example/identity?options=-c%20x=y",
            "postgres:///identity",
            "postgres://u:p@/identity",
            "postgres://u:p@:5432/identity",
            "mysql://u:p@db.example/identity",
            "db.example",
            "",
        ] {
            assert!(
                matches!(refuse_weakening(url), Err(DatabaseError::Url(_))),
                "{url}"
            );
        }
        for url in [
            "postgres://u:p@db.example:5432/identity",
            "postgresql://u@db.example/identity?application_name=vouchsafe&statement-cache-capacity=0",
        ] {
            assert_eq!(refuse_weakening(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_socket_is_refused() {
        let ca = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), "-----BEGIN CERTIFICATE-----\n").unwrap();
        let refused = options("postgres://u:p@%2Frun%2Fpostgresql/identity", ca.path());
        assert!(matches!(refused, Err(DatabaseError::Url(_))));
    }

    #[test]
    fn authorities_must_be_given() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        for ca in [empty.path(), Path::new("/nonexistent/ca.pem")] {
            let refused = options("postgres://u:p@db.example/identity", ca);
            assert!(matches!(refused, Err(DatabaseError::Authorities)));
        }
    }
}
