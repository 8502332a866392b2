//! Connections for one statement or one transaction, kept at hand between them.
//!
//! A pool tests a connection when it is taken and again when it comes back: two round trips more for each statement. A
//! connection whose last statement ended well and that was used a moment ago needs neither.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::{DatabaseError, failover};

/// A connection that was idle for longer is tested before it is used again.
pub(crate) const FRESH: Duration = Duration::from_secs(1);
/// How long such a test may take: a server that vanished never answers.
pub(crate) const TEST: Duration = Duration::from_secs(2);

/// Connections of a pool that nobody else takes from.
pub struct Lanes<DB: sqlx::Database> {
    pool: Pool<DB>,
    /// As many as the pool has connections. Callers wait here, since connections that are kept do not come back to the pool.
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Kept<DB>>>,
}

struct Kept<DB: sqlx::Database> {
    connection: PoolConnection<DB>,
    /// When it was taken from the pool.
    taken: Instant,
    /// When its last statement ended.
    used: Instant,
}

/// A connection for one statement or one transaction.
pub struct Lane<DB: sqlx::Database> {
    lanes: Arc<Lanes<DB>>,
    connection: PoolConnection<DB>,
    taken: Instant,
    /// Given back after the connection was.
    place: OwnedSemaphorePermit,
}

impl<DB: sqlx::Database> fmt::Debug for Lanes<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl<DB: sqlx::Database> fmt::Debug for Lane<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl<DB: sqlx::Database> Lanes<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Arc<Self> {
        let places = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        Arc::new(Self {
            pool,
            places: Arc::new(Semaphore::new(places)),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// A connection that works, as far as can be known.
    ///
    /// # Errors
    /// [`DatabaseError::Unreachable`] when none is free, or none can be made, in time.
    pub async fn take(self: &Arc<Self>) -> Result<Lane<DB>, DatabaseError> {
        let patience = self.pool.options().get_acquire_timeout();
        let place = timeout(patience, Arc::clone(&self.places).acquire_owned()).await;
        let place = place
            .map_err(|_| DatabaseError::Unreachable)?
            .map_err(|_| DatabaseError::Unreachable)?;
        let (connection, taken) = match self.kept().await {
            Some(kept) => kept,
            None => (self.pool.acquire().await?, Instant::now()),
        };
        Ok(Lane {
            lanes: Arc::clone(self),
            connection,
            taken,
            place,
        })
    }

    /// One that was kept. Whatever does not answer any more, or is of before a failover, goes back to the pool, which
    /// closes it.
    async fn kept(&self) -> Option<(PoolConnection<DB>, Instant)> {
        loop {
            let kept = self.idle().pop();
            let Kept {
                mut connection,
                taken,
                used,
            } = kept?;
            if failover::outlived(taken.elapsed()) {
                continue;
            }
            if used.elapsed() < FRESH || answers::<DB>(&mut connection).await {
                return Some((connection, taken));
            }
        }
    }

    /// Closes all connections, when those in use have come back.
    pub async fn close(&self) {
        self.idle().clear();
        self.pool.close().await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Kept<DB>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection answers in time.
pub(crate) async fn answers<DB: sqlx::Database>(connection: &mut DB::Connection) -> bool {
    timeout(TEST, connection.ping())
        .await
        .is_ok_and(|ping| ping.is_ok())
}

impl<DB: sqlx::Database> Lane<DB> {
    /// Keeps the connection for the next statement, if this one ended well. Of any other, and of one that was given up
    /// midway, the pool finds out its state.
    ///
    /// # Errors
    /// That of the statement.
    pub fn done<T, E>(self, ended: Result<T, E>) -> Result<T, E> {
        let Self {
            lanes,
            connection,
            taken,
            place,
        } = self;
        if ended.is_ok() && !lanes.pool.is_closed() {
            lanes.idle().push(Kept {
                connection,
                taken,
                used: Instant::now(),
            });
        }
        drop(place);
        ended
    }
}

impl<DB: sqlx::Database> Deref for Lane<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: sqlx::Database> DerefMut for Lane<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
