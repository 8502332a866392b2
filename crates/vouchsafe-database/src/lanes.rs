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
use tokio::time::{sleep, timeout};

use crate::DatabaseError;
use crate::failover::Moment;
use crate::postgres::verify;

/// A connection that was idle for longer is tested before it is used again.
const FRESH: Duration = Duration::from_secs(1);
/// And one that was in use all the time, so often: a standby answers reads for ever.
const TESTED: Duration = Duration::from_secs(30);
/// How long a test may take: a server that vanished never answers.
pub(crate) const TEST: Duration = Duration::from_secs(2);
/// How long a single look-up may take, with the wait for a connection. The driver has no such limit, and a server that
/// vanished never answers.
pub(crate) const LOOK_UP: Duration = Duration::from_secs(15);

/// The first pause before another connection is tried; each is twice as long, up to half a second.
const PAUSE: Duration = Duration::from_millis(10);

/// A database whose connections can be tested.
pub trait Tested: sqlx::Database {
    /// Whether a connection can be used.
    fn test(on: &mut Self::Connection) -> impl Future<Output = Result<(), DatabaseError>> + Send;
}

impl Tested for sqlx::Sqlite {
    async fn test(on: &mut Self::Connection) -> Result<(), DatabaseError> {
        Ok(on.ping().await?)
    }
}

impl Tested for sqlx::Postgres {
    async fn test(on: &mut Self::Connection) -> Result<(), DatabaseError> {
        verify(on).await
    }
}

/// Connections of a pool that nobody else takes from.
pub struct Lanes<DB: sqlx::Database> {
    pool: Pool<DB>,
    /// As many as the pool has connections. Callers wait here, since connections that are kept do not come back to the pool.
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Kept<DB>>>,
}

struct Kept<DB: sqlx::Database> {
    connection: PoolConnection<DB>,
    history: History,
    /// When its last statement ended.
    used: Instant,
}

/// What is known of a connection.
#[derive(Clone, Copy)]
struct History {
    /// It was good to use then.
    good: Moment,
    /// When it was tested last.
    tested: Instant,
}

/// A connection for one statement or one transaction.
pub struct Lane<DB: sqlx::Database> {
    lanes: Arc<Lanes<DB>>,
    connection: PoolConnection<DB>,
    history: History,
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

impl<DB: Tested> Lanes<DB> {
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
    /// When none is free, or none can be made, in time: why the last one could not be used, or
    /// [`DatabaseError::Unreachable`].
    pub async fn take(self: &Arc<Self>) -> Result<Lane<DB>, DatabaseError> {
        let patience = self.pool.options().get_acquire_timeout();
        let mut why = DatabaseError::Unreachable;
        let taken = timeout(patience, Box::pin(self.take_in_time(&mut why))).await;
        taken.unwrap_or(Err(why))
    }

    async fn take_in_time(
        self: &Arc<Self>,
        why: &mut DatabaseError,
    ) -> Result<Lane<DB>, DatabaseError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| DatabaseError::Unreachable)?;
        let (connection, history) = match self.kept().await {
            Some(kept) => kept,
            None => self.fresh(why).await?,
        };
        Ok(Lane {
            lanes: Arc::clone(self),
            connection,
            history,
            place,
        })
    }

    /// One of the pool. While there is only a standby, or a server that is about to end, another one is tried after a pause.
    async fn fresh(
        &self,
        why: &mut DatabaseError,
    ) -> Result<(PoolConnection<DB>, History), DatabaseError> {
        let mut pause = PAUSE;
        loop {
            // Before the pool looks for signs: one that comes while it works must count.
            let good = Moment::now();
            let mut connection = self.pool.acquire().await?;
            match answer::<DB>(&mut connection).await {
                Ok(()) => {
                    let tested = Instant::now();
                    return Ok((connection, History { good, tested }));
                }
                Err(error) => *why = error,
            }
            // One to a server that vanished cannot be closed politely.
            let _ = timeout(TEST, connection.close()).await;
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// One that was kept. Whatever does not answer any more, or is of before a failover, goes back to the pool, which
    /// closes it.
    async fn kept(&self) -> Option<(PoolConnection<DB>, History)> {
        loop {
            let kept = self.idle().pop();
            let Kept {
                mut connection,
                mut history,
                used,
            } = kept?;
            if history.good.is_before_sign() {
                continue;
            }
            if used.elapsed() < FRESH && history.tested.elapsed() < TESTED {
                return Some((connection, history));
            }
            history.tested = Instant::now();
            if answer::<DB>(&mut connection).await.is_ok() {
                return Some((connection, history));
            }
            // Others that were not used since would each take as long to be found dead.
            self.idle().retain(|other| other.used > used);
        }
    }

    /// Closes all connections, when those in use have come back.
    pub async fn close(&self) {
        // The pool counts as closed from here on, so that no lane is kept any more.
        let closing = self.pool.close();
        self.idle().clear();
        closing.await;
    }
}

impl<DB: sqlx::Database> Lanes<DB> {
    fn idle(&self) -> MutexGuard<'_, Vec<Kept<DB>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection answers in time, as it should.
async fn answer<DB: Tested>(connection: &mut DB::Connection) -> Result<(), DatabaseError> {
    let answered = timeout(TEST, DB::test(connection)).await;
    answered.unwrap_or(Err(DatabaseError::Unreachable))
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
            history,
            place,
        } = self;
        if ended.is_ok() {
            let mut idle = lanes.idle();
            if !lanes.pool.is_closed() {
                idle.push(Kept {
                    connection,
                    history,
                    used: Instant::now(),
                });
            }
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
