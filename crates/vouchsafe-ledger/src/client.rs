//! The service's side: one connection to the recorder, shared by all its tasks.
//!
//! ```text
//! append() --> weight permits --> channel --> driver task <==> recorder
//!    ^-------------- one answer per request -----'
//! ```
//!
//! Permits limit the memory: if callers append faster than the recorder commits, they wait in a bounded queue, and get
//! `Late` at their deadline. A sent request is appended even if its caller has gone: the entry is owed from the
//! decision on. A request whose caller got `Late` is not sent any more. A request that was sent but not answered when
//! the connection broke is sent again over the next one, with the same counters, so that it is stored once.

mod child;
mod driver;
mod flight;
mod standing;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::access::BundleHash;
use vouchsafe::audit::{
    Acknowledged, AppendError, AuditLog, Outgoing, Pending, RecorderKey, Source, Stored,
};
use vouchsafe::ids::IntentId;
use vouchsafe::trusted::Port;

use crate::wire::{MAX_ENTRIES, MAX_ENTRY};

pub use child::{Child, ChildConfig, ChildError};
use standing::Standing;

/// Deadline of an append: without an answer after this time it is late.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// Time after the deadline within which a task that waits for room answers.
const GRACE: Duration = Duration::from_millis(500);

/// Size of a unit of weight, in bytes.
const UNIT: usize = 1024;
/// Maximum number of units in flight: 4 MiB, half of the recorder's limit for one connection.
const UNITS: usize = 4096;
/// Maximum number of waiting units: 16 MiB. Further appends are refused at once.
const QUEUED: usize = 4 * UNITS;
/// Maximum number of units in one request.
const UNITS_AT_ONCE: usize = 1024;

/// Why a first connection failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No process listens on the socket, or it does not answer in time.
    #[error("no recorder answers on {path}: is it running?", path = path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
    },
    /// The recorder was started for other policies.
    #[error(
        "the recorder that runs on this folder was started for other policies than these, and records no decision of theirs: end the process that started it (an import, or the service), then start again"
    )]
    Bundle,
    /// The recorder uses another protocol version.
    #[error("the recorder speaks another version of the protocol: update both to the same release")]
    Version,
    /// The recorder has another log, or its key is not the pinned one.
    #[error(
        "the recorder is not the one whose key is pinned: check that socket and log folder belong together"
    )]
    Untrusted,
}

/// The connection to the recorder; clones share it. Implements [`AuditLog`].
///
/// Each connection is a source of its own: the given replica, and a new boot id.
#[derive(Clone)]
pub struct RecorderClient {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    recorder: RecorderKey,
    calls: mpsc::Sender<Call>,
    permits: Arc<Semaphore>,
    /// Places in the queue.
    queue: Arc<Semaphore>,
    standing: Arc<Standing>,
    /// A question to which no answer came yet.
    asked: tokio::sync::Mutex<Option<Unsettled>>,
    driver: AbortHandle,
    /// The runtime in which an append waits for room, also for a caller outside any runtime.
    runtime: Handle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for RecorderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderClient")
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

/// The receiver of the driver's answer.
type Answer = oneshot::Receiver<Result<Placed, AppendError>>;

/// Where the answer to a question for open intents comes.
type Unsettled = oneshot::Receiver<Result<Vec<IntentId>, AppendError>>;

/// What a caller hands to the driver.
#[derive(Debug)]
enum Call {
    Append(Append),
    Unsettled(oneshot::Sender<Result<Vec<IntentId>, AppendError>>),
}

#[derive(Debug)]
struct Append {
    entries: Vec<Outgoing>,
    reply: oneshot::Sender<Result<Placed, AppendError>>,
    late: Late,
    /// Released when the recorder has answered, even if the caller has gone.
    _permits: OwnedSemaphorePermit,
}

impl Append {
    fn new(entries: Vec<Outgoing>, late: &Late, room: OwnedSemaphorePermit) -> (Self, Answer) {
        let (reply, answer) = oneshot::channel();
        let append = Self {
            entries,
            reply,
            late: Arc::clone(late),
            _permits: room,
        };
        (append, answer)
    }

    /// Whether its caller got `Late`. If the caller only went away, the entry is still owed.
    fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }
}

/// Whether the caller of an append got `Late`.
type Late = Arc<AtomicBool>;

/// The positions of the entries of one request.
#[derive(Debug)]
struct Placed {
    batch: Arc<Acknowledged>,
    position: usize,
    first_counter: u64,
}

