//! An open database, of either kind.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::connection::Connection;
use crate::embedded::Embedded;
use crate::lanes::PgLane;
use crate::postgres;
use crate::sqlite::{SqliteReader, SqliteTransaction};
use crate::{
    Check, Create, DatabaseError, File, FromRow, Location, Migration, PgPools, PgTransaction,
    Statement, look_up, reading,
};

/// The tables of an adapter, and the settings of its sessions.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Migrations on SQLite.
    pub sqlite: &'static [Migration],
    /// Migrations on PostgreSQL.
    pub postgres: &'static [Migration],
    /// The tables that the program writes.
    pub tables: &'static [&'static str],
    /// Settings of PostgreSQL sessions in addition to the common ones.
    pub session: &'static [(&'static str, &'static str)],
}

/// An open database with its tables up to date.
#[derive(Clone, Debug)]
pub enum Database {
    /// One file: one connection that writes, others that read.
    Sqlite(File),
    /// A server: some connections that write, some that read.
    Postgres(PgPools),
}

impl Database {
    /// Connects to a server without changing anything; a file is not opened.
    ///
    /// # Errors
    /// [`DatabaseError`], with advice.
    pub async fn reach(location: &Location) -> Result<(), DatabaseError> {
        match location {
            Location::Sqlite { .. } => Ok(()),
            Location::Postgres(server) => postgres::reach(server).await,
        }
    }

    /// Looks through a file that is there for damage (`quick_check`), and changes nothing; a server looks after itself.
    ///
    /// It reads the whole file. Nobody else may have it open.
    ///
    /// # Errors
    /// [`DatabaseError::Damaged`], and what kept it from looking.
    pub async fn inspect(location: &Location) -> Result<(), DatabaseError> {
        let path = match location {
            Location::Postgres(_) => return Ok(()),
            Location::Sqlite { path } if !path.is_file() => return Err(DatabaseError::Missing),
            Location::Sqlite { path } => path.clone(),
        };
        let looked = tokio::task::spawn_blocking(move || Embedded::inspect(&path)).await;
        looked.unwrap_or(Err(DatabaseError::Failed))
    }

    /// Opens a database and brings its tables up to date.
    ///
    /// # Errors
    /// [`DatabaseError`], with advice. With [`Create::Never`] a missing file and a database without tables are errors.
    pub async fn open(
        location: &Location,
        create: Create,
        schema: &Schema,
    ) -> Result<Self, DatabaseError> {
        Ok(match location {
            Location::Sqlite { path } => Self::Sqlite(File::open(path, create, schema).await?),
            Location::Postgres(server) => {
                let may_create = create == Create::IfMissing;
                Self::Postgres(PgPools::open(server, may_create, schema).await?)
            }
        })
    }

    /// A connection for statements that read.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn reader(&self) -> Result<Lane, DatabaseError> {
        Ok(Lane(match self {
            Self::Sqlite(file) => Kept::Sqlite(file.reader().await?),
            Self::Postgres(pools) => Kept::Postgres(pools.reader().await?),
        }))
    }

    /// The rows of a statement that may read many rows, with a time limit (15 seconds). On SQLite it runs on a thread
    /// of its own; other statements run on the caller's thread.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn search<R: FromRow + 'static>(
        &self,
        statement: Statement<'static, R>,
    ) -> Result<Vec<R>, DatabaseError> {
        match self {
            Self::Sqlite(file) => look_up(file.search(statement)).await,
            Self::Postgres(_) => reading!(self, on => statement.fetch_all(on)),
        }
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once: a transaction that has read could
    /// not get it later.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn begin(&self) -> Result<Transaction, DatabaseError> {
        Ok(match self {
            Self::Sqlite(file) => Transaction(Begun::Sqlite(file.begin().await?)),
            Self::Postgres(pools) => pools.begin().await?.into(),
        })
    }

    /// The state that a preflight needs.
    ///
    /// # Errors
    /// [`DatabaseError`] if the database does not answer in time.
    pub async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        match self {
            Self::Sqlite(file) => file.check(schema).await,
            Self::Postgres(pools) => pools.check(schema).await,
        }
    }

    /// Whether it can be reached, takes writes as far as it says, and is the one that was opened. Cheap enough to be asked
    /// every second, however many requests run.
    ///
    /// # Errors
    /// [`DatabaseError`]. A server that hangs is waited for: the caller MUST give up in time.
    pub async fn pulse(&self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(file) => file.pulse().await,
            Self::Postgres(pools) => pools.pulse().await,
        }
    }

    /// Closes all connections, when what is under way has ended; an SQLite file is then complete without its log.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(pools) => pools.close().await,
        }
    }
}

/// A connection for a statement, or a few.
pub struct Lane(Kept);

enum Kept {
    Sqlite(SqliteReader),
    Postgres(PgLane),
}

impl Lane {
    /// Returns the connection; `ended` is the result of its last statement. A dropped lane is tested before its next
    /// use.
    ///
    /// # Errors
    /// The error of the statement.
    pub fn done<T, E>(self, ended: Result<T, E>) -> Result<T, E> {
        match self.0 {
            Kept::Sqlite(_) => ended,
            Kept::Postgres(lane) => lane.done(ended),
        }
    }
}

impl From<PgLane> for Lane {
    fn from(lane: PgLane) -> Self {
        Self(Kept::Postgres(lane))
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}

impl Deref for Lane {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.0 {
            Kept::Sqlite(reader) => reader,
            Kept::Postgres(lane) => lane,
        }
    }
}

impl DerefMut for Lane {
    fn deref_mut(&mut self) -> &mut Connection {
        match &mut self.0 {
            Kept::Sqlite(reader) => reader,
            Kept::Postgres(lane) => lane,
        }
    }
}

/// A transaction that writes. It is rolled back if it is dropped before its commit.
#[must_use = "it rolls back unless it is committed"]
pub struct Transaction(Begun);

enum Begun {
    Sqlite(SqliteTransaction),
    Postgres(PgTransaction),
}

impl Transaction {
    /// Commits; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`DatabaseError::InDoubt`] if no answer arrived: it may or may not have been committed. After any other error it
    /// was not committed.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        match self.0 {
            Begun::Sqlite(transaction) => transaction.commit().await,
            Begun::Postgres(transaction) => transaction.commit().await,
        }
    }

    /// Rolls back, and waits for it.
    ///
    /// # Errors
    /// [`DatabaseError`]; the database then rolls back by itself.
    pub async fn roll_back(self) -> Result<(), DatabaseError> {
        match self.0 {
            Begun::Sqlite(transaction) => transaction.roll_back().await,
            Begun::Postgres(transaction) => transaction.roll_back().await,
        }
    }
}

impl From<PgTransaction> for Transaction {
    fn from(transaction: PgTransaction) -> Self {
        Self(Begun::Postgres(transaction))
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transaction")
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.0 {
            Begun::Sqlite(transaction) => transaction,
            Begun::Postgres(transaction) => transaction,
        }
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        match &mut self.0 {
            Begun::Sqlite(transaction) => transaction,
            Begun::Postgres(transaction) => transaction,
        }
    }
}
