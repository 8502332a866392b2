//! The state of a database, for a preflight.

/// The state of an open database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Kind and version of the database: `SQLite 3.50.4`, `PostgreSQL 17.2`.
    pub database: String,
    /// Whether its tables are of this program's version.
    pub schema_current: bool,
    /// Whether it accepts writes.
    pub writable: bool,
    /// Whether a commit is on the disk before it is acknowledged.
    pub durable: bool,
    /// The TLS version of the connection (`TLSv1.3`); none for SQLite, which has no connection.
    pub tls: Option<String>,
    /// SQLite: whether deleted data are overwritten. None for PostgreSQL, which cannot do that.
    pub secure_delete: Option<bool>,
}
