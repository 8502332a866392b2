//! One SQLite file: one connection that writes, a few that read beside it (WAL).
//!
//! A commit is on the disk before it returns (`synchronous = FULL`), and what is deleted is overwritten (`secure_delete`).

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Transaction};

use crate::group::{Group, Work};
use crate::lanes::Lanes;
use crate::open::newest;
use crate::{Check, Create, DatabaseError, Schema};

/// How long a statement waits for a lock of another process (a backup).
const BUSY: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// An open file.
#[derive(Clone, Debug)]
pub struct File {
    /// SQLite has one writer anyway, and waiting here is fair.
    writer: SqlitePool,
    group: Group,
    readers: Arc<Lanes<sqlx::Sqlite>>,
}

impl File {
    /// Opens the file, creates it for its owner alone where that is asked for, and brings its tables up to date.
    pub(crate) async fn open(
        path: &Path,
        create: Create,
        schema: &Schema,
    ) -> Result<Self, DatabaseError> {
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
            .pragma("secure_delete", "ON")
            .pragma("cell_size_check", "ON")
            .pragma("trusted_schema", "OFF")
            .busy_timeout(BUSY)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let writer = pool_options(1).connect_with(options.clone()).await?;
        if create == Create::Never && !has_tables(&writer).await? {
            return Err(DatabaseError::Missing);
        }
        schema.sqlite.run(&writer).await?;
        let readers = pool_options(READERS);
        let readers = readers
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self {
            writer,
            group: Group::default(),
            readers: Lanes::new(readers),
        })
    }

    /// Connections that read.
    #[must_use]
    pub const fn readers(&self) -> &Arc<Lanes<sqlx::Sqlite>> {
        &self.readers
    }

    /// The connection that writes. A statement of its own waits for those who write together ([`Self::write`]).
    #[must_use]
    pub const fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Begins a transaction that writes, with the write lock at once: a transaction that reads first could not get it
    /// later.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn begin(&self) -> Result<Transaction<'static, sqlx::Sqlite>, DatabaseError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Writes and commits, together with others who write at the same time; it is on the disk when this returns.
    ///
    /// # Errors
    /// What `work` meets: then nothing of it is committed. [`DatabaseError::InDoubt`] when the commit fails: then it
    /// may have been committed or not.
    pub async fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        self.group.write(&self.writer, work).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        // The write lock is taken, and let go. Of a file that may only be read, SQLite begins a transaction that reads and
        // says nothing; a statement that writes, even no row, fails.
        let mut writer = self.begin().await?;
        let text = |sql| sqlx::query_scalar::<_, String>(sql);
        let number = |sql| sqlx::query_scalar::<_, i64>(sql);
        let release = text("SELECT sqlite_version()")
            .fetch_one(&mut *writer)
            .await?;
        let journal = text("PRAGMA journal_mode").fetch_one(&mut *writer).await;
        let synchronous = number("PRAGMA synchronous").fetch_one(&mut *writer).await;
        let secure = number("PRAGMA secure_delete").fetch_one(&mut *writer).await;
        let version = number("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut *writer)
            .await?;
        let written = sqlx::query("DELETE FROM _sqlx_migrations WHERE 0")
            .execute(&mut *writer)
            .await;
        writer.rollback().await?;
        Ok(Check {
            database: format!("SQLite {release}"),
            schema_current: newest(schema.sqlite) == Some(version),
            writable: written.is_ok(),
            durable: journal.is_ok_and(|mode| mode == "wal")
                && synchronous.is_ok_and(|level| level >= 2),
            tls: None,
            secure_delete: Some(secure.is_ok_and(|on| on == 1)),
        })
    }
}

/// Whether the tables were ever made.
async fn has_tables(pool: &SqlitePool) -> Result<bool, DatabaseError> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.is_some())
}

/// A full disk makes SQLite roll back by itself; the driver does not learn of it, and would begin nothing any more on
/// that connection. So one that comes back within a transaction is closed, and the next is a new one.
pub(crate) fn pool_options(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _| {
            let over = !connection.is_in_transaction();
            Box::pin(async move { Ok(over) })
        })
}

/// Makes an empty file that only its owner may open; SQLite gives the files that it puts beside it the same mode.
fn create_empty(path: &Path) -> Result<(), DatabaseError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(_) => Err(DatabaseError::NotWritable),
    }
}
