//! The only thread that makes entries durable, and acknowledges them.
//!
//! There is no timer: the next batch queues up while the current one is written to the disk, so a slow disk gets larger
//! batches.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use vouchsafe::audit::{self, Acknowledgement, Source};
use vouchsafe_tlog::{Hash, hash_leaf};

use crate::connection::Connection;
use crate::error::{MAX_GAP, RecorderError};
use crate::keys::Keys;
use crate::leaf;
use crate::queue::{End, Job, Next, Shared, Work};
use crate::recent::{Batch, Known, Recent};
use crate::sources::Sources;
use crate::wal::Wal;
use crate::wal::frame::Stored;
use crate::wire::{self, Entry, Placed, Refusal, Reply, Request, Welcome};

/// Maximum distance between an entry's time and the recorder's clock.
pub(crate) const MAX_SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Interval at which an idle committer checks that its file is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Returns the current time.
pub(crate) type Clock = fn() -> Timestamp;

/// The committer's own state.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) wal: Wal,
    pub(crate) keys: Arc<Keys>,
    pub(crate) sources: Sources,
    pub(crate) recent: Recent,
    pub(crate) clock: Clock,
    /// The clock's time when the log was opened, and the monotonic time of that moment.
    pub(crate) opened: (Timestamp, Instant),
    /// The log has times that are still to come, and somebody said that this clock is right: the first entry must say so.
    pub(crate) correcting: bool,
    /// The connection that speaks for each source: the newest.
    pub(crate) speaking: HashMap<Source, u64>,
}

/// A batch that is being formed.
#[derive(Debug)]
struct Forming {
    now: Timestamp,
    recorded: Timestamp,
    entries: Vec<(Known, Timestamp)>,
    leaves: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
    /// The last counter of each source in it.
    last: HashMap<Source, u64>,
    placed: Vec<PlacedJob>,
}

/// A request whose entries are in the batch.
#[derive(Debug)]
struct PlacedJob {
    connection: Arc<Connection>,
    placed: Placed,
    size: usize,
}

impl Committer {
    /// Commits until the queue has ended.
    ///
    /// # Errors
    /// After any error of the disk every waiting request was refused, no request is accepted, and the process MUST end.
    pub(crate) fn run(mut self) -> Result<(), RecorderError> {
        while self.step(LOOK)? {}
        self.shared.ended(End::Stopped);
        Ok(())
    }

    /// Commits one batch, or checks the file if none comes; `false` when the queue has ended.
    pub(crate) fn step(&mut self, patience: Duration) -> Result<bool, RecorderError> {
        let outcome = match self.shared.next_batch(patience) {
            Next::Batch(jobs) => self.batch(&jobs).map(|()| true),
            Next::Idle => self.wal.check().map(|()| true),
            Next::Ended => self.wal.check().map(|()| false),
        };
        if outcome.is_err() {
            self.shared.abandon();
        }
        outcome
    }

    fn batch(&mut self, jobs: &[Job]) -> Result<(), RecorderError> {
        let now = (self.clock)();
        let mut forming = Forming::new(now, now.max(self.wal.recorded()));
        for job in jobs {
            match &job.work {
                Work::Append { body, .. } => {
                    if let Err(refusal) = self.take_in(job, body, &mut forming) {
                        job.refuse(refusal);
                    }
                }
                Work::Hello(source) => self.hello(job, source, &forming)?,
                Work::Gone => self.gone(job),
                Work::Unsettled(_) => {}
            }
        }
        self.commit(forming)?;
        for job in jobs {
            if let Work::Unsettled(replica) = job.work {
                let reply = Reply::Unsettled(job.request, self.sources.unsettled(replica));
                answer(job, &reply);
            }
        }
        Ok(())
    }

    fn hello(
        &mut self,
        job: &Job,
        source: &Source,
        forming: &Forming,
    ) -> Result<(), RecorderError> {
        self.speaking.insert(*source, job.connection.id);
        let nothing = Batch {
            first_index: self.wal.size(),
            recorded: forming.recorded,
            hashes: Vec::new(),
            entries: Vec::new(),
        };
        let standing = acknowledge(&self.keys, &nothing)?;
        let welcome = Welcome {
            version: wire::VERSION,
            standing,
            last_counter: self.sources.last(source),
        };
        answer(job, &Reply::Welcome(job.request, welcome));
        Ok(())
    }

