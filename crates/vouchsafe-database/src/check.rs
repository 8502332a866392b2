//! What a preflight must know of a database.

/// The state of an open database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Which database: `SQLite 3.50.4`, `PostgreSQL 17.2`.
    pub database: String,
    /// Whether its tables are those of this program.
    pub schema_current: bool,
    /// Whether it takes writes.
    pub writable: bool,
    /// Whether a commit is on the disk before it is acknowledged.
    pub durable: bool,
    /// The protocol of the connection (`TLSv1.3`); none on SQLite, which has no connection.
    pub tls: Option<String>,
    /// SQLite: whether deleted data are overwritten. PostgreSQL has no such thing.
    pub secure_delete: Option<bool>,
}
