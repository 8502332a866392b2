//! The service's side: one connection to the recorder, shared by all its tasks.
//!
//! ```text
//! append() --> weight permits --> channel --> driver task <==> recorder
//!    ^-------------- one answer per request -----'
//! ```
//!
//! Memory is bounded by permits: who appends faster than the recorder commits waits, and is told that it is
//! late when its deadline comes. What was sent and not answered when the connection broke is sent again over
//! the next one, with the same counters, so that it is stored once.

mod child;
mod driver;
mod flight;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::audit::{
    self, Acknowledged, AppendError, Appended, AuditLog, Draft, EntryKind, RecorderKey, Source,
};
use vouchsafe::ids::IntentId;
use vouchsafe_tlog::hash_leaf;

use crate::wire::{MAX_ENTRIES, MAX_ENTRY};

pub use child::{Child, ChildConfig, ChildError};

/// An append that has no answer after this time is late.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// Entries in flight are weighed in units of this many bytes.
const UNIT: usize = 1024;
/// Units in flight at most: 4 MiB, half of what the recorder takes from one connection.
const UNITS: usize = 4096;
/// Units in one request at most.
const UNITS_AT_ONCE: usize = 1024;

/// Whether the recorder can be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
enum Standing {
    Connected = 0,
    Disconnected = 1,
    /// It is not the recorder that was pinned, or it lost what it had acknowledged.
    Untrusted = 2,
}

/// Why a first connection failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens on the socket, or not in time.
    #[error("no recorder answers on {path}: is it running?", path = path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
    },
    /// It speaks another protocol version.
    #[error("the recorder speaks another version of the protocol: update both to the same release")]
    Version,
    /// It is another log, or its key is not the pinned one.
    #[error(
        "the recorder is not the one whose key is pinned: check that socket and log folder belong together"
    )]
    Untrusted,
}

/// The connection to the recorder; clones share it. Implements [`AuditLog`].
///
/// It is a source of its own: the replica it was given, and a boot id that it makes.
#[derive(Clone)]
pub struct RecorderClient {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    recorder: RecorderKey,
    calls: mpsc::Sender<Call>,
    permits: Arc<Semaphore>,
    standing: Arc<AtomicU8>,
    driver: AbortHandle,
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

/// What a caller hands to the driver.
#[derive(Debug)]
enum Call {
    Append(Append),
    Unsettled(oneshot::Sender<Result<Vec<IntentId>, AppendError>>),
}

#[derive(Debug)]
struct Append {
    entries: Vec<Sent>,
    reply: oneshot::Sender<Result<Stored, AppendError>>,
    /// Freed when the recorder has answered, even if the caller has gone.
    _permits: OwnedSemaphorePermit,
}

/// One entry to send.
#[derive(Debug)]
struct Sent {
    kind: EntryKind,
    time: Timestamp,
    bytes: Bytes,
}

/// Where the entries of one request are.
#[derive(Debug)]
struct Stored {
    batch: Arc<Acknowledged>,
    position: usize,
    first_counter: u64,
}

impl RecorderClient {
    /// Connects to the recorder, which MUST be the pinned one.
    ///
    /// # Errors
    /// [`ConnectError`] when it does not answer, or is another one. Later, a lost connection is made again by
    /// itself, and appends in between fail.
    pub async fn connect(
        socket: impl AsRef<Path>,
        recorder: RecorderKey,
        replica: Uuid,
    ) -> Result<Self, ConnectError> {
        let source = Source {
            replica,
            boot: Uuid::new_v4(),
        };
        let (calls, inbox) = mpsc::channel(256);
        let standing = Arc::new(AtomicU8::new(Standing::Connected as u8));
        let socket = socket.as_ref().to_owned();
        let pinned = recorder.clone();
        let driver =
            driver::Driver::connect(socket, pinned, source, inbox, Arc::clone(&standing)).await?;
        let driver = tokio::spawn(driver.run()).abort_handle();
        let permits = Arc::new(Semaphore::new(UNITS));
        Ok(Self {
            inner: Arc::new(Inner {
                source,
                recorder,
                calls,
                permits,
                standing,
                driver,
            }),
        })
    }

    /// Whose counters this connection uses.
    #[must_use]
    pub fn source(&self) -> Source {
        self.inner.source
    }