    fn gone(&mut self, job: &Job) {
        if let Some(source) = job.connection.source.get()
            && self.speaking.get(source) == Some(&job.connection.id)
        {
            self.speaking.remove(source);
        }
    }

    /// Adds a request to the batch, or answers it at once if it was committed before.
    fn take_in(&self, job: &Job, body: &[u8], forming: &mut Forming) -> Result<(), Refusal> {
        let Ok(Request::Append(entries)) = Request::read(wire::APPEND, body) else {
            return Err(Refusal::Malformed);
        };
        let source = job.connection.source.get().ok_or(Refusal::Malformed)?;
        if self.speaking.get(source) != Some(&job.connection.id) {
            return Err(Refusal::Superseded);
        }
        let first = entries.first().ok_or(Refusal::Malformed)?.counter;
        if (first..)
            .zip(&entries)
            .any(|(expected, entry)| entry.counter != expected)
        {
            return Err(Refusal::Gap);
        }
        let last = forming
            .last
            .get(source)
            .copied()
            .unwrap_or_else(|| self.sources.last(source));
        if first <= last {
            return self.repeat(job, source, first, &entries);
        }
        if first != last + 1 {
            return Err(Refusal::Gap);
        }
        if self.ran_ahead(forming.now)
            || entries
                .iter()
                .any(|entry| entry.time.duration_since(forming.now).abs() > MAX_SKEW)
        {
            return Err(Refusal::ClockSkew);
        }
        if self.corrects(forming) {
            let first = entries
                .first()
                .and_then(|first| std::str::from_utf8(first.bytes).ok());
            let act = first.and_then(leaf::act);
            if !act.is_some_and(|act| act.corrects_clock()) {
                return Err(Refusal::ClockSkew);
            }
            forming.recorded = forming.now;
        }
        forming.push(job, source, &entries)
    }

    /// Whether the next entry must be the one that sets the time right: until then times would go back without a word.
    fn corrects(&self, forming: &Forming) -> bool {
        let ahead = self.wal.recorded().duration_since(forming.now);
        self.correcting && forming.entries.is_empty() && ahead > MAX_SKEW
    }

    /// Whether the clock was set far ahead while the log was open: one entry under it would refuse every later
    /// start under the right clock.
    fn ran_ahead(&self, now: Timestamp) -> bool {
        let (then, at) = self.opened;
        let passed = SignedDuration::try_from(at.elapsed()).unwrap_or(SignedDuration::MAX);
        now.duration_since(then).saturating_sub(passed) > MAX_GAP
    }

    /// The same bytes with the same counters have the same index: nothing is stored twice.
    fn repeat(
        &self,
        job: &Job,
        source: &Source,
        first: u64,
        entries: &[Entry<'_>],
    ) -> Result<(), Refusal> {
        let (batch, position) = self.recent.find(source, first).ok_or(Refusal::Conflict)?;
        let stored = batch.entries.iter().zip(&batch.hashes).skip(position);
        let mut same = 0;
        for (entry, (known, hash)) in entries.iter().zip(stored) {
            let expected = Known {
                source: *source,
                counter: entry.counter,
                kind: entry.kind,
            };
            let leaf = audit::leaf(entry.bytes, source, entry.counter, batch.recorded);
            if expected != *known || hash_leaf(&leaf) != *hash {
                return Err(Refusal::Conflict);
            }
            same += 1;
        }
        if same != entries.len() {
            return Err(Refusal::Conflict);
        }
        let placed = [placed(job, position)?];
        let acknowledgement = acknowledge(&self.keys, batch).map_err(|_| Refusal::Stopping)?;
        let mut bytes = Vec::new();
        wire::put_committed(&mut bytes, &acknowledgement, &placed);
        job.connection.reply(bytes, job.size());
        Ok(())
    }

    fn commit(&mut self, forming: Forming) -> Result<(), RecorderError> {
        if forming.entries.is_empty() {
            return Ok(());
        }
        let first_index = self.wal.size();
        let committed = self
            .wal
            .commit(forming.recorded, &forming.stored(), &forming.hashes);
        let position =
            committed.inspect_err(|_| forming.placed.iter().for_each(PlacedJob::refuse))?;
        self.correcting = false;
        self.shared.committed(position);
        for (known, _) in &forming.entries {
            self.sources.apply(&known.source, known.counter, known.kind);
        }
        let entries = forming.entries.iter().map(|(known, _)| *known).collect();
        let batch = Batch {
            first_index,
            recorded: forming.recorded,
            hashes: forming.hashes,
            entries,
        };
        answer_all(&forming.placed, &acknowledge(&self.keys, &batch)?);
        self.recent.remember(Arc::new(batch));
        Ok(())
    }
}

impl Forming {
    fn new(now: Timestamp, recorded: Timestamp) -> Self {
        Self {
            now,
            recorded,
            entries: Vec::new(),
            leaves: Vec::new(),
            hashes: Vec::new(),
            last: HashMap::new(),
            placed: Vec::new(),
        }
    }

