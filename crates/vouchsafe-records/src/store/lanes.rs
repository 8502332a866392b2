//! Connections for single statements, kept at hand between them.
//!
//! A pool tests a connection when it is taken and again when it comes back: three round trips for
//! each statement. A connection whose last statement ended well and that was used a moment ago
//! needs neither.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Database, Pool};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::StoreError;
use super::error::translate;

/// A connection that lay idle for longer is tested before it is used again.
const FRESH: Duration = Duration::from_secs(1);

/// Connections of a pool that nobody else takes from.
#[derive(Debug)]
pub(super) struct Lanes<DB: Database> {
    pool: Pool<DB>,
    /// As many as the pool has connections: who waits for one waits here, since connections that
    /// are kept do not come back to the pool.
    places: Semaphore,
    idle: Mutex<Vec<(PoolConnection<DB>, Instant)>>,
}

/// A connection for one statement.
pub(super) struct Lane<'a, DB: Database> {
    lanes: &'a Lanes<DB>,
    connection: PoolConnection<DB>,
    /// Given back after the connection was.
    place: SemaphorePermit<'a>,
}

impl<DB: Database> Lanes<DB> {
    pub(super) fn new(pool: Pool<DB>) -> Self {
        let places = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        Self {
            pool,
            places: Semaphore::new(places),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// A connection that works, as far as one can know.
    pub(super) async fn take(&self) -> Result<Lane<'_, DB>, StoreError> {
        let patience = self.pool.options().get_acquire_timeout();
        let place = timeout(patience, self.places.acquire()).await;
        let place = place
            .map_err(|_| StoreError::Unavailable)?
            .map_err(|_| StoreError::Unavailable)?;
        let connection = match self.kept().await {
            Some(connection) => connection,
            None => self.pool.acquire().await.map_err(translate)?,
        };
        Ok(Lane {
            lanes: self,
            connection,
            place,
        })
    }

    /// One that was kept. One that does not answer any more goes back to the pool, which closes it.
    async fn kept(&self) -> Option<PoolConnection<DB>> {
        loop {
            let idle = self.idle().pop();
            let (mut connection, since) = idle?;
            if since.elapsed() < FRESH || connection.ping().await.is_ok() {
                return Some(connection);
            }
        }
    }

    pub(super) async fn close(&self) {
        self.idle().clear();
        self.pool.close().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(PoolConnection<DB>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> Lane<'_, DB> {
    /// Keeps the connection for the next statement, if this one ended well. Of any other, and of
    /// one that was given up midway, the pool finds out what state it is in.
    pub(super) fn done<T>(self, ended: Result<T, StoreError>) -> Result<T, StoreError> {
        let Self {
            lanes,
            connection,
            place,
        } = self;
        if ended.is_ok() && !lanes.pool.is_closed() {
            lanes.idle().push((connection, Instant::now()));
        }
        drop(place);
        ended
    }
}

impl<DB: Database> Deref for Lane<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Lane<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
