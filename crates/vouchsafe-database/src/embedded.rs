//! A connection to a SQLite file. Its statements run where they are called, without a hop to another thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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

/// A connection.
pub(crate) struct Embedded {
    connection: rusqlite::Connection,
    /// A statement ends then; 0: never.
    until: Arc<AtomicU64>,
}

impl Embedded {
    /// Opens a file that is there.
    pub(crate) fn open(path: &Path, to: Use) -> Result<Self, DatabaseError> {
        // Without a mutex in SQLite: whoever has the connection has it alone.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        for (name, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("foreign_keys", "ON"),
            ("secure_delete", "ON"),
            ("cell_size_check", "ON"),
            ("trusted_schema", "OFF"),
        ] {
            connection.pragma_update(None, name, value)?;
        }
        if to == Use::Read {
            connection.pragma_update(None, "query_only", "ON")?;
        }
        let until = Arc::new(AtomicU64::new(0));
        let end = Arc::clone(&until);
        let over = move || Moment::now().is_after(end.load(Ordering::Relaxed));
        connection.progress_handler(STEPS, Some(over))?;
        Ok(Self { connection, until })
    }

    /// Lets statements run for so long from now on, or without an end.
    pub(crate) fn allow(&self, time: Option<Duration>) {
        let until = time.map_or(0, |time| Moment::now().plus(time));
        self.until.store(until, Ordering::Relaxed);
    }

    /// Whether a transaction is open.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs statements without values.
    pub(crate) fn batch(&self, text: &str) -> Result<(), DatabaseError> {
        Ok(self.connection.execute_batch(text)?)
    }

    pub(crate) fn execute(&self, text: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let mut statement = self.connection.prepare_cached(text)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    pub(crate) fn rows<R: FromRow>(
        &self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, DatabaseError> {
        let mut statement = self.connection.prepare_cached(text)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(R::from_row(&Row::Sqlite(row))?);
        }
        Ok(found)
    }
}

/// Binds the values: `$2` is the second one, wherever it stands; the `?`s are taken in their order.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<(), DatabaseError> {
    for at in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(at) {
            Some(name) => name.get(1..).and_then(|number| number.parse().ok()),
            None => Some(at),
        };
        let value = number
            .and_then(|number: usize| values.get(number.checked_sub(1)?))
            .ok_or(DatabaseError::Failed)?;
        statement.raw_bind_parameter(at, value)?;
    }
    Ok(())
}
