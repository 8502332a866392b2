//! One SQLite file: one connection that writes, others that read beside it (WAL).
//!
//! A commit is on the disk before it returns (`synchronous = FULL`), and deleted data are overwritten
//! (`secure_delete`).

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connection, Kind};
use crate::embedded::{Embedded, Use};
use crate::migration::{self, newest};
use crate::watch::Watch;
use crate::writer::{Line, Loan};
use crate::{Check, Create, DatabaseError, FromRow, LOOK_UP, Schema, Statement, query, query_as};

/// Number of idle readers that are kept.
const KEPT: usize = 16;
/// Maximum number of readers.
const ALL: u32 = 64;
const MOST: usize = ALL as usize;
/// Maximum number of concurrent searches.
const SEARCHES: usize = 16;

/// A write, as statements on a connection.
pub trait Work: Send + 'static {
    /// The result of the write.
    type Output: Send;
    /// The error of the write.
    type Error: From<DatabaseError> + Send;

    /// Runs the statements. After an error all of them are rolled back.
    fn run(
        self,
        on: &mut Connection,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// An open file.
#[derive(Clone)]
pub struct File {
    line: Line,
    readers: Arc<Readers>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").finish_non_exhaustive()
    }
}

/// Connections that read. A statement runs on the caller's thread, so there are as many as threads that read at once.
struct Readers {
    path: PathBuf,
    watch: Arc<Watch>,
    /// None when the file was closed.
    idle: Mutex<Option<Vec<Connection>>>,
    /// A permit for each connection in use.
    places: Arc<Semaphore>,
    /// A permit for each search, so that many slow ones block no look-up.
    searches: Arc<Semaphore>,
}

