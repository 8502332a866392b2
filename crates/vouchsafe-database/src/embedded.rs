//! A connection to a SQLite file. Its statements run where they are called, without a hop to another thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, OpenFlags};

use crate::failover::Moment;
use crate::{DatabaseError, FromRow, Row, Value};

/// How long a statement waits for a lock of another process (a backup).
const BUSY: Duration = Duration::from_secs(5);
/// How many statements stay prepared.
const PREPARED: usize = 256;
/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS: i32 = 50_000;

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Use {
    Write,
    Read,
}

impl Use {
    /// Where temporary data are. What a savepoint of the writer would take back is as large as its writes; what a search sorts
    /// has no such bound.
    const fn temporary(self) -> &'static str {
        match self {
            Self::Write => "MEMORY",
            Self::Read => "DEFAULT",
        }
    }

    /// Pages in memory, as SQLite takes it: negative, in KiB. A reader forgets its pages when somebody wrote; the writer keeps
    /// them.
    const fn cache(self) -> &'static str {
        match self {
            Self::Write => "-16384",
            Self::Read => "-8192",
        }
    }
}

/// A connection.
pub(crate) struct Embedded {
    connection: rusqlite::Connection,
    /// A statement ends then; 0: never.
    until: Arc<AtomicU64>,
    /// Whether a transaction was begun and not ended. SQLite may have rolled it back by itself, as on a full disk: what comes
    /// after that must not be committed alone.
    begun: bool,
}

impl Embedded {
    /// Opens a file that is there.
    pub(crate) fn open(path: &Path, to: Use) -> Result<Self, DatabaseError> {
        // Without a mutex in SQLite: whoever has the connection has it alone.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // A plan does not depend on the values: otherwise statements would be prepared again for others.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        for (name, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("foreign_keys", "ON"),
            ("secure_delete", "ON"),
            ("cell_size_check", "ON"),
            ("trusted_schema", "OFF"),
            ("temp_store", to.temporary()),
            ("cache_size", to.cache()),
        ] {
            connection.pragma_update(None, name, value)?;
        }
        // A commit must be on the disk: both are read back, since SQLite takes what it can.
        let journal: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let synchronous: i64 =
            connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        if journal != "wal" || synchronous < 2 {
            return Err(DatabaseError::NotWritable);
        }
        if to == Use::Read {
            connection.pragma_update(None, "query_only", "ON")?;
        }
        let until = Arc::new(AtomicU64::new(0));
        let end = Arc::clone(&until);
        let over = move || Moment::now().is_after(end.load(Ordering::Relaxed));
        connection.progress_handler(STEPS, Some(over))?;
        Ok(Self {
            connection,
            until,
            begun: false,
        })
    }

    /// Looks through a file that is there for damage. Nothing is changed by it: what the log beside it has stays there.
    ///
    /// # Errors
    /// [`DatabaseError::Damaged`], and those of opening.
    pub(crate) fn inspect(path: &Path) -> Result<(), DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "cell_size_check", "ON")?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(DatabaseError::Damaged),
        }
    }

    /// Lets statements run for so long from now on, or without an end.
    pub(crate) fn allow(&self, time: Option<Duration>) {
        let until = time.map_or(0, |time| Moment::now().plus(time));
        self.until.store(until, Ordering::Relaxed);
    }

    /// Begins a transaction with the write lock.
    pub(crate) fn begin(&mut self) -> Result<(), DatabaseError> {
        self.run("BEGIN IMMEDIATE")?;
        self.begun = true;
        Ok(())
    }

    /// Ends the transaction, if there is one still.
    pub(crate) fn end(&mut self, how: &str) -> Result<(), DatabaseError> {
        self.begun = false;
        match self.is_in_transaction() {
            true => self.run(how),
            false => Ok(()),
        }
    }

    fn check(&self) -> Result<(), DatabaseError> {
        if self.begun && !self.is_in_transaction() {
            return Err(DatabaseError::Failed);
        }
        Ok(())
    }

    /// Whether a transaction is open.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs one statement without values, which stays prepared.
    pub(crate) fn run(&self, text: &str) -> Result<(), DatabaseError> {
        self.connection.prepare_cached(text)?.raw_execute()?;
        Ok(())
    }

    /// Runs statements without values.
    pub(crate) fn batch(&self, text: &str) -> Result<(), DatabaseError> {
        Ok(self.connection.execute_batch(text)?)
    }

    pub(crate) fn execute(&self, text: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        self.check()?;
        let mut statement = self.connection.prepare_cached(text)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    pub(crate) fn rows<R: FromRow>(
        &self,
        text: &str,
        values: &[Value<'_>],
        most: usize,
    ) -> Result<Vec<R>, DatabaseError> {
        self.check()?;
        let mut statement = self.connection.prepare_cached(text)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            found.push(R::from_row(&Row::Sqlite(row))?);
        }
        Ok(found)
    }
}

/// Binds the values: `$2` is the second one, wherever it stands; the `?`s are taken in their order. As many must be there as
/// are asked for, and no more.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<(), DatabaseError> {
    let mut used = 0;
    for at in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(at) {
            Some(name) => name.get(1..).and_then(|number| number.parse().ok()),
            None => Some(at),
        };
        let value = number
            .and_then(|number: usize| values.get(number.checked_sub(1)?))
            .ok_or(DatabaseError::Failed)?;
        statement.raw_bind_parameter(at, value)?;
        used = used.max(number.unwrap_or(0));
    }
    if used != values.len() {
        return Err(DatabaseError::Failed);
    }
    Ok(())
}
