//! PostgreSQL: connections that hold their settings, and transactions on them.

use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Mutex;
use vouchsafe_postgres::tokio_postgres::types::ToSql;
use vouchsafe_postgres::{Connector, tokio_postgres};

use crate::connection::{Connection, Kind};
use crate::lanes::{Lanes, PgLane};
use crate::migration::{self, Migration, newest};
use crate::{Check, DatabaseError, FromRow, LOOK_UP, Lane, Row, Schema, Server, Statement, Value};
use crate::{failover, query, query_as};

/// The settings of every session. Commits are on the disk when they return, whatever the server's default is. Hanging
/// statements and abandoned transactions end. The last setting is our own and only shows that the others were applied:
/// a pooler between us and the server drops it.
const SESSION: [(&str, &str); 6] = [
    ("synchronous_commit", "on"),
    ("statement_timeout", "60000"),
    ("idle_in_transaction_session_timeout", "30000"),
    ("lock_timeout", "10000"),
    // A returned connection is rolled back, in a transaction or not, so the warning is not news.
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

/// One process at a time migrates: the lock has a number of our own.
const LOCK: &str = "SELECT 1 FROM pg_advisory_xact_lock(8606471)";

/// A check opens its own connection, which must be verified and answer in this time. A request waits longer for a
/// connection, and may outlast a failover; a check must report the failover.
const CHECK: Duration = Duration::from_secs(5);

/// Number of statements that stay prepared on a connection.
const PREPARED: usize = 256;
/// Number of statements that are sent together: their values are in memory twice.
const AT_ONCE: usize = 8;

/// A session on a server, with its prepared statements.
pub(crate) struct Client {
    client: tokio_postgres::Client,
    prepared: HashMap<Box<str>, tokio_postgres::Statement>,
}

impl Client {
    pub(crate) fn new(client: tokio_postgres::Client) -> Self {
        Self {
            client,
            prepared: HashMap::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// Runs statements without values.
    pub(crate) async fn batch(&self, text: &str) -> Result<(), DatabaseError> {
        Ok(self.client.batch_execute(text).await?)
    }

    pub(crate) async fn execute(
        &mut self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<u64, DatabaseError> {
        let statement = self.prepare(text).await?;
        let done = self.client.execute_raw(&statement, values).await;
        self.look_at(text, done)
    }

    pub(crate) async fn rows<R: FromRow>(
        &mut self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, DatabaseError> {
        let statement = self.prepare(text).await?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.client.query(&statement, &values).await;
        let rows = self.look_at(text, rows)?;
        rows.iter()
            .map(|row| R::from_row(&Row::Postgres(row)))
            .collect()
    }

    /// Runs independent statements, eight sent together at a time. Returns the number of rows that each changed, or the
    /// first that failed, with its error.
    async fn all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<u64>, (usize, DatabaseError)> {
        let mut changed = Vec::with_capacity(statements.len());
        for together in statements.chunks(AT_ONCE) {
            let first = changed.len();
            let prepared = self.prepare_all(together).await;
            let prepared = prepared.map_err(|error| (first, error))?;
            // The first one is polled first, and so sent first.
            let run = together.iter().zip(&prepared).map(|(statement, prepared)| {
                let run = self.client.execute_raw(prepared, &statement.values);
                async { run.await.map_err(DatabaseError::from) }
            });
            for (at, done) in join_all(run).await.into_iter().enumerate() {
                changed.push(done.map_err(|error| (first + at, error))?);
            }
        }
        Ok(changed)
    }

    /// Prepares the statements that are not known yet, all of them together.
    async fn prepare_all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<tokio_postgres::Statement>, DatabaseError> {
        // Kept here: a statement that is evicted from the cache meanwhile still runs.
        let mut ready: HashMap<&str, tokio_postgres::Statement> = HashMap::new();
        let mut unknown: Vec<&str> = Vec::new();
        for statement in statements {
            let text = &*statement.text;
            match self.prepared.get(text) {
                Some(known) => drop(ready.insert(text, known.clone())),
                None if unknown.contains(&text) => {}
                None => unknown.push(text),
            }
        }
        let made = join_all(unknown.iter().map(|text| self.client.prepare(text))).await;
        for (text, made) in unknown.into_iter().zip(made) {
            let made = made?;
            self.know(text, made.clone());
            ready.insert(text, made);
        }
        let ready = statements.iter().map(|statement| {
            let ready = ready.get(&*statement.text);
            ready.cloned().ok_or(DatabaseError::Failed)
        });
        ready.collect()
    }

    async fn prepare(&mut self, text: &str) -> Result<tokio_postgres::Statement, DatabaseError> {
        if let Some(statement) = self.prepared.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(text).await?;
        self.know(text, statement.clone());
        Ok(statement)
    }

    /// Queries have many forms, so the cache evicts. An evicted statement is also closed on the server.
    fn know(&mut self, text: &str, statement: tokio_postgres::Statement) {
        if self.prepared.len() >= PREPARED
            && let Some(other) = self.prepared.keys().next().cloned()
        {
            self.prepared.remove(&other);
        }
        self.prepared.insert(text.into(), statement);
    }

    /// A statement that failed may have been prepared for the tables before a migration.
    fn look_at<T>(
        &mut self,
        text: &str,
        ended: Result<T, tokio_postgres::Error>,
    ) -> Result<T, DatabaseError> {
        ended.map_err(|error| {
            self.prepared.remove(text);
            error.into()
        })
    }
}

/// A database on a server.
#[derive(Clone, Debug)]
pub struct PgPools {
    /// Separate from the readers, so that a flood of searches blocks no write.
    writers: Arc<Lanes>,
    readers: Arc<Lanes>,
    connector: Arc<Connector>,
    /// A connection that nothing else uses, so that no flood of requests makes the server seem away.
    pulse: Arc<Mutex<Option<Connection>>>,
}

/// Connects without changing anything.
pub(crate) async fn reach(server: &Server) -> Result<(), DatabaseError> {
    connect(&server.connector(&[])?).await.map(drop)
}

/// A connection, or the reason why there is none. A failure to connect is not a sign of a failover: existing
/// connections may be good.
pub(crate) async fn connect(connector: &Connector) -> Result<Connection, DatabaseError> {
    let connected = connector.connect(DatabaseError::mark).await;
    let client = connected.map_err(|fault| match fault.code() {
        // protocol_violation: PgBouncer's answer to settings that it does not pass on.
        Some("08P01") => DatabaseError::Session,
        // But a server that says that it is stopping or starting is such a sign.
        Some(code) => {
            failover::mark_if_sign(code);
            DatabaseError::of(fault)
        }
        None => DatabaseError::of(fault),
    })?;
    Ok(Connection(Kind::Postgres(Client::new(client))))
}

/// Refuses a session that does not hold its settings, and a server that accepts no writes.
pub(crate) async fn verify(connection: &mut Connection) -> Result<(), DatabaseError> {
    let (holds, read_only): (bool, bool) = query_as(VERIFY).fetch_one(connection).await?;
    match (holds, read_only) {
        (false, _) => Err(DatabaseError::Session),
        (_, true) => {
            // Existing connections to this server must be closed, too.
            failover::mark();
            Err(DatabaseError::ReadOnly)
        }
        _ => Ok(()),
    }
}

impl PgPools {
    /// Connects, verifies the session, migrates the tables and makes the pools. `may_create`: whether missing tables
    /// are created.
    pub(crate) async fn open(
        server: &Server,
        may_create: bool,
        schema: &Schema,
    ) -> Result<Self, DatabaseError> {
        let session: Vec<_> = SESSION.iter().chain(schema.session).copied().collect();
        let connector = Arc::new(server.connector(&session)?);
        let mut first = connect(&connector).await?;
        verify(&mut first).await?;
        if !may_create && !has_tables(&mut first).await? {
            return Err(DatabaseError::Missing);
        }
        migrate(&mut first, schema.postgres).await?;
        let writers = (server.connections.saturating_mul(3) / 8).max(1);
        let readers = server.connections.saturating_sub(writers).max(1);
        Ok(Self {
            writers: Lanes::new(&connector, writers),
            readers: Lanes::new(&connector, readers),
            connector,
            pulse: Arc::default(),
        })
    }

    pub(crate) async fn reader(&self) -> Result<PgLane, DatabaseError> {
        self.readers.take().await
    }

    /// A connection for a single statement that writes.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn writer(&self) -> Result<Lane, DatabaseError> {
        Ok(self.writers.take().await?.into())
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<PgTransaction, DatabaseError> {
        self.begin_with(Isolation::ReadCommitted).await
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn begin_with(&self, isolation: Isolation) -> Result<PgTransaction, DatabaseError> {
        let mut lane = self.writers.take().await?;
        in_time(client(&mut lane)?.batch(isolation.begin())).await?;
        Ok(PgTransaction(lane))
    }

    pub(crate) async fn close(&self) {
        drop(self.pulse.lock().await.take());
        self.readers.close().await;
        self.writers.close().await;
    }

    /// Whether the server answers, holds the settings of a session, and takes writes.
    pub(crate) async fn pulse(&self) -> Result<(), DatabaseError> {
        let mut kept = self.pulse.lock().await;
        // One that does not answer, or whose caller gives up, is closed.
        let mut connection = match kept.take().filter(Connection::is_open) {
            Some(connection) => connection,
            None => connect(&self.connector).await?,
        };
        verify(&mut connection).await?;
        *kept = Some(connection);
        Ok(())
    }

    /// Looks by a connection of its own: those of the pools may all be busy, which is no fault.
    pub(crate) async fn check(&self, schema: &Schema) -> Result<Check, DatabaseError> {
        let check = async {
            let mut connection = connect(&self.connector).await?;
            verify(&mut connection).await?;
            look(&mut connection, schema).await
        };
        let checked = tokio::time::timeout(CHECK, Box::pin(check)).await;
        checked.map_err(|_| DatabaseError::Unreachable)?
    }
}

/// The isolation of transactions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// Each statement sees the rows that were committed before it.
    ReadCommitted,
    /// Transactions behave as if they ran one after another, or fail.
    Serializable,
}

impl Isolation {
    const fn begin(self) -> &'static str {
        match self {
            Self::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Self::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        }
    }
}

fn client(connection: &mut Connection) -> Result<&mut Client, DatabaseError> {
    connection.postgres().ok_or(DatabaseError::Failed)
}

/// Runs the missing steps, all of them or none.
async fn migrate(on: &mut Connection, migrations: &[Migration]) -> Result<(), DatabaseError> {
    // An index of a large table takes long, and so does another replica that creates it.
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
        SET LOCAL idle_in_transaction_session_timeout = 0";
    on.batch(begin).await?;
    query(LOCK).execute(on).await?;
    if !has_tables(on).await? {
        on.batch(&migration::TABLE.replace("{}", "BYTEA")).await?;
    }
    migration::take(on, migrations).await?;
    on.batch("COMMIT").await
}

async fn look(connection: &mut Connection, schema: &Schema) -> Result<Check, DatabaseError> {
    let found = query_as(LOOK).bind_array(schema.tables);
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

/// A statement with the time limit of a check.
async fn in_time<T>(
    statement: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let ended = tokio::time::timeout(LOOK_UP, Box::pin(statement)).await;
    ended.map_err(|_| DatabaseError::Unreachable)?
}

/// Whether the tables exist.
async fn has_tables(connection: &mut Connection) -> Result<bool, DatabaseError> {
    let found = query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    found.fetch_one(connection).await
}

/// A transaction that writes. It is rolled back if it is dropped before its commit.
pub struct PgTransaction(PgLane);

impl fmt::Debug for PgTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PgTransaction")
    }
}

impl PgTransaction {
    /// Runs independent statements, eight in a round trip; returns the number of rows that each changed.
    ///
    /// # Errors
    /// The first statement that failed, with its error. The transaction is then over.
    pub async fn all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<u64>, (usize, DatabaseError)> {
        let client = client(&mut self.0).map_err(|error| (0, error))?;
        client.all(statements).await
    }

    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::InDoubt`] if no answer arrived: it may or may not have been committed. Any other error is the
    /// server's answer that it was not, also if an earlier statement failed and its error was ignored.
    pub(crate) async fn commit(self) -> Result<(), DatabaseError> {
        // COMMIT of a failed transaction rolls back and reports success. A statement before it reports the failure.
        let mut lane = self.0;
        let ended = {
            let client = client(&mut lane)?;
            let commit = Box::pin(client.client.batch_execute("SELECT; COMMIT"));
            match tokio::time::timeout(LOOK_UP, commit).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(of_commit(error)),
                Err(_) => Err(DatabaseError::InDoubt),
            }
        };
        lane.done(ended)
    }

    /// Rolls back, and waits for it.
    pub(crate) async fn roll_back(self) -> Result<(), DatabaseError> {
        let mut lane = self.0;
        let ended = in_time(client(&mut lane)?.batch("ROLLBACK")).await;
        lane.done(ended)
    }
}

/// The error of a commit: only an answer of the server proves that it did not happen, and a server that is stopping
/// proves nothing.
fn of_commit(error: tokio_postgres::Error) -> DatabaseError {
    let answered = error.as_db_error().is_some();
    match DatabaseError::from(error) {
        DatabaseError::Unreachable => DatabaseError::InDoubt,
        refused if answered => refused,
        _ => DatabaseError::InDoubt,
    }
}

impl Deref for PgTransaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for PgTransaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
