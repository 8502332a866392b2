//! What can go wrong with a store. Nothing here holds text of the database: it could quote values.

use std::io;

/// Why a store did not do what was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// What is to be changed is not there.
    #[error("no such record")]
    NotFound,
    /// The record has another version than the one expected, or is there although none was.
    #[error("the record has another version")]
    Conflict,
    /// The intent was settled already, or the idempotency key was used already.
    #[error("it was done already")]
    Duplicate,
    /// Other transactions came between; the same may succeed when it is tried again.
    #[error("another transaction came between")]
    Serialization,
    /// The database can not be reached, or has no room, or may not write.
    #[error("the database is not available")]
    Unavailable,
    /// What the database has, or is to have, is not what a store writes.
    #[error("the database is damaged")]
    Damaged,
}

impl StoreError {
    /// The error of inserting a record: one that is there already has some other version.
    pub(super) const fn of_record(self) -> Self {
        match self {
            Self::Duplicate => Self::Conflict,
            other => other,
        }
    }
}

/// Why a store could not be opened, and what to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The SQLite file is not there.
    #[error("the database file does not exist; check its path, or restore it from a backup")]
    Missing,
    /// The file or its folder can not be read or written.
    #[error("the database file can not be opened for writing; check its folder's owner and rights")]
    Access,
    /// Not a database, or a broken one.
    #[error("the database file is damaged or no database; restore it from a backup")]
    Damaged,
    /// The URL is not one.
    #[error("the database URL is malformed: postgres://user:password@host:port/database")]
    Url,
    /// The URL asks for a connection that is not verified, or has a parameter that is not known.
    #[error(
        "the database URL has a parameter that is not allowed; connections are always verify-full \
         by the configured CA"
    )]
    UrlParameter,
    /// The CA's file can not be read, or has no certificate.
    #[error("the database's CA certificate can not be read")]
    Ca,
    /// No connection.
    #[error("the database server can not be reached; check host, port and network")]
    Unreachable,
    /// The server has no TLS, or its certificate is wrong.
    #[error(
        "the database server's TLS was refused: its certificate must be valid, for this host \
         name and by the configured CA"
    )]
    Tls,
    /// The server refuses the role.
    #[error("the database server refuses this role or password, or has no such database")]
    Refused,
    /// The schema is newer than this program.
    #[error("the database was written by a newer version of this program; update the program")]
    Newer,
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date; check the role's rights")]
    Migration,
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged,
            StoreError::NotFound
            | StoreError::Conflict
            | StoreError::Duplicate
            | StoreError::Serialization
            | StoreError::Unavailable => Self::Unreachable,
        }
    }
}

/// What an error of the database means. Unique violations are [`StoreError::Duplicate`]; whoever
/// knows which key it was says more.
pub(super) fn translate(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            if error.is_unique_violation() {
                return StoreError::Duplicate;
            }
            code(error.code().as_deref().unwrap_or_default())
        }
        sqlx::Error::RowNotFound => StoreError::NotFound,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::TypeNotFound { .. } => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// What an error code means: SQLSTATE (five characters) or SQLite's extended result code.
fn code(code: &str) -> StoreError {
    match code {
        // serialization_failure, deadlock_detected; SQLITE_BUSY_SNAPSHOT.
        "40001" | "40P01" | "517" => StoreError::Serialization,
        // data_corrupted, index_corrupted; SQLITE_CORRUPT, SQLITE_NOTADB.
        "XX001" | "XX002" | "11" | "26" => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// Why a first connection failed.
pub(super) fn translate_open(error: sqlx::Error) -> OpenError {
    match error {
        sqlx::Error::Tls(_) => OpenError::Tls,
        // A handshake that fails comes as an error of the socket.
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => OpenError::Tls,
        sqlx::Error::Database(error) => match error.code().as_deref().unwrap_or_default() {
            // invalid_authorization, invalid_password, invalid_catalog_name, insufficient_privilege
            "28000" | "28P01" | "3D000" | "42501" => OpenError::Refused,
            "11" | "26" => OpenError::Damaged,
            // SQLITE_PERM, READONLY, IOERR, CANTOPEN and their extended codes.
            code => match code.parse::<u32>().map(|number| number & 0xff) {
                Ok(3 | 8 | 10 | 14) if code.len() < 5 => OpenError::Access,
                _ => OpenError::Unreachable,
            },
        },
        sqlx::Error::Configuration(_) => OpenError::Url,
        _ => OpenError::Unreachable,
    }
}

/// Why the schema could not be brought up to date.
pub(super) fn translate_migration(error: sqlx::migrate::MigrateError) -> OpenError {
    match error {
        sqlx::migrate::MigrateError::VersionMissing(_)
        | sqlx::migrate::MigrateError::VersionTooNew(..) => OpenError::Newer,
        sqlx::migrate::MigrateError::Execute(error) => match translate_open(error) {
            OpenError::Unreachable | OpenError::Refused => OpenError::Migration,
            other => other,
        },
        _ => OpenError::Migration,
    }
}