impl RecorderClient {
    /// Connects to the recorder, which MUST be the pinned one, and be started with the policies that decide here, if
    /// any.
    ///
    /// # Errors
    /// [`ConnectError`] if it does not answer, or is another recorder. A connection that is lost later is made again
    /// automatically; appends in between fail.
    pub async fn connect(
        socket: impl AsRef<Path>,
        recorder: RecorderKey,
        replica: Uuid,
        bundle: Option<BundleHash>,
    ) -> Result<Self, ConnectError> {
        let source = Source {
            replica,
            boot: Uuid::new_v4(),
        };
        let (calls, inbox) = mpsc::channel(256);
        let standing = Standing::connected();
        let socket = socket.as_ref().to_owned();
        let pinned = recorder.clone();
        let driver = driver::Driver::connect(
            socket,
            pinned,
            (source, bundle),
            inbox,
            Arc::clone(&standing),
        )
        .await?;
        let driver = tokio::spawn(driver.run()).abort_handle();
        let permits = Arc::new(Semaphore::new(UNITS));
        Ok(Self {
            inner: Arc::new(Inner {
                source,
                recorder,
                calls,
                permits,
                queue: Arc::new(Semaphore::new(QUEUED)),
                standing,
                asked: tokio::sync::Mutex::new(None),
                driver,
                runtime: Handle::current(),
            }),
        })
    }

    /// The source whose counters this connection uses.
    #[must_use]
    pub fn source(&self) -> Source {
        self.inner.source
    }

    /// Waits until all requests are answered, including those without a waiting caller; returns whether that was in
    /// time.
    pub async fn flush(&self) -> bool {
        let all = |units: usize| u32::try_from(units).unwrap_or(u32::MAX);
        let answered = async {
            // First the waiting requests: they are in flight when they no longer wait.
            let waiting = self.inner.queue.acquire_many(all(QUEUED)).await;
            let sent = self.inner.permits.acquire_many(all(UNITS)).await;
            waiting.is_ok() && sent.is_ok()
        };
        let answered = timeout_at(Instant::now() + DEADLINE, answered).await;
        answered.unwrap_or(false)
    }

    /// Whether the recorder can be reached, as far as is known without asking it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.standing().is_ok()
    }

    /// How many signs there were that the log does not work: a lost connection, entries that were not appended. While it
    /// grows, a service is not ready.
    #[must_use]
    pub fn signs(&self) -> u64 {
        self.inner.standing.signs()
    }

    /// Whether the thread of the recorder that commits answers in time. Nothing is recorded by it.
    ///
    /// One question is on its way at most: a recorder that hangs is not asked again and again.
    pub async fn answers(&self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let asking = async {
            let mut asked = self.inner.asked.lock().await;
            self.standing().ok()?;
            let answer = match &mut *asked {
                Some(answer) => answer,
                None => {
                    let (reply, answer) = oneshot::channel();
                    let call = Call::Unsettled(reply);
                    self.inner.calls.send(call).await.ok()?;
                    asked.insert(answer)
                }
            };
            let answer = answer.await;
            *asked = None;
            matches!(answer, Ok(Ok(_))).then_some(())
        };
        matches!(timeout_at(deadline, asking).await, Ok(Some(())))
    }

    fn standing(&self) -> Result<(), AppendError> {
        self.inner.standing.look()
    }

    /// Sends a request at once, if there is room for it.
    fn send_now(&self, entries: Vec<Outgoing>, late: &Late) -> Result<Answer, Vec<Outgoing>> {
        let permits = Arc::clone(&self.inner.permits);
        let Ok(room) = permits.try_acquire_many_owned(weight(&entries)) else {
            return Err(entries);
        };
        let (append, answer) = Append::new(entries, late, room);
        match self.inner.calls.try_send(Call::Append(append)) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(call) | TrySendError::Closed(call)) => Err(match call {
                Call::Append(append) => append.entries,
                Call::Unsettled(_) => Vec::new(),
            }),
        }
    }

    /// Sends a request as soon as there is room for it.
    async fn send(&self, entries: Vec<Outgoing>, late: &Late) -> Result<Answer, AppendError> {
        let permits = Arc::clone(&self.inner.permits);
        let room = permits.acquire_many_owned(weight(&entries)).await;
        let room = room.map_err(|_| AppendError::Unavailable)?;
        // The recorder may have gone while it waited.
        self.standing()?;
        let (append, answer) = Append::new(entries, late, room);
        let sent = self.inner.calls.send(Call::Append(append)).await;
        sent.map_err(|_| AppendError::Unavailable)?;
        Ok(answer)
    }

    async fn append_all(
        &self,
        requests: Vec<Vec<Outgoing>>,
        late: &Late,
    ) -> Result<Vec<Stored>, AppendError> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let count = request.len();
            answers.push((count, self.send(request, late).await?));
        }
        let mut stored = Vec::new();
        for (count, answer) in answers {
            stored.extend(self.stored(count, answer).await?);
        }
        Ok(stored)
    }

    /// The positions of the entries of one request.
    async fn stored(&self, count: usize, answer: Answer) -> Result<Vec<Stored>, AppendError> {
        // The driver ends only with the runtime.
        let placed = answer.await.map_err(|_| AppendError::Late)??;
        let at = |place: usize| Stored {
            batch: Arc::clone(&placed.batch),
            position: placed.position.saturating_add(place),
            source: self.inner.source,
            counter: placed.first_counter.saturating_add(place as u64),
        };
        Ok((0..count).map(at).collect())
    }
}