impl Readers {
    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// Opens the file (or creates it, only for its owner, if requested) and migrates its tables.
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
        let watch = Watch::new(path);
        let file = Self {
            line: Line::start(path.to_owned(), &watch)?,
            readers: Arc::new(Readers {
                path: path.to_owned(),
                watch: Arc::clone(&watch),
                idle: Mutex::new(Some(Vec::new())),
                places: Arc::new(Semaphore::new(MOST)),
                searches: Arc::new(Semaphore::new(SEARCHES)),
            }),
        };
        if create == Create::Never && !has_tables(&mut *file.reader().await?).await? {
            return Err(DatabaseError::Missing);
        }
        let mut writer = file.begin().await?;
        writer
            .batch(&migration::TABLE.replace("{}", "BLOB"))
            .await?;
        migration::take(&mut writer, schema.sqlite).await?;
        writer.commit().await?;
        watch.begin()?;
        Ok(file)
    }

    /// A connection that reads, for one statement or a few.
    pub(crate) async fn reader(&self) -> Result<SqliteReader, DatabaseError> {
        let place = Arc::clone(&self.readers.places).acquire_owned().await;
        let place = place.map_err(|_| DatabaseError::Unreachable)?;
        let kept = {
            let mut idle = self.readers.idle();
            idle.as_mut().ok_or(DatabaseError::Unreachable)?.pop()
        };
        let connection = match kept {
            Some(connection) => connection,
            None => {
                let opened = Embedded::open(&self.readers.path, Use::Read)?;
                // Opened by its name: it must be the file that the others have.
                self.readers.watch.same()?;
                Connection(Kind::Sqlite(opened))
            }
        };
        if let Kind::Sqlite(connection) = &connection.0 {
            connection.allow(Some(LOOK_UP));
        }
        Ok(SqliteReader {
            connection,
            readers: Arc::clone(&self.readers),
            _place: place,
        })
    }

    /// Runs a statement that may take long on a thread of its own.
    pub(crate) async fn search<R: FromRow + 'static>(
        &self,
        statement: Statement<'static, R>,
    ) -> Result<Vec<R>, DatabaseError> {
        let place = Arc::clone(&self.readers.searches).acquire_owned().await;
        let place = place.map_err(|_| DatabaseError::Unreachable)?;
        let mut reader = self.reader().await?;
        let run = move || {
            let found = match &mut reader.connection.0 {
                Kind::Sqlite(connection) => {
                    connection.rows(&statement.text, &statement.values, usize::MAX)
                }
                Kind::Postgres(_) | Kind::Gone => Err(DatabaseError::Failed),
            };
            drop(place);
            found
        };
        let run = tokio::task::spawn_blocking(run).await;
        run.unwrap_or(Err(DatabaseError::Failed))
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<SqliteTransaction, DatabaseError> {
        Ok(SqliteTransaction(self.line.begin().await?))
    }

    /// Writes and commits, together with concurrent writes; the commit is on the disk when this returns.
    ///
    /// # Errors
    /// The error of `work`: then none of its statements is committed. [`DatabaseError::InDoubt`] if the commit fails:
    /// it may or may not have been committed.
    pub async fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        self.line.write(work).await
    }

    pub(crate) async fn close(&self) {
        drop(self.readers.idle().take());
        // The last connection that closes leaves the file complete without its log: that must be the writer.
        if let Ok(all) = self.readers.places.acquire_many(ALL).await {
            self.readers.places.close();
            drop(all);
        }
        // What is being rescued is waited for.
        let watch = Arc::clone(&self.readers.watch);
        let _ = tokio::task::spawn_blocking(move || watch.end()).await;
        self.line.close().await;
    }

    /// Whether the file is the one that was opened, and can be read. While all that read are in use, they show that.
    pub(crate) async fn pulse(&self) -> Result<(), DatabaseError> {
        self.readers.watch.same()?;
        if self.readers.places.available_permits() == 0 {
            return Ok(());
        }
        let mut reader = self.reader().await?;
        let read: Option<i64> = query_as("SELECT 1 FROM sqlite_schema LIMIT 1")
            .fetch_optional(&mut reader)
            .await?;
        read.map(drop).ok_or(DatabaseError::Schema)
    }

    pub(crate) async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        // The write lock is taken and released. On a read-only file SQLite begins a reading transaction without an
        // error; a statement that writes fails, even if it changes no row.
        let mut writer = self.begin().await?;
        let release: String = query_as("SELECT sqlite_version()")
            .fetch_one(&mut writer)
            .await?;
        let journal: String = query_as("PRAGMA journal_mode")
            .fetch_one(&mut writer)
            .await?;
        let synchronous: i64 = query_as("PRAGMA synchronous")
            .fetch_one(&mut writer)
            .await?;
        let secure: i64 = query_as("PRAGMA secure_delete")
            .fetch_one(&mut writer)
            .await?;
        let version: Option<i64> = query_as(migration::NEWEST).fetch_one(&mut writer).await?;
        let written = query("DELETE FROM _sqlx_migrations WHERE 0")
            .execute(&mut writer)
            .await;
        writer.roll_back().await?;
        Ok(Check {
            database: format!("SQLite {release}"),
            schema_current: version.is_some() && version == newest(schema.sqlite),
            writable: written.is_ok(),
            durable: journal == "wal" && synchronous >= 2,
            tls: None,
            secure_delete: Some(secure == 1),
        })
    }
}

/// Whether the tables exist.
async fn has_tables(on: &mut Connection) -> Result<bool, DatabaseError> {
    let found = query_as::<i64>(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    );
    Ok(found.fetch_optional(on).await?.is_some())
}

/// Creates an empty file with mode 0600; SQLite gives its companion files the same mode.
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

/// A connection that reads. It is kept for others when it is dropped.
pub(crate) struct SqliteReader {
    connection: Connection,
    readers: Arc<Readers>,
    /// Released after the connection was returned.
    _place: OwnedSemaphorePermit,
}

impl Drop for SqliteReader {
    fn drop(&mut self) {
        let mut idle = self.readers.idle();
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < KEPT) {
            idle.push(self.connection.take());
        }
    }
}

impl Deref for SqliteReader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for SqliteReader {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// A transaction that writes. It is rolled back if it is dropped before its commit.
pub(crate) struct SqliteTransaction(Loan);

impl SqliteTransaction {
    pub(crate) async fn commit(self) -> Result<(), DatabaseError> {
        self.0.commit().await
    }

    pub(crate) async fn roll_back(self) -> Result<(), DatabaseError> {
        self.0.roll_back().await
    }
}

impl Deref for SqliteTransaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0.connection
    }
}

impl DerefMut for SqliteTransaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0.connection
    }
}
