//! PostgreSQL: connections that hold their settings, and transactions on them.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::lanes::{LOOK_UP, Lane, Lanes, TEST};
use crate::open::newest;
use crate::{Check, DatabaseError, Schema, Server, failover};

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The settings of every session. Commits are on the disk when they return, whatever the server's default is; a statement
/// that hangs ends, and so does a transaction that nobody goes on with. The last one is ours and only shows that the
/// others were taken: a pooler between us and the server drops it.
const SESSION: [(&str, &str); 6] = [
    ("synchronous_commit", "on"),
    ("statement_timeout", "60000"),
    ("idle_in_transaction_session_timeout", "30000"),
    ("lock_timeout", "10000"),
    // A connection that comes back is rolled back, in a transaction or not: that is no news.
    ("client_min_messages", "error"),
    ("vouchsafe.session", "held"),
];

const VERIFY: &str = "SELECT COALESCE(current_setting('vouchsafe.session', true), '') = 'held' \
        AND current_setting('synchronous_commit') = 'on', \
    pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

/// `$1`: the tables that this program writes.
const LOOK: &str = "SELECT current_setting('server_version'), \
    current_setting('synchronous_commit') <> 'off' AND current_setting('fsync')::boolean \
        AND current_setting('full_page_writes')::boolean, \
    (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), \
    (SELECT MAX(version) FROM _sqlx_migrations WHERE success), \
    (SELECT bool_and(has_table_privilege(t, 'INSERT')) FROM unnest($1::text[]) t)";

/// A connection of a check's own must be there, verified and answered in this time. A request waits longer for a connection,
/// and may outlast a failover; a check must tell of it.
const CHECK: Duration = Duration::from_secs(5);

/// A database on a server.
#[derive(Clone, Debug)]
pub struct PgPools {
    /// Apart from the readers, so that a flood of searches keeps no write waiting.
    writers: Arc<Lanes<sqlx::Postgres>>,
    readers: Arc<Lanes<sqlx::Postgres>>,
    options: Arc<PgConnectOptions>,
}

/// A connection, or what is wrong with it: a pool tries again and again, and reports nothing.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
    let connected = tokio::time::timeout(PATIENCE, options.connect()).await;
    let connected = connected.map_err(|_| DatabaseError::Unreachable)?;
    connected.map_err(|error| match &error {
        // protocol_violation: what PgBouncer answers to settings that it does not pass on.
        sqlx::Error::Database(refused) if refused.code().as_deref() == Some("08P01") => {
            DatabaseError::Session
        }
        _ => error.into(),
    })
}

/// Connects, and changes nothing.
pub(crate) async fn reach(server: &Server) -> Result<(), DatabaseError> {
    let connection = connect(&server.options()?).await?;
    // Closing politely is not worth failing for.
    drop(connection.close().await);
    Ok(())
}

/// Refuses a session that does not hold its settings, and a server that takes no writes.
pub(crate) async fn verify(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let (holds, read_only): (bool, bool) = sqlx::query_as(VERIFY).fetch_one(connection).await?;
    match (holds, read_only) {
        (false, _) => Err(DatabaseError::Session),
        (_, true) => {
            // Whoever is connected to it already must leave it, too.
            failover::mark();
            Err(DatabaseError::ReadOnly)
        }
        _ => Ok(()),
    }
}

impl PgPools {
    /// Connects, verifies the session, brings the tables up to date and makes the pools. `may_create`: whether tables
    /// that were never made are made now.
    pub(crate) async fn open(
        server: &Server,
        may_create: bool,
        schema: &Schema,
    ) -> Result<Self, DatabaseError> {
        let session = SESSION.iter().chain(schema.session).copied();
        let options = server.options()?.options(session);
        let mut first = connect(&options).await?;
        verify(&mut first).await?;
        if !may_create && !has_tables(&mut first).await? {
            return Err(DatabaseError::Missing);
        }
        // An index of a large table takes its time, and so does another replica that makes it.
        sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0")
            .execute(&mut first)
            .await?;
        schema.postgres.run(&mut first).await?;
        drop(first.close().await);
        let writers = (server.connections.saturating_mul(3) / 8).max(1);
        let readers = server.connections.saturating_sub(writers).max(1);
        Ok(Self {
            writers: Lanes::new(pool(&options, writers)),
            readers: Lanes::new(pool(&options, readers)),
            options: Arc::new(options),
        })
    }

    /// Connections that read.
    #[must_use]
    pub const fn readers(&self) -> &Arc<Lanes<sqlx::Postgres>> {
        &self.readers
    }

