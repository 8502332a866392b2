//! The database of people, sessions and rights: one SQLite file, or PostgreSQL over TLS.

mod postgres;
mod sqlite;

use std::fmt;
use std::path::PathBuf;

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

pub(crate) use sqlite::File;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Where the database is.
#[derive(Clone)]
pub enum Location {
    /// One file on this host, for this process alone.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// PostgreSQL 15 or newer, over TLS with the server's certificate and name verified.
    Postgres {
        /// `postgres://user:password@host:port/database`; it cannot weaken TLS.
        url: String,
        /// The certificates (PEM) of the authorities that may vouch for the server, beside the
        /// public ones of the web: the driver always trusts those too.
        ca: PathBuf,
    },
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            // The URL holds a password.
            Self::Postgres { ca, .. } => f
                .debug_struct("Postgres")
                .field("ca", ca)
                .finish_non_exhaustive(),
        }
    }
}

/// Whether opening may create what is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Create {
    /// The first start: create the database when there is none.
    IfMissing,
    /// Every later start: a missing database is an error, never a fresh empty one.
    Never,
}

/// Why the database could not be used.
///
/// No foreign error text is in it: that could hold values.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DatabaseError {
    /// There is none, and creating one was not asked for.
    #[error("the database does not exist; restore it from a backup, or run a first start")]
    Missing,
    /// The URL is not one that we accept.
    #[error("the database URL is refused: {0}")]
    Url(&'static str),
    /// The file of certificate authorities cannot be read or has none.
    #[error(
        "the file of certificate authorities for the database is missing or has no certificate"
    )]
    Authorities,
    /// The server's certificate or name was not accepted, or it offers no TLS.
    #[error(
        "TLS to the database failed: no TLS offered, or its certificate is expired, for another name or by an unknown authority"
    )]
    Tls,
    /// Nobody answers.
    #[error("the database server cannot be reached")]
    Unreachable,
    /// The server refuses the user, the password, the database name or a privilege.
    #[error("the database server refuses this user: password, database name or privileges")]
    Refused,
    /// The folder or file cannot be written.
    #[error("the database file or its folder cannot be read or written")]
    NotWritable,
    /// The tables are of another or a newer program.
    #[error("the tables are not ours, were changed, or are of a newer version of this program")]
    Schema,
    /// The file or a table is damaged, or it is no database.
    #[error("the database is damaged, or the file is none; restore it from a backup")]
    Damaged,
    /// No room on the disk.
    #[error("the database's disk is full")]
    Full,
    /// A statement failed.
    #[error("the database could not do what it was asked")]
    Failed,
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        use std::io::ErrorKind;
        match error {
            sqlx::Error::Tls(_) => Self::Tls,
            // rustls reports a certificate that it refuses as invalid data.
            sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => Self::Tls,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unreachable
            }
            sqlx::Error::Database(error) => of_code(error.code().as_deref().unwrap_or_default()),
            _ => Self::Failed,
        }
    }
}

/// What an SQLite result code (a number, its lowest byte the kind) or an SQLSTATE means to us.
fn of_code(code: &str) -> DatabaseError {
    if code.len() == 5 {
        return match code.get(..2) {
            Some("08" | "57") => DatabaseError::Unreachable,
            Some("28") => DatabaseError::Refused,
            _ => match code {
                "3D000" | "42501" => DatabaseError::Refused,
                "53100" => DatabaseError::Full,
                "53300" => DatabaseError::Unreachable,
                "XX001" | "XX002" => DatabaseError::Damaged,
                _ => DatabaseError::Failed,
            },
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // PERM, READONLY, CANTOPEN.
        Ok(3 | 8 | 14) => DatabaseError::NotWritable,
        // CORRUPT, NOTADB.
        Ok(11 | 26) => DatabaseError::Damaged,
        // FULL.
        Ok(13) => DatabaseError::Full,
        _ => DatabaseError::Failed,
    }
}

impl From<MigrateError> for DatabaseError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            _ => Self::Schema,
        }
    }
}

/// An open database with its tables up to date.
pub(crate) enum Database {
    /// One file: one connection that writes, a few that read.
    Sqlite(File),
    /// A pool.
    Postgres(PgPool),
}

impl Database {
    /// Opens the database and brings its tables up to date.
    pub(crate) async fn open(location: &Location, create: Create) -> Result<Self, DatabaseError> {
        match location {
            Location::Sqlite { path } => {
                let file = File::open(path, create).await?;
                if create == Create::Never && !file.has_tables().await? {
                    return Err(DatabaseError::Missing);
                }
                SQLITE.run(&file.writer).await?;
                Ok(Self::Sqlite(file))
            }
            Location::Postgres { url, ca } => {
                let pool = postgres::connect(url, ca).await?;
                if create == Create::Never && !postgres::has_tables(&pool).await? {
                    return Err(DatabaseError::Missing);
                }
                POSTGRES.run(&pool).await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// Closes all connections, when what is under way has ended; an SQLite file is then complete without its log.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(file) => {
                file.readers.close().await;
                file.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Runs a statement that reads, on either database.
macro_rules! reading {
    ($database:expr, $on:ident => $statement:expr) => {
        match $database {
            $crate::database::Database::Sqlite(file) => {
                let $on = &file.readers;
                $statement.await
            }
            $crate::database::Database::Postgres(pool) => {
                let $on = pool;
                $statement.await
            }
        }
    };
}

/// Runs a block in a transaction that writes, on either database; commits unless it returns early.
macro_rules! writing {
    ($database:expr, $on:ident => $body:block) => {
        match $database {
            $crate::database::Database::Sqlite(file) => {
                // The write lock at once: a transaction that reads first could not get it later.
                let mut $on = file.writer.begin_with("BEGIN IMMEDIATE").await?;
                let outcome = $body;
                $on.commit().await?;
                outcome
            }
            $crate::database::Database::Postgres(pool) => {
                let mut $on = pool.begin().await?;
                let outcome = $body;
                $on.commit().await?;
                outcome
            }
        }
    };
}

pub(crate) use {reading, writing};
