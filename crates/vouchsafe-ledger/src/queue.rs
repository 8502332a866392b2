//! What the recorder's threads hand to one another: requests to the committer, news to the integrator.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;
use vouchsafe::audit::Source;

use crate::connection::Connection;
use crate::wal::Position;
use crate::wire::{Refusal, Reply, RequestId};

/// A batch ends before it would exceed one of these; a single larger request is a batch of its own.
const MAX_BATCH_BYTES: usize = 4 << 20;
const MAX_BATCH_ENTRIES: usize = 4096;
/// So often the committer waits for its turn again while requests come in.
const MAX_YIELDS: usize = 16;

/// A request on its way to the committer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) connection: Arc<Connection>,
    pub(crate) request: RequestId,
    pub(crate) work: Work,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Work {
    Hello(Source),
    /// The body of an `append` frame, found well formed, and how many entries it has.
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

    /// Answers that it was not taken.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        let mut bytes = Vec::new();
        Reply::Refused(self.request, refusal).put(&mut bytes);
        self.connection.reply(bytes, self.size());
    }
}

/// Shared by all threads of a recorder.
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
    /// No more jobs are taken in.
    stopping: bool,
}

/// How far the log is durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    pub(crate) committed: Position,
    /// Nothing more will be committed.
    pub(crate) ended: Option<End>,
}

/// How a log's run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It was asked to, and everything taken in is durable.
    Stopped,
    /// The disk failed: nothing may be believed or written any more.
    Failed,
}

/// What the committer finds.
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

    /// Hands requests to the committer, or refuses them when the recorder is ending.
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

    /// Takes nothing in any more; what waits is still committed.
    pub(crate) fn stop(&self) {
        self.queue().stopping = true;
        self.queued.notify_one();
    }

    /// Takes nothing in any more, refuses what waits and ends.
    pub(crate) fn abandon(&self) {
        let mut queue = self.queue();
        queue.stopping = true;
        let waiting = std::mem::take(&mut queue.jobs);
        drop(queue);
        waiting.iter().for_each(|job| job.refuse(Refusal::Stopping));
        self.queued.notify_all();
        self.ended(End::Failed);
    }

    /// What has queued up, as much as one batch may have; waits for it at most so long.
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
            // Hello tells the last counter: everything before it is durable first, nothing after it is.
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

    /// Lets whoever else can run do so as long as more comes of it: on a busy machine what is about to
    /// be asked shares this batch's way to the disk; on an idle one this costs a system call.
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

    /// Tells the integrator how far the log is durable.
    pub(crate) fn committed(&self, position: Position) {
        self.news().committed = position;
    }

    /// Tells the integrator that nothing more will come.
    pub(crate) fn ended(&self, end: End) {
        self.news().ended = Some(end);
        self.told.notify_all();
    }

    /// The news at that time, or earlier when the log has ended.
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
