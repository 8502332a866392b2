//! Errors of databases. No error holds text of the database: it could quote values.

use vouchsafe_postgres::{Fault, tokio_postgres};

use crate::failover;
use crate::told::{self, Code};

/// The reason why a database could not be opened, or an operation failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DatabaseError {
    /// The database does not exist, and creating one was not requested.
    #[error(
        "the database does not exist; check its path or URL, restore it from a backup, or run a first start"
    )]
    Missing,
    /// The URL is not accepted.
    #[error("the database URL is refused: {0}")]
    Url(&'static str),
    /// The file of certificate authorities cannot be read or has no certificate.
    #[error(
        "the file of certificate authorities for the database is missing or has no certificate (PEM)"
    )]
    Authorities,
    /// The server's certificate or name was not accepted, or it offers no TLS.
    #[error(
        "TLS to the database failed: no TLS offered, or its certificate is expired, for another host name, or not signed by the configured authority"
    )]
    Tls,
    /// No server answers.
    #[error("the database server cannot be reached; check host, port and network")]
    Unreachable,
    /// The server refuses the user, the password, the database name or a privilege.
    #[error("the database server refuses this user: password, database name or privileges")]
    Refused,
    /// The server, or a pooler in front of it, does not keep the settings of a session.
    #[error(
        "the settings of a database session do not hold: something between this program and PostgreSQL drops them, such as PgBouncer. Connect to PostgreSQL itself; this program has pools of its own"
    )]
    Session,
    /// A standby, or a server that was made read-only.
    #[error("the database takes no writes: it is a standby, or was made read-only")]
    ReadOnly,
    /// The folder or file cannot be written.
    #[error(
        "the database file or its folder cannot be read or written; check its owner and rights"
    )]
    NotWritable,
    /// A lock was not free in time, or a statement did not end in time.
    #[error("the database is busy: a lock was not free in time, or a statement took too long")]
    Busy,
    /// The tables are of a newer program version.
    #[error("the database was written by a newer version of this program; update the program")]
    Newer,
    /// The records were written by a program that indexed them in another way.
    #[error(
        "the database was written by an earlier version of this program, whose search indexes this one cannot read; import its sources into a new database"
    )]
    Older,
    /// The tables, or their content, are not what this program writes.
    #[error(
        "the tables of the database, or what stands in them, are not what this program writes; restore it from a backup"
    )]
    Schema,
    /// The file or a table is damaged, or the file is not a database.
    #[error("the database is damaged, or the file is not a database; restore it from a backup")]
    Damaged,
    /// The file is not the one that was opened.
    #[error(
        "the database file was moved, deleted or replaced while it was open, so nothing more is written to it; keep the files as they are, and follow docs/recovery.md"
    )]
    Replaced,
    /// No room on the disk.
    #[error("the disk of the database is full")]
    Full,
    /// A row with that key exists.
    #[error("a row with this key exists already")]
    Duplicate,
    /// Other transactions interfered; a retry may succeed.
    #[error("a concurrent transaction changed the same rows; try again")]
    Serialization,
    /// The commit was sent, but its answer did not arrive.
    #[error("it is not known whether the transaction was committed")]
    InDoubt,
    /// A statement failed.
    #[error("the database could not run the statement")]
    Failed,
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => told_result(failure.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => told_result(error.extended_code),
            rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnIndex(_)
            | rusqlite::Error::InvalidColumnType(..) => Self::Schema,
            _ => Self::Failed,
        }
    }
}

impl DatabaseError {
    /// The error of a fault.
    pub(crate) fn of(fault: Fault) -> Self {
        let (code, meaning) = match fault {
            Fault::Url(what) => return Self::Url(what),
            Fault::Authorities => return Self::Authorities,
            Fault::Tls => (Code::None, Self::Tls),
            Fault::Unreachable => (Code::None, Self::Unreachable),
            Fault::Proof => (Code::None, Self::Refused),
            Fault::State(state) => (Code::state(state.code()), of_sqlstate(state.code())),
            Fault::Failed => (Code::None, Self::Failed),
        };
        told::tell(code, meaning);
        meaning
    }

    /// Marks a failover, if the fault of a used connection is a sign of one.
    pub(crate) fn mark(fault: Fault) {
        match fault {
            Fault::Unreachable => failover::mark(),
            Fault::State(state) => failover::mark_if_sign(state.code()),
            _ => {}
        }
    }
}

