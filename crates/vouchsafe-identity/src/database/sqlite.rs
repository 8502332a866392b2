//! One SQLite file: one connection that writes, a few that read.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Create, DatabaseError};

/// An open file.
pub(crate) struct File {
    /// The one connection that writes: SQLite has one writer anyway, and waiting here is fair.
    pub(crate) writer: SqlitePool,
    /// Connections that read beside it.
    pub(crate) readers: SqlitePool,
}

impl File {
    /// Opens the file; creates it, for its owner alone, only when told.
    pub(super) async fn open(path: &Path, create: Create) -> Result<Self, DatabaseError> {
        match create {
            Create::IfMissing => create_empty(path)?,
            Create::Never if !path.is_file() => return Err(DatabaseError::Missing),
            Create::Never => {}
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            // What is deleted is overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging();
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(10))
                .idle_timeout(None)
                .max_lifetime(None)
                // A full disk makes SQLite roll back by itself; the driver does not learn of it, and would begin
                // nothing any more on that connection.
                .after_release(|connection, _| {
                    let over = !connection.is_in_transaction();
                    Box::pin(async move { Ok(over) })
                })
        };
        Ok(Self {
            writer: pool(1).connect_with(options.clone()).await?,
            readers: pool(4).connect_with(options).await?,
        })
    }

    /// Whether the tables were ever made.
    pub(super) async fn has_tables(&self) -> Result<bool, DatabaseError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
        )
        .fetch_optional(&self.readers)
        .await?;
        Ok(found.is_some())
    }
}

/// Makes an empty file that only its owner may open; SQLite gives its `-wal` the same mode.
fn create_empty(path: &Path) -> Result<(), DatabaseError> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(_) => Err(DatabaseError::NotWritable),
    }
}
