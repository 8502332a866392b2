//! An open database, of either kind.

use std::fmt;

use sqlx::migrate::Migrator;

use crate::{Check, Create, DatabaseError, File, Location, PgPools, postgres};

/// The tables of an adapter, and what its sessions need.
pub struct Schema {
    /// Migrations on SQLite.
    pub sqlite: &'static Migrator,
    /// Migrations on PostgreSQL.
    pub postgres: &'static Migrator,
    /// The tables that the program writes.
    pub tables: &'static [&'static str],
    /// Settings of PostgreSQL sessions beside those that every session has.
    pub session: &'static [(&'static str, &'static str)],
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// An open database with its tables up to date.
#[derive(Clone, Debug)]
pub enum Database {
    /// One file: one connection that writes, a few that read.
    Sqlite(File),
    /// A server: some connections that write, some that read.
    Postgres(PgPools),
}

impl Database {
    /// Connects to a server, and changes nothing; a file is not looked at.
    ///
    /// # Errors
    /// [`DatabaseError`], which says what to do.
    pub async fn reach(location: &Location) -> Result<(), DatabaseError> {
        match location {
            Location::Sqlite { .. } => Ok(()),
            Location::Postgres(server) => postgres::reach(server).await,
        }
    }

    /// Opens a database and brings its tables up to date.
    ///
    /// # Errors
    /// [`DatabaseError`], which says what to do. With [`Create::Never`] a missing file and a database without tables are
    /// errors.
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

    /// Looks at what a preflight must know.
    ///
    /// # Errors
    /// [`DatabaseError`] when the database does not answer in time.
    pub async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        match self {
            Self::Sqlite(file) => file.check(schema).await,
            Self::Postgres(pools) => pools.check(schema).await,
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

/// The version of the newest migration.
pub(crate) fn newest(migrations: &Migrator) -> Option<i64> {
    migrations.iter().map(|migration| migration.version).max()
}