/// Waits for an answer until the deadline. `Late` is a refusal: the entries are not appended afterwards, unless they
/// were already.
async fn in_time<T>(
    deadline: Instant,
    (late, standing): (&Late, &Standing),
    answer: impl Future<Output = Result<T, AppendError>>,
) -> Result<T, AppendError> {
    let answer = timeout_at(deadline, answer).await;
    let answer = answer.unwrap_or(Err(AppendError::Late));
    if let Err(error) = &answer {
        if *error == AppendError::Late {
            late.store(true, Ordering::Relaxed);
        }
        // What the recorder refused says nothing about the log.
        if *error != AppendError::Refused {
            standing.sign();
        }
        tell(*error);
    }
    answer
}

/// Reports to the operator why entries were not appended, at most once a second: a caller learns only that the service
/// is not available.
fn tell(error: AppendError) {
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if told.is_none_or(|at| now.saturating_duration_since(at) >= Duration::from_secs(1)) {
        *told = Some(now);
        tracing::warn!(target: "vouchsafe", %error, "entries were not appended");
    }
}

impl Port for RecorderClient {}

impl AuditLog for RecorderClient {
    fn recorder(&self) -> &RecorderKey {
        &self.inner.recorder
    }

    fn begin(&self, entries: Vec<Outgoing>) -> Pending {
        let deadline = Instant::now() + DEADLINE;
        let requests = self.standing().and_then(|()| requests(entries));
        let mut requests = match requests {
            Ok(requests) => requests,
            Err(error) => {
                tell(error);
                return Box::pin(async move { Err(error) });
            }
        };
        let (client, late) = (self.clone(), Late::default());
        let standing = Arc::clone(&self.inner.standing);
        // Nearly always it is one, and there is room for it.
        if let [only] = &mut requests[..] {
            let count = only.len();
            match self.send_now(std::mem::take(only), &late) {
                Ok(answer) => {
                    return Box::pin(async move {
                        let stored = client.stored(count, answer);
                        in_time(deadline, (&late, &standing), stored).await
                    });
                }
                Err(entries) => *only = entries,
            }
        }
        // A task waits for room, even if nobody waits for the task. A request without room in time is not sent.
        let units = requests.iter().map(|request| weight(request)).sum();
        let queue = Arc::clone(&self.inner.queue).try_acquire_many_owned(units);
        let Ok(queued) = queue else {
            return Box::pin(async { Err(AppendError::Unavailable) });
        };
        let shared = Late::clone(&late);
        let task = self.inner.runtime.spawn(async move {
            let _queued = queued;
            let appending = client.append_all(requests, &shared);
            let answer = timeout_at(deadline, appending).await;
            answer.unwrap_or(Err(AppendError::Late))
        });
        Box::pin(async move {
            let answer = async { task.await.unwrap_or(Err(AppendError::Late)) };
            in_time(deadline + GRACE, (&late, &standing), answer).await
        })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        let deadline = Instant::now() + DEADLINE;
        Box::pin(async move {
            self.standing()?;
            let (reply, receiver) = oneshot::channel();
            let asking = async {
                let sent = self.inner.calls.send(Call::Unsettled(reply)).await;
                sent.map_err(|_| AppendError::Unavailable)?;
                receiver.await.map_err(|_| AppendError::Unavailable)?
            };
            timeout_at(deadline, asking)
                .await
                .unwrap_or(Err(AppendError::Late))
        })
    }
}

fn units(entry: &Outgoing) -> usize {
    entry.bytes().len().div_ceil(UNIT).max(1)
}

/// The weight of a request: within [`UNITS_AT_ONCE`], or it is one entry within [`MAX_ENTRY`].
fn weight(entries: &[Outgoing]) -> u32 {
    let units: usize = entries.iter().map(units).sum();
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// Splits entries into requests within the limits; nearly always it is one.
fn requests(entries: Vec<Outgoing>) -> Result<Vec<Vec<Outgoing>>, AppendError> {
    let fits = |entry: &Outgoing| !entry.bytes().is_empty() && entry.bytes().len() <= MAX_ENTRY;
    if !entries.iter().all(fits) {
        return Err(AppendError::Refused);
    }
    if entries.len() <= MAX_ENTRIES && weight(&entries) as usize <= UNITS_AT_ONCE {
        return Ok(match entries.is_empty() {
            true => Vec::new(),
            false => vec![entries],
        });
    }
    let mut requests = Vec::new();
    let (mut request, mut weight) = (Vec::new(), 0);
    for entry in entries {
        let units = units(&entry);
        let full = request.len() == MAX_ENTRIES || weight + units > UNITS_AT_ONCE;
        if full && !request.is_empty() {
            requests.push(std::mem::take(&mut request));
            weight = 0;
        }
        weight += units;
        request.push(entry);
    }
    requests.push(request);
    Ok(requests)
}
