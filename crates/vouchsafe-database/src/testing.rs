//! Direct access of tests to real databases, past the program.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::connection::{Connection, Kind};
use crate::embedded::{Embedded, Use};
use crate::{DatabaseError, Location, postgres, query};

/// The value of a variable of the test environment; if it is not set, prints that a test is skipped.
#[must_use]
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so where it runs"
)]
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        eprintln!("SKIPPED on PostgreSQL: {name} is not set (tools/pg starts one)");
    }
    value
}

/// Runs statements on a connection of its own; returns the number of changed rows, if it was one statement.
///
/// # Errors
/// [`DatabaseError`].
pub async fn run(
    location: &Location,
    statements: impl Into<Cow<'static, str>>,
) -> Result<u64, DatabaseError> {
    let statements = statements.into();
    let mut connection = match location {
        Location::Sqlite { path } => Connection(Kind::Sqlite(Embedded::open(path, Use::Write)?)),
        Location::Postgres(server) => postgres::connect(&server.connector(&[])?).await?,
    };
    if !statements.contains(';') {
        return query(statements).execute(&mut connection).await;
    }
    connection.batch(&statements).await?;
    Ok(0)
}

/// Runs statements as the administrator of the server of the tests.
///
/// # Errors
/// [`DatabaseError`], and if the variables are not set.
pub async fn administer(statements: impl Into<Cow<'static, str>>) -> Result<(), DatabaseError> {
    let url = variable("VOUCHSAFE_TEST_PG_ADMIN").ok_or(DatabaseError::Missing)?;
    let ca = variable("VOUCHSAFE_TEST_PG_CA").ok_or(DatabaseError::Missing)?;
    run(&Location::postgres(url, ca), statements)
        .await
        .map(drop)
}

/// The name of a copy.
const COPY: &str = "copy";

/// Fresh databases on the server of the tests, each under a name of its own. They are removed when this is dropped.
#[derive(Debug)]
pub struct Databases {
    names: &'static [&'static str],
    admin: String,
    ca: PathBuf,
    suffix: String,
}

impl Databases {
    /// Makes a database for each name; `None`, with a line that says so, when there is no server.
    ///
    /// # Panics
    /// When the server does not make them.
    #[must_use]
    pub fn new(names: &'static [&'static str]) -> Option<Self> {
        let databases = Self {
            names,
            admin: variable("VOUCHSAFE_TEST_PG_ADMIN")?,
            ca: variable("VOUCHSAFE_TEST_PG_CA")?.into(),
            suffix: uuid::Uuid::new_v4().simple().to_string(),
        };
        for name in names {
            let database = databases.database(name);
            assert!(databases.did(&format!("CREATE DATABASE {database}")));
        }
        Some(databases)
    }

    /// The certificate authority of the server.
    #[must_use]
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        let server = self.admin.rsplit_once('/').map_or("", |(server, _)| server);
        format!("{server}/{}", self.database(name))
    }

    /// Ends every connection to these databases.
    ///
    /// # Panics
    /// When the server does not.
    pub fn hang_up(&self) {
        let sql =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE";
        assert!(self.did(&format!("{sql} 'test_%_{}'", self.suffix)));
    }

    /// Copies a database that no connection uses; there is one copy at most.
    ///
    /// # Panics
    /// When the server does not.
    pub fn copy(&self, name: &str) {
        let (from, copy) = (self.database(name), self.database(COPY));
        assert!(self.did(&format!("CREATE DATABASE {copy} TEMPLATE {from}")));
    }

    /// Puts the copy in the place of the database.
    ///
    /// # Panics
    /// When the server does not.
    pub fn put_copy_back(&self, name: &str) {
        let (to, copy) = (self.database(name), self.database(COPY));
        assert!(self.did(&format!("DROP DATABASE {to} WITH (FORCE)")));
        assert!(self.did(&format!("ALTER DATABASE {copy} RENAME TO {to}")));
    }

    fn database(&self, name: &str) -> String {
        format!("test_{name}_{}", self.suffix)
    }

    /// Runs a statement. By a process of its own, since a drop cannot wait for a future.
    fn did(&self, sql: &str) -> bool {
        let Self { admin, ca, .. } = self;
        Command::new("psql")
            .args(["-qX", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(format!(
                "{admin}?sslmode=verify-full&sslrootcert={}",
                ca.display()
            ))
            .status()
            .is_ok_and(|ended| ended.success())
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        for name in self.names.iter().chain(&[COPY]) {
            // A service that was killed may still have connections there.
            let database = self.database(name);
            let dropped = self.did(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
            // A case that failed has shown why: a second panic would hide it.
            assert!(dropped || std::thread::panicking(), "{database} is left");
        }
    }
}
