//! Databases as keys, people and records use them: one SQLite file, or PostgreSQL over verified TLS.
//!
//! One place decides how a database is found, reached, encrypted, migrated and checked, so that the three adapters above
//! cannot differ:
//!
//! - a commit is on the disk when it returns (`synchronous = FULL`, `synchronous_commit = on`), whatever the default of the
//!   server is; a connection that does not hold its settings is not used;
//! - PostgreSQL is reached over TLS with the chain and the name of its certificate verified (`verify-full`), whatever the
//!   URL or the environment say;
//! - after a failover, connections to the server that no longer takes writes are closed and made anew;
//! - no error holds text of the database, which could quote values.

mod check;
mod error;
mod failover;
mod group;
mod lanes;
mod location;
mod open;
mod postgres;
mod sqlite;

pub use check::Check;
pub use error::DatabaseError;
pub use failover::failover_signs;
pub use group::Work;
pub use lanes::{Lane, Lanes, Tested};
pub use location::{Create, Location, Server};
pub use open::{Database, Schema};
pub use postgres::{PgPools, PgTransaction};
pub use sqlite::File;

/// A look-up in time: 15 seconds at most.
///
/// # Errors
/// Its own, and [`DatabaseError::Unreachable`] when it takes longer.
pub async fn look_up<T, E: From<DatabaseError>>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    // On the heap: callers of callers would hold all of it in their own state, and on the stack.
    match tokio::time::timeout(lanes::LOOK_UP, Box::pin(asked)).await {
        Ok(found) => found,
        Err(_) => Err(DatabaseError::Unreachable.into()),
    }
}

/// The result of one statement that reads, on either database.
///
/// `reading!(database, on => statement.fetch_all(on))` is a `Result<_, DatabaseError>`.
#[macro_export]
macro_rules! reading {
    ($database:expr, $on:ident => $statement:expr) => {
        match $database {
            $crate::Database::Sqlite(file) => {
                $crate::reading!(@lane file.readers(), $on => $statement)
            }
            $crate::Database::Postgres(pools) => {
                $crate::reading!(@lane pools.readers(), $on => $statement)
            }
        }
    };
    (@lane $lanes:expr, $on:ident => $statement:expr) => {
        $crate::look_up(async {
            let mut lane = $lanes.take().await?;
            let ended = {
                let $on = &mut *lane;
                $statement.await
            };
            lane.done(ended.map_err($crate::DatabaseError::from))
        })
        .await
    };
}

/// Runs a block in a transaction that writes, on either database; commits unless the block returns early.
#[macro_export]
macro_rules! writing {
    ($database:expr, $on:ident => $body:block) => {
        match $database {
            $crate::Database::Sqlite(file) => {
                let mut $on = file.begin().await?;
                let outcome = $body;
                $on.commit().await.map_err($crate::DatabaseError::from)?;
                outcome
            }
            $crate::Database::Postgres(pools) => {
                let mut $on = pools.begin().await?;
                let outcome = $body;
                $on.commit().await?;
                outcome
            }
        }
    };
}
