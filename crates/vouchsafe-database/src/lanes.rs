//! Connections to a server, each for one statement or one transaction, kept between them.
//!
//! An ordinary pool tests a connection when it is taken and again when it is returned: two more round trips for each
//! statement. A connection needs neither if its last statement ended well and it was used a moment ago.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use vouchsafe_postgres::Connector;

use crate::connection::{Connection, Kind};
use crate::failover::Moment;
use crate::postgres::{connect, verify};
use crate::{DatabaseError, PATIENCE};

/// A connection that was idle for longer is tested before it is used again.
const FRESH: Duration = Duration::from_secs(1);
/// Interval of tests for a connection in constant use: a standby answers reads for ever.
const TESTED: Duration = Duration::from_secs(30);
/// Time limit of a test: a server that vanished never answers.
const TEST: Duration = Duration::from_secs(2);

/// How long an abandoned session is waited for: its statements end before (`statement_timeout`), and TCP closes a
/// session whose server vanished.
const LONGEST: Duration = Duration::from_secs(75);

/// The first pause before another connection is tried; each pause is twice as long, up to half a second.
const PAUSE: Duration = Duration::from_millis(10);

/// Connections to one server, up to a maximum number.
pub(crate) struct Lanes {
    connector: Arc<Connector>,
    places: Arc<Semaphore>,
    all: u32,
    /// None after they were closed.
    idle: Mutex<Option<Vec<Kept>>>,
}

struct Kept {
    connection: Connection,
    history: History,
    /// The end of its last statement.
    used: Instant,
}

/// The history of a connection.
#[derive(Clone, Copy)]
struct History {
    /// The moment when it was last known to be usable.
    good: Moment,
    /// The time of its last test.
    tested: Instant,
}

/// A connection for one statement or one transaction.
pub(crate) struct PgLane {
    lanes: Arc<Lanes>,
    connection: Connection,
    history: History,
    /// Released after the connection was returned.
    place: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Lanes {
    pub(crate) fn new(connector: &Arc<Connector>, places: u32) -> Arc<Self> {
        Arc::new(Self {
            connector: Arc::clone(connector),
            places: Arc::new(Semaphore::new(usize::try_from(places).unwrap_or(1))),
            all: places,
            idle: Mutex::new(Some(Vec::new())),
        })
    }

    /// A connection that works, as far as is known.
    ///
    /// # Errors
    /// If no connection is free or can be made in time: the reason why the last one could not be used, or
    /// [`DatabaseError::Unreachable`].
    pub(crate) async fn take(self: &Arc<Self>) -> Result<PgLane, DatabaseError> {
        let mut why = DatabaseError::Unreachable;
        let taken = timeout(PATIENCE, Box::pin(self.take_in_time(&mut why))).await;
        taken.unwrap_or(Err(why))
    }

    async fn take_in_time(
        self: &Arc<Self>,
        why: &mut DatabaseError,
    ) -> Result<PgLane, DatabaseError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| DatabaseError::Unreachable)?;
        let (connection, history) = match self.kept().await {
            Some(kept) => kept,
            None => self.fresh(why).await?,
        };
        Ok(PgLane {
            lanes: Arc::clone(self),
            connection,
            history,
            place: Some(place),
        })
    }

    /// A new connection. If no server answers, or only a standby or a server that is stopping, it tries again after a
    /// pause.
    async fn fresh(&self, why: &mut DatabaseError) -> Result<(Connection, History), DatabaseError> {
        let mut pause = PAUSE;
        loop {
            // Taken before the connection is made: a sign during that time must count.
            let good = Moment::now();
            let made = async {
                let mut connection = connect(&self.connector).await?;
                answer(&mut connection).await?;
                Ok(connection)
            };
            match made.await {
                Ok(connection) => {
                    let tested = Instant::now();
                    return Ok((connection, History { good, tested }));
                }
                Err(error @ (DatabaseError::Unreachable | DatabaseError::ReadOnly)) => *why = error,
                Err(error) => return Err(error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// A kept connection. One that no longer answers, or is older than a failover, is closed.
    async fn kept(&self) -> Option<(Connection, History)> {
        loop {
            let kept = self.idle().as_mut().and_then(Vec::pop);
            let Kept {
                mut connection,
                mut history,
                used,
            } = kept?;
            let open = connection.postgres().is_some_and(|client| client.is_open());
            if !open || history.good.is_before_sign() {
                continue;
            }
            if used.elapsed() < FRESH && history.tested.elapsed() < TESTED {
                return Some((connection, history));
            }
            history.tested = Instant::now();
            if answer(&mut connection).await.is_ok() {
                return Some((connection, history));
            }
            // Other connections that were idle since would each take as long to be found dead.
            if let Some(idle) = self.idle().as_mut() {
                idle.retain(|other| other.used > used);
            }
        }
    }

    /// Closes all connections, when those in use have been returned, or after 10 seconds.
    pub(crate) async fn close(&self) {
        // From here on no lane is kept.
        drop(self.idle().take());
        // Not longer than for an abandoned connection, which is rolled back at its end.
        let all = timeout(PATIENCE, self.places.acquire_many(self.all)).await;
        self.places.close();
        drop(all);
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Kept>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, connection: Connection, history: History) {
        if let Some(idle) = self.idle().as_mut() {
            idle.push(Kept {
                connection,
                history,
                used: Instant::now(),
            });
        }
    }
}

/// Whether a connection answers correctly in time.
async fn answer(connection: &mut Connection) -> Result<(), DatabaseError> {
    let answered = timeout(TEST, verify(connection)).await;
    answered.unwrap_or(Err(DatabaseError::Unreachable))
}

impl PgLane {
    /// Keeps the connection for the next statement, if this one ended well. Otherwise it is tested first.
    pub(crate) fn done<T, E>(mut self, ended: Result<T, E>) -> Result<T, E> {
        if ended.is_ok() {
            self.lanes.keep(self.connection.take(), self.history);
        }
        ended
    }
}

/// Rolls back an abandoned transaction, in a task: its owner may be gone.
impl Drop for PgLane {
    fn drop(&mut self) {
        let (lanes, history) = (Arc::clone(&self.lanes), self.history);
        let Kind::Postgres(client) = self.connection.take().0 else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if !client.is_open() {
            return;
        }
        let place = self.place.take();
        runtime.spawn(async move {
            // The rollback may have to wait for a long statement, or for a commit that waits for a standby. Cancelling
            // that commit would end its wait silently. The place is kept meanwhile, so that the number of sessions
            // stays within the limit.
            let rolled_back = timeout(LONGEST, client.batch("ROLLBACK")).await;
            if matches!(rolled_back, Ok(Ok(()))) {
                lanes.keep(Connection(Kind::Postgres(client)), history);
            }
            drop(place);
        });
    }
}

impl Deref for PgLane {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for PgLane {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
