//! The databases of keys, people and records: one SQLite file, or PostgreSQL over verified TLS.
//!
//! This crate alone decides how a database is found, connected, encrypted, migrated and checked, so that the three
//! adapters above cannot differ:
//!
//! - a commit is on the disk when it returns (`synchronous = FULL`, `synchronous_commit = on`), whatever the default of the
//!   server is; a connection that does not hold its settings is not used;
//! - PostgreSQL is reached over TLS with the chain and the name of its certificate verified (`verify-full`), whatever the
//!   URL or the environment say;
//! - after a failover, connections to the server that no longer takes writes are closed and made anew;
//! - a SQLite file that was moved, deleted or replaced while it is open takes no more writes, and what it held is rescued;
//! - no error holds text of the database, which could quote values.

mod check;
mod connection;
mod embedded;
mod error;
mod failover;
mod lanes;
mod location;
mod migration;
mod open;
mod postgres;
mod row;
mod sqlite;
mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod told;
mod value;
mod watch;
mod writer;

use std::time::Duration;

pub use check::Check;
pub use connection::Connection;
pub use error::DatabaseError;
pub use failover::failover_signs;
pub use location::{Create, Location, Server};
pub use migration::Migration;
pub use open::{Database, Lane, Schema, Transaction};
pub use postgres::{Isolation, PgPools, PgTransaction};
pub use row::{Column, FromRow, Row};
pub use sqlite::{File, Work};
pub use statement::{Builder, Statement, query, query_as};
pub use value::{Array, Value};

/// Time limit of a single look-up, including the wait for a connection: a server that vanished never answers.
const LOOK_UP: Duration = Duration::from_secs(15);

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A look-up with a time limit of 15 seconds.
///
/// # Errors
/// Those of the look-up, and [`DatabaseError::Unreachable`] if it takes longer.
pub async fn look_up<T, E: From<DatabaseError>>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    // Boxed: otherwise the futures of all callers would contain its whole state.
    match tokio::time::timeout(LOOK_UP, Box::pin(asked)).await {
        Ok(found) => found,
        Err(_) => Err(DatabaseError::Unreachable.into()),
    }
}

/// The result of one statement that reads.
///
/// `reading!(database, on => statement.fetch_all(on))` is a `Result<_, DatabaseError>`.
#[macro_export]
macro_rules! reading {
    ($database:expr, $on:ident => $statement:expr) => {
        $crate::look_up(async {
            let mut reader = $database.reader().await?;
            let ended: Result<_, $crate::DatabaseError> = {
                let $on = &mut *reader;
                $statement.await
            };
            reader.done(ended)
        })
        .await
    };
}

/// Runs a block in a transaction that writes; commits unless the block returns early.
#[macro_export]
macro_rules! writing {
    ($database:expr, $on:ident => $body:block) => {{
        let mut transaction = $database.begin().await?;
        let outcome = {
            let $on = &mut *transaction;
            $body
        };
        transaction.commit().await?;
        outcome
    }};
}