    /// Connections for single statements that write.
    #[must_use]
    pub const fn writers(&self) -> &Arc<Lanes<sqlx::Postgres>> {
        &self.writers
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn begin(&self) -> Result<PgTransaction, DatabaseError> {
        self.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await
    }

    /// Begins a transaction with a statement of the caller's.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn begin_with(&self, begin: &'static str) -> Result<PgTransaction, DatabaseError> {
        let mut lane = self.writers.take().await?;
        in_time(sqlx::raw_sql(begin).execute(&mut *lane)).await?;
        Ok(PgTransaction(lane))
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    /// Looks by a connection of its own: those of the pools may all be busy, which is no fault.
    pub(crate) async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        let check = async {
            let mut connection = connect(&self.options).await?;
            verify(&mut connection).await?;
            let check = look(&mut connection, schema).await?;
            drop(connection.close().await);
            Ok(check)
        };
        let checked = tokio::time::timeout(CHECK, Box::pin(check)).await;
        checked.map_err(|_| DatabaseError::Unreachable)?
    }
}

async fn look(connection: &mut PgConnection, schema: &Schema) -> Result<Check, DatabaseError> {
    let found = sqlx::query_as(LOOK).bind(schema.tables);
    let (release, durable, tls, version, writable): (
        String,
        bool,
        Option<String>,
        Option<i64>,
        Option<bool>,
    ) = found.fetch_one(connection).await?;
    Ok(Check {
        database: format!("PostgreSQL {release}"),
        schema_current: version.is_some() && version == newest(schema.postgres),
        writable: writable == Some(true),
        durable,
        tls,
        secure_delete: None,
    })
}

/// A statement that is done soon, or never.
async fn in_time<T>(
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    let ended = tokio::time::timeout(LOOK_UP, Box::pin(statement)).await;
    Ok(ended.map_err(|_| DatabaseError::Unreachable)??)
}

/// Whether the tables were ever made.
async fn has_tables(connection: &mut PgConnection) -> Result<bool, DatabaseError> {
    let found = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    Ok(found.fetch_one(connection).await?)
}

fn pool(options: &PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // Lanes test by themselves, with a deadline. (A connection that `after_connect` refuses hangs in the driver's
        // `close_hard`, which waits for a server that was not told to end.)
        .test_before_acquire(false)
        .before_acquire(|_, meta| {
            let may_be_used = !failover::outlived(meta.age);
            Box::pin(async move { Ok(may_be_used) })
        })
        .after_release(|connection, meta| {
            Box::pin(
                async move { Ok(!failover::outlived(meta.age) && roll_back(connection).await) },
            )
        })
        .connect_lazy_with(options.clone())
}

/// Rolls back what nobody ended on a connection that came back. One that was given up midway may never answer.
async fn roll_back(connection: &mut PgConnection) -> bool {
    let rolled_back = sqlx::raw_sql("ROLLBACK").execute(connection);
    matches!(tokio::time::timeout(TEST, rolled_back).await, Ok(Ok(_)))
}

/// A transaction that writes. One that is dropped before its commit is rolled back.
pub struct PgTransaction(Lane<sqlx::Postgres>);

impl fmt::Debug for PgTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PgTransaction")
    }
}

impl PgTransaction {
    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::InDoubt`] when no answer came: then it may have been committed or not. All others are the server's
    /// answer that it was not; also when a statement failed before, and its error was passed over.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        // A commit of a transaction that failed rolls back, and says that it went well; a statement before it does not.
        let mut lane = self.0;
        let commit = Box::pin(sqlx::raw_sql("SELECT; COMMIT").execute(&mut *lane));
        let ended = match tokio::time::timeout(LOOK_UP, commit).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(of_commit(error)),
            Err(_) => Err(DatabaseError::InDoubt),
        };
        lane.done(ended)
    }

    /// Rolls back, and waits for it.
    ///
    /// # Errors
    /// [`DatabaseError`]; the server rolls back by itself then.
    pub async fn roll_back(self) -> Result<(), DatabaseError> {
        let mut lane = self.0;
        let ended = in_time(sqlx::raw_sql("ROLLBACK").execute(&mut *lane)).await;
        lane.done(ended).map(drop)
    }
}

/// What the error of a commit means: only an answer of the server says that it did not happen, and one that the server
/// ends says nothing.
fn of_commit(error: sqlx::Error) -> DatabaseError {
    let answered = matches!(error, sqlx::Error::Database(_));
    match DatabaseError::from(error) {
        DatabaseError::Unreachable => DatabaseError::InDoubt,
        refused if answered => refused,
        _ => DatabaseError::InDoubt,
    }
}

impl Deref for PgTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for PgTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
