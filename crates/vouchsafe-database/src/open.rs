//! An open database, of either kind.

use std::fmt;
use std::time::Duration;

use sqlx::migrate::Migrator;

use crate::{Check, Cluster, Create, DatabaseError, File, Location, postgres};

/// How long a check may take. A request waits longer for a connection: it may outlast a failover; a check must tell of it.
const CHECK: Duration = Duration::from_secs(3);

/// The tables of an adapter, and what its sessions need.
pub struct Schema {
    /// Migrations on SQLite.
    pub sqlite: &'static Migrator,
    /// Migrations on PostgreSQL.
    pub postgres: &'static Migrator,
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
    Postgres(Cluster),
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
                Self::Postgres(Cluster::open(server, may_create, schema).await?)
            }
        })
    }

    /// Looks at what a preflight must know.
    ///
    /// # Errors
    /// [`DatabaseError`] when the database does not answer in time.
    pub async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        let check = async {
            match self {
                Self::Sqlite(file) => file.check(schema).await,
                Self::Postgres(cluster) => cluster.check(schema).await,
            }
        };
        let checked = tokio::time::timeout(CHECK, check).await;
        checked.map_err(|_| DatabaseError::Unreachable)?
    }

    /// Closes all connections, when what is under way has ended; an SQLite file is then complete without its log.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(cluster) => cluster.close().await,
        }
    }
}

/// The version of the newest migration.
pub(crate) fn newest(migrations: &Migrator) -> Option<i64> {
    migrations.iter().map(|migration| migration.version).max()
}