    fn standing(&self) -> Result<(), AppendError> {
        match self.inner.standing.load(Ordering::Acquire) {
            0 => Ok(()),
            2 => Err(AppendError::Untrusted),
            _ => Err(AppendError::Unavailable),
        }
    }

    async fn append_all(&self, drafts: &[Draft]) -> Result<Vec<Appended>, AppendError> {
        let mut waiting = Vec::new();
        for drafts in requests(drafts)? {
            waiting.push((drafts, self.send(drafts).await?));
        }
        let mut appended = Vec::with_capacity(drafts.len());
        for (drafts, reply) in waiting {
            // The driver ends only with the runtime.
            let stored = reply.await.map_err(|_| AppendError::Late)??;
            self.check(drafts, &stored, &mut appended)?;
        }
        Ok(appended)
    }

    async fn send(
        &self,
        drafts: &[Draft],
    ) -> Result<oneshot::Receiver<Result<Stored, AppendError>>, AppendError> {
        let units = u32::try_from(drafts.iter().map(units).sum::<usize>())
            .map_err(|_| AppendError::Refused)?;
        let permits = Arc::clone(&self.inner.permits)
            .acquire_many_owned(units)
            .await;
        let permits = permits.map_err(|_| AppendError::Unavailable)?;
        // While it waited, the recorder may have gone.
        self.standing()?;
        let sent = |draft: &Draft| Sent {
            kind: draft.kind(),
            time: draft.time(),
            bytes: draft.bytes().clone(),
        };
        let entries = drafts.iter().map(sent).collect();
        let (reply, receiver) = oneshot::channel();
        let call = Call::Append(Append {
            entries,
            reply,
            _permits: permits,
        });
        self.inner
            .calls
            .send(call)
            .await
            .map_err(|_| AppendError::Unavailable)?;
        Ok(receiver)
    }

    /// The signed leaves at the position that was told MUST be those of these entries.
    fn check(
        &self,
        drafts: &[Draft],
        stored: &Stored,
        appended: &mut Vec<Appended>,
    ) -> Result<(), AppendError> {
        let Stored {
            batch,
            position,
            first_counter,
        } = stored;
        let acknowledgement = batch.get();
        for ((counter, position), draft) in (*first_counter..).zip(*position..).zip(drafts) {
            let leaf = audit::leaf(
                draft.bytes(),
                &self.inner.source,
                counter,
                acknowledgement.recorded,
            );
            if acknowledgement.leaves.get(position) != Some(hash_leaf(&leaf).as_bytes()) {
                return Err(AppendError::Untrusted);
            }
            let (batch, source) = (Arc::clone(batch), self.inner.source);
            appended.push(Appended {
                batch,
                position,
                source,
                counter,
            });
        }
        Ok(())
    }
}

impl AuditLog for RecorderClient {
    fn recorder(&self) -> &RecorderKey {
        &self.inner.recorder
    }

    fn append<'a>(
        &'a self,
        drafts: &'a [Draft],
    ) -> BoxFuture<'a, Result<Vec<Appended>, AppendError>> {
        let deadline = Instant::now() + DEADLINE;
        Box::pin(async move {
            self.standing()?;
            timeout_at(deadline, self.append_all(drafts))
                .await
                .unwrap_or(Err(AppendError::Late))
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

fn units(draft: &Draft) -> usize {
    draft.bytes().len().div_ceil(UNIT).max(1)
}

/// Cuts drafts into requests within the limits; nearly always it is one.
fn requests(drafts: &[Draft]) -> Result<Vec<&[Draft]>, AppendError> {
    if drafts
        .iter()
        .any(|draft| draft.bytes().is_empty() || draft.bytes().len() > MAX_ENTRY)
    {
        return Err(AppendError::Refused);
    }
    let mut requests = Vec::new();
    let (mut rest, mut weight, mut count) = (drafts, 0, 0);
    for draft in drafts {
        if count == MAX_ENTRIES || (count > 0 && weight + units(draft) > UNITS_AT_ONCE) {
            let (request, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            requests.push(request);
            (rest, weight, count) = (after, 0, 0);
        }
        weight += units(draft);
        count += 1;
    }
    if !rest.is_empty() {
        requests.push(rest);
    }
    Ok(requests)
}
