//! A connection to either database, on which statements run.

use std::fmt;

use crate::DatabaseError;
use crate::embedded::Embedded;
use crate::postgres::Client;

/// A connection of a [`Database`](crate::Database).
pub struct Connection(pub(crate) Kind);

pub(crate) enum Kind {
    Sqlite(Embedded),
    Postgres(Client),
    /// It was given back.
    Gone,
}

impl Connection {
    /// Runs statements without values.
    pub(crate) async fn batch(&mut self, text: &str) -> Result<(), DatabaseError> {
        match &mut self.0 {
            Kind::Sqlite(connection) => connection.batch(text),
            Kind::Postgres(connection) => connection.batch(text).await,
            Kind::Gone => Err(DatabaseError::Failed),
        }
    }

    /// Whether it may still be used, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        match &self.0 {
            Kind::Sqlite(_) => true,
            Kind::Postgres(client) => client.is_open(),
            Kind::Gone => false,
        }
    }

    pub(crate) const fn sqlite(&mut self) -> Option<&mut Embedded> {
        match &mut self.0 {
            Kind::Sqlite(connection) => Some(connection),
            Kind::Postgres(_) | Kind::Gone => None,
        }
    }

    /// The connection; `Gone` is left in its place.
    pub(crate) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self(Kind::Gone))
    }

    pub(crate) const fn postgres(&mut self) -> Option<&mut Client> {
        match &mut self.0 {
            Kind::Postgres(connection) => Some(connection),
            Kind::Sqlite(_) | Kind::Gone => None,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Sqlite(_) => "Connection(SQLite)",
            Kind::Postgres(_) => "Connection(PostgreSQL)",
            Kind::Gone => "Connection(gone)",
        })
    }
}
