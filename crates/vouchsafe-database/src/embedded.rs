//! A connection to a SQLite file. Its statements run on the caller's thread.

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
/// Number of statements that stay prepared.
const PREPARED: usize = 256;
/// Number of steps of SQLite's virtual machine between two looks at the clock.
const STEPS: i32 = 50_000;

/// The use of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Use {
    Write,
    Read,
}

impl Use {
    /// The place of temporary data. The journal of a writer's savepoint is as large as its writes; the sort of a search
    /// has no such limit.
    const fn temporary(self) -> &'static str {
        match self {
            Self::Write => "MEMORY",
            Self::Read => "DEFAULT",
        }
    }

    /// The size of the page cache, in SQLite's form: negative, in KiB. A reader drops its pages after a write of
    /// another connection; the writer keeps them.
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
    /// The time when a statement ends; 0: never.
    until: Arc<AtomicU64>,
    /// Whether a transaction was begun and not ended. SQLite may have rolled it back by itself, for example on a full
    /// disk. Later statements must then not be committed alone.
    begun: bool,
}

impl Embedded {
    /// Opens an existing file.
    pub(crate) fn open(path: &Path, to: Use) -> Result<Self, DatabaseError> {
        // Without SQLite's mutex: each connection has one user at a time.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // A plan must not depend on the values: otherwise SQLite prepares statements again for other values.
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
        // A commit must be on the disk. Both settings are read back, since SQLite ignores what it cannot do.
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

    /// Ends the transaction, if it is still open.
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

/// Binds the values: `$2` is the second one, wherever it stands; `?` are bound in order. The number of values must be
/// the number of parameters.
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
