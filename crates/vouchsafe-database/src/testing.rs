//! Direct access of tests to real databases, past the program.

use std::borrow::Cow;

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