impl From<Fault> for DatabaseError {
    fn from(fault: Fault) -> Self {
        Self::mark(fault);
        Self::of(fault)
    }
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Fault::from(error).into()
    }
}

fn told_result(code: i32) -> DatabaseError {
    let meaning = of_result(code);
    told::tell(Code::Sqlite(code), meaning);
    meaning
}

/// The error of a SQLite result code; its lowest byte is the kind.
const fn of_result(code: i32) -> DatabaseError {
    match code {
        // BUSY_SNAPSHOT.
        517 => DatabaseError::Serialization,
        // CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE, CONSTRAINT_ROWID.
        1555 | 2067 | 2579 => DatabaseError::Duplicate,
        _ => match code & 0xff {
            // PERM, READONLY, IOERR, CANTOPEN.
            3 | 8 | 10 | 14 => DatabaseError::NotWritable,
            // BUSY, LOCKED, INTERRUPT.
            5 | 6 | 9 => DatabaseError::Busy,
            // CORRUPT, NOTADB.
            11 | 26 => DatabaseError::Damaged,
            13 => DatabaseError::Full,
            _ => DatabaseError::Failed,
        },
    }
}

/// PostgreSQL, appendix A ("PostgreSQL Error Codes").
fn of_sqlstate(code: &str) -> DatabaseError {
    match code {
        // unique_violation.
        "23505" => DatabaseError::Duplicate,
        // invalid_catalog_name, insufficient_privilege.
        "3D000" | "42501" => DatabaseError::Refused,
        // read_only_sql_transaction.
        "25006" => DatabaseError::ReadOnly,
        // serialization_failure, deadlock_detected.
        "40001" | "40P01" => DatabaseError::Serialization,
        "53100" => DatabaseError::Full,
        // data_corrupted, index_corrupted.
        "XX001" | "XX002" => DatabaseError::Damaged,
        // invalid_sql_statement_name, duplicate_prepared_statement: a prepared statement that exists on another
        // connection behind a pooler.
        "26000" | "42P05" => DatabaseError::Session,
        // lock_not_available, query_canceled.
        "55P03" | "57014" => DatabaseError::Busy,
        // Connection exceptions, too_many_connections, operator_intervention.
        "53300" => DatabaseError::Unreachable,
        _ => match code.get(..2) {
            Some("08" | "57") => DatabaseError::Unreachable,
            Some("28") => DatabaseError::Refused,
            _ => DatabaseError::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_meaning() {
        for (code, meaning) in [
            ("23505", DatabaseError::Duplicate),
            ("08006", DatabaseError::Unreachable),
            ("57P01", DatabaseError::Unreachable),
            ("53300", DatabaseError::Unreachable),
            ("28P01", DatabaseError::Refused),
            ("3D000", DatabaseError::Refused),
            ("42501", DatabaseError::Refused),
            ("25006", DatabaseError::ReadOnly),
            ("08P01", DatabaseError::Unreachable),
            ("26000", DatabaseError::Session),
            ("55P03", DatabaseError::Busy),
            ("57014", DatabaseError::Busy),
            ("40001", DatabaseError::Serialization),
            ("40P01", DatabaseError::Serialization),
            ("53100", DatabaseError::Full),
            ("XX001", DatabaseError::Damaged),
            ("42703", DatabaseError::Failed),
            ("", DatabaseError::Failed),
        ] {
            assert_eq!(of_sqlstate(code), meaning, "{code}");
        }
        for (code, meaning) in [
            (517, DatabaseError::Serialization),
            (1555, DatabaseError::Duplicate),
            (2067, DatabaseError::Duplicate),
            (787, DatabaseError::Failed),
            (5, DatabaseError::Busy),
            (261, DatabaseError::Busy),
            (9, DatabaseError::Busy),
            (8, DatabaseError::NotWritable),
            (1032, DatabaseError::NotWritable),
            (14, DatabaseError::NotWritable),
            (11, DatabaseError::Damaged),
            (26, DatabaseError::Damaged),
            (13, DatabaseError::Full),
            (1, DatabaseError::Failed),
            (-1, DatabaseError::Failed),
        ] {
            assert_eq!(of_result(code), meaning, "{code}");
        }
    }
}
