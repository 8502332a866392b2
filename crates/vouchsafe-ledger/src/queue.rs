//! The queues between the recorder's threads: requests to the committer, news to the integrator.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;
use vouchsafe::audit::Source;

use crate::connection::Connection;
use crate::wal::Position;
use crate::wire::{Refusal, Reply, RequestId};

/// A batch ends before it would exceed one of these limits; a single larger request is a batch of its own.
const MAX_BATCH_BYTES: usize = 4 << 20;
const MAX_BATCH_ENTRIES: usize = 4096;
/// Maximum number of times that the committer yields while requests come in.
const MAX_YIELDS: usize = 16;

/// A request for the committer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) connection: Arc<Connection>,
    pub(crate) request: RequestId,
    pub(crate) work: Work,
}

/// The work of a request.
#[derive(Debug)]
pub(crate) enum Work {
    Hello(Source),
    /// The body of a well-formed `append` frame, and its number of entries.
    Append {
        body: Vec<u8>,
        entries: usize,
    },
    Unsettled(Uuid),
    /// The connection ended.
    Gone,
}

impl Job {
    /// Bytes that count as in flight.
    pub(crate) const fn size(&self) -> usize {
        match &self.work {
            Work::Append { body, .. } => body.len(),
            Work::Hello(_) | Work::Unsettled(_) | Work::Gone => 1,
        }
    }

    const fn entries(&self) -> usize {
        match self.work {
            Work::Append { entries, .. } => entries,
            Work::Hello(_) | Work::Unsettled(_) | Work::Gone => 0,
        }
    }

    /// Answers that it was refused.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        let mut bytes = Vec::new();
        Reply::Refused(self.request, refusal).put(&mut bytes);
        self.connection.reply(bytes, self.size());
    }
}

/// The state that all threads of a recorder share.
#[derive(Debug)]
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    queued: Condvar,
    news: Mutex<News>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// No more jobs are accepted.
    stopping: bool,
}

/// The position up to which the log is durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    pub(crate) committed: Position,
    /// Nothing more will be committed.
    pub(crate) ended: Option<End>,
}

/// The end of a log's run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It was asked to stop, and every accepted entry is durable.
    Stopped,
    /// The disk failed: nothing may be trusted or written any more.
    Failed,
}

/// The committer's next work.
#[derive(Debug)]
pub(crate) enum Next {
    Batch(Vec<Job>),
    /// Nothing for a while.
    Idle,
    /// Nothing any more.
    Ended,
}

impl Shared {
    pub(crate) fn new(committed: Position) -> Self {
        Self {
            queue: Mutex::default(),
            queued: Condvar::new(),
            news: Mutex::new(News {
                committed,
                ended: None,
            }),
            told: Condvar::new(),
        }
    }

    /// Passes requests to the committer, or refuses them if the recorder is ending.
    pub(crate) fn submit(&self, jobs: impl IntoIterator<Item = Job>) {
        let mut queue = self.queue();
        if queue.stopping {
            drop(queue);
            jobs.into_iter()
                .for_each(|job| job.refuse(Refusal::Stopping));
            return;
        }
        queue.jobs.extend(jobs);
        drop(queue);
        self.queued.notify_one();
    }

    /// Accepts no more; waiting requests are still committed.
    pub(crate) fn stop(&self) {
        self.queue().stopping = true;
        self.queued.notify_one();
    }

    /// Accepts no more, refuses waiting requests and ends.
    pub(crate) fn abandon(&self) {
        let mut queue = self.queue();
        queue.stopping = true;
        let waiting = std::mem::take(&mut queue.jobs);
        drop(queue);
        waiting.iter().for_each(|job| job.refuse(Refusal::Stopping));
        self.queued.notify_all();
        self.ended(End::Failed);
    }

    /// The queued requests, up to the size of one batch; waits for them with a time limit.
    pub(crate) fn next_batch(&self, patience: Duration) -> Next {
        let mut queue = self.queue();
        while queue.jobs.is_empty() {
            if queue.stopping {
                return Next::Ended;
            }
            let (again, wait) = self
                .queued
                .wait_timeout(queue, patience)
                .unwrap_or_else(PoisonError::into_inner);
            queue = again;
            if wait.timed_out() && queue.jobs.is_empty() && !queue.stopping {
                return Next::Idle;
            }
        }
        let mut queue = self.gathered(queue);
        let (mut count, mut bytes, mut entries) = (0, 0, 0);
        for job in &queue.jobs {
            bytes += job.size();
            entries += job.entries();
            let full = bytes > MAX_BATCH_BYTES || entries > MAX_BATCH_ENTRIES;
            // The answer to `hello` contains the last counter: everything before it is durable first, nothing after it
            // is.
            let alone = matches!(job.work, Work::Hello(_));
            if count > 0 && (full || alone) {
                break;
            }
            count += 1;
            if alone {
                break;
            }
        }
        Next::Batch(queue.jobs.drain(..count).collect())
    }

    /// Yields to other threads as long as that brings more requests. On a busy machine requests that are about to come
    /// share this batch's sync; on an idle one this costs a system call.
    fn gathered<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        for _ in 0..MAX_YIELDS {
            let before = queue.jobs.len();
            drop(queue);
            thread::yield_now();
            queue = self.queue();
            if queue.jobs.len() == before || queue.stopping {
                break;
            }
        }
        queue
    }

    /// Reports to the integrator the position up to which the log is durable.
    pub(crate) fn committed(&self, position: Position) {
        self.news().committed = position;
    }

    /// Reports to the integrator that nothing more will come.
    pub(crate) fn ended(&self, end: End) {
        self.news().ended = Some(end);
        self.told.notify_all();
    }

    /// The news at that time, or earlier if the log has ended.
    pub(crate) fn news_at(&self, when: Instant) -> News {
        let mut news = self.news();
        loop {
            let left = when.saturating_duration_since(Instant::now());
            if news.ended.is_some() || left.is_zero() {
                return *news;
            }
            let (again, _) = self
                .told
                .wait_timeout(news, left)
                .unwrap_or_else(PoisonError::into_inner);
            news = again;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