    fn push(&mut self, job: &Job, source: &Source, entries: &[Entry<'_>]) -> Result<(), Refusal> {
        let placed = placed(job, self.entries.len())?;
        for entry in entries {
            let leaf = audit::leaf(entry.bytes, source, entry.counter, self.recorded);
            self.hashes.push(hash_leaf(&leaf));
            self.leaves.push(leaf);
            self.entries.push((
                Known {
                    source: *source,
                    counter: entry.counter,
                    kind: entry.kind,
                },
                entry.time,
            ));
            self.last.insert(*source, entry.counter);
        }
        let connection = Arc::clone(&job.connection);
        self.placed.push(PlacedJob {
            connection,
            placed,
            size: job.size(),
        });
        Ok(())
    }

    fn stored(&self) -> Vec<Stored<'_>> {
        let mut stored = Vec::with_capacity(self.entries.len());
        for (
            (
                Known {
                    source,
                    counter,
                    kind,
                },
                time,
            ),
            leaf,
        ) in self.entries.iter().zip(&self.leaves)
        {
            stored.push(Stored {
                kind: *kind,
                source: *source,
                counter: *counter,
                time: *time,
                leaf,
            });
        }
        stored
    }
}

impl PlacedJob {
    fn refuse(&self) {
        let mut bytes = Vec::new();
        Reply::Refused(self.placed.request, Refusal::Stopping).put(&mut bytes);
        self.connection.reply(bytes, self.size);
    }
}

/// One answer to each connection that has requests in the batch.
fn answer_all(placed: &[PlacedJob], acknowledgement: &Acknowledgement) {
    let mut by_connection: HashMap<u64, (&Arc<Connection>, Vec<Placed>, usize)> = HashMap::new();
    for PlacedJob {
        connection,
        placed,
        size,
    } in placed
    {
        let answer = by_connection
            .entry(connection.id)
            .or_insert((connection, Vec::new(), 0));
        answer.1.push(*placed);
        answer.2 += size;
    }
    for (connection, placed, settles) in by_connection.into_values() {
        let mut bytes = Vec::new();
        wire::put_committed(&mut bytes, acknowledgement, &placed);
        connection.reply(bytes, settles);
    }
}

fn placed(job: &Job, position: usize) -> Result<Placed, Refusal> {
    let position = u32::try_from(position).map_err(|_| Refusal::Malformed)?;
    Ok(Placed {
        request: job.request,
        position,
    })
}

fn answer(job: &Job, reply: &Reply) {
    let mut bytes = Vec::new();
    reply.put(&mut bytes);
    job.connection.reply(bytes, job.size());
}

/// Signs a committed batch. Ed25519 is deterministic: the same batch always has the same acknowledgement.
fn acknowledge(keys: &Keys, batch: &Batch) -> Result<Acknowledgement, RecorderError> {
    let Batch {
        first_index,
        recorded,
        hashes,
        ..
    } = batch;
    let leaves: Vec<[u8; 32]> = hashes.iter().map(|hash| *hash.as_bytes()).collect();
    let statement = Acknowledgement::statement(&keys.origin, *first_index, *recorded, &leaves);
    let signature = keys.acknowledgement.sign(&statement)?;
    let origin = keys.origin.clone();
    Ok(Acknowledgement {
        origin,
        first_index: *first_index,
        recorded: *recorded,
        leaves,
        signature,
    })
}
