//! The only writer of a SQLite file: a thread that commits all writes together that arrived while it was busy.
//!
//! SQLite has one writer, and each commit waits for the disk. So writes queue for a thread that has the connection. It
//! takes all queued writes into one transaction, each in a savepoint of its own, and commits. A transaction of several
//! steps borrows the connection, and returns it at its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

use crate::connection::{Connection, Kind};
use crate::embedded::{Embedded, Use};
use crate::watch::Watch;
use crate::{DatabaseError, LOOK_UP, PATIENCE, Work};

/// Maximum number of writes in one commit.
const TOGETHER: usize = 256;
/// Length of the queue; further writes wait to join it.
const WAITING: usize = 1_024;

/// The queue of the writer.
#[derive(Clone, Debug)]
pub(crate) struct Line(Sender<Job>);

enum Job {
    Write(Box<dyn Queued>),
    Lend(oneshot::Sender<Result<Loan, DatabaseError>>),
    Close(oneshot::Sender<()>),
}

/// A write in the queue.
trait Queued: Send {
    /// Runs it; returns whether its rows are kept.
    fn run(&mut self, on: &mut Connection) -> bool;
    /// Reports the result to its caller.
    fn end(self: Box<Self>, committed: Result<(), DatabaseError>);
}

struct Waiting<W: Work> {
    work: Option<W>,
    done: Option<Result<W::Output, W::Error>>,
    /// None after the result was reported.
    caller: Option<oneshot::Sender<Result<W::Output, W::Error>>>,
}

impl<W: Work> Waiting<W> {
    fn tell(&mut self, ended: Result<W::Output, W::Error>) {
        if let Some(caller) = self.caller.take() {
            // The caller may be gone.
            drop(caller.send(ended));
        }
    }
}

/// The writer ended before this write's turn.
impl<W: Work> Drop for Waiting<W> {
    fn drop(&mut self) {
        if self.work.is_some() {
            self.tell(Err(DatabaseError::Unreachable.into()));
        }
    }
}

impl<W: Work> Queued for Waiting<W> {
    fn run(&mut self, on: &mut Connection) -> bool {
        // A caller who has gone away no longer wants the write.
        let gone = self.caller.as_ref().is_none_or(oneshot::Sender::is_closed);
        if let Some(work) = self.work.take().filter(|_| !gone) {
            self.done = Some(at_once(work.run(on)));
        }
        matches!(self.done, Some(Ok(_)))
    }

    fn end(mut self: Box<Self>, committed: Result<(), DatabaseError>) {
        self.work = None;
        let ended = match (self.done.take(), committed) {
            (Some(Ok(done)), Ok(())) => Ok(done),
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(DatabaseError::Failed.into()),
        };
        self.tell(ended);
    }
}

/// The result of statements that never wait: those of SQLite.
fn at_once<T, E: From<DatabaseError>>(
    statements: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(statements).poll(&mut context) {
        Poll::Ready(ended) => ended,
        Poll::Pending => Err(DatabaseError::Failed.into()),
    }
}

impl Line {
    /// Starts the writer of a file that is there. It ends when it is closed, or nobody has its line any more.
    pub(crate) fn start(path: PathBuf, watch: &Arc<Watch>) -> Result<Self, DatabaseError> {
        let connection = Connection(Kind::Sqlite(Embedded::open(&path, Use::Write)?));
        let (line, jobs) = channel(WAITING);
        let writer = Writer {
            path,
            watch: Arc::clone(watch),
            connection,
        };
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(|| writer.serve(jobs))
            .map_err(|_| DatabaseError::Failed)?;
        Ok(Self(line))
    }

    /// Writes and commits, together with others; the commit is on the disk when this returns.
    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (caller, ended) = oneshot::channel();
        let waiting = Waiting {
            work: Some(work),
            done: None,
            caller: Some(caller),
        };
        self.send(Job::Write(Box::new(waiting))).await?;
        // The writer reports to every caller; if it is gone, the result is unknown.
        let ended = ended.await;
        ended.unwrap_or_else(|_| Err(DatabaseError::InDoubt.into()))
    }

    /// Begins a transaction, if its turn comes in time.
    pub(crate) async fn begin(&self) -> Result<Loan, DatabaseError> {
        let (caller, begun) = oneshot::channel();
        let begun = async {
            self.send(Job::Lend(caller)).await?;
            begun.await.unwrap_or(Err(DatabaseError::Unreachable))
        };
        let begun = tokio::time::timeout(PATIENCE, begun).await;
        begun.unwrap_or(Err(DatabaseError::Busy))
    }

    /// Closes the connection, after the queued writes.
    pub(crate) async fn close(&self) {
        let (caller, closed) = oneshot::channel();
        if self.send(Job::Close(caller)).await.is_ok() {
            drop(closed.await);
        }
    }

    async fn send(&self, job: Job) -> Result<(), DatabaseError> {
        let sent = self.0.send(job).await;
        sent.map_err(|_| DatabaseError::Unreachable)
    }
}

/// The connection that writes, borrowed for a transaction.
pub(crate) struct Loan {
    pub(crate) connection: Connection,
    home: mpsc::Sender<Returned>,
}

struct Returned {
    connection: Connection,
    end: End,
}

enum End {
    Commit(oneshot::Sender<Result<(), DatabaseError>>),
    RollBack(Option<oneshot::Sender<Result<(), DatabaseError>>>),
}

impl Loan {
    /// Commits. The writer does it, so that a caller who leaves cannot interrupt it.
    pub(crate) async fn commit(mut self) -> Result<(), DatabaseError> {
        let (caller, ended) = oneshot::channel();
        self.give_back(End::Commit(caller));
        ended.await.unwrap_or(Err(DatabaseError::InDoubt))
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), DatabaseError> {
        let (caller, ended) = oneshot::channel();
        self.give_back(End::RollBack(Some(caller)));
        ended.await.unwrap_or(Err(DatabaseError::Failed))
    }

    fn give_back(&mut self, end: End) {
        let connection = self.connection.take();
        // If the writer is gone, the transaction is rolled back when its connection closes. If the writer has the
        // connection back already, it no longer listens.
        drop(self.home.send(Returned { connection, end }));
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.give_back(End::RollBack(None));
    }
}

struct Writer {
    path: PathBuf,
    watch: Arc<Watch>,
    connection: Connection,
}

/// The content of the transaction is unknown: SQLite may have rolled it back by itself.
struct Broken;

impl Writer {
    fn serve(mut self, mut jobs: Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.blocking_recv()) {
            match job {
                Job::Write(first) => next = self.write(first, &mut jobs),
                Job::Lend(caller) => self.lend(caller),
                Job::Close(caller) => {
                    drop(self.connection);
                    jobs.close();
                    // Callers that were about to join the queue get an error.
                    while jobs.blocking_recv().is_some() {}
                    let _ = caller.send(());
                    return;
                }
            }
        }
    }

    /// Runs this write and those that are queued by then, and commits; returns a job of another kind that came.
    fn write(&mut self, first: Box<dyn Queued>, jobs: &mut Receiver<Job>) -> Option<Job> {
        let mut group = vec![first];
        let mut next = None;
        let watch = Arc::clone(&self.watch);
        let begun = self.begin();
        // The queued writes would fail with the same error, one after another.
        while begun.is_err() && next.is_none() && group.len() < TOGETHER {
            match jobs.try_recv() {
                Ok(Job::Write(another)) => group.push(another),
                Ok(other) => next = Some(other),
                Err(_) => break,
            }
        }
        let ended = begun.and_then(|connection| {
            let mut at = 0;
            while let Some(write) = group.get_mut(at) {
                join(connection, &mut **write).map_err(|Broken| {
                    roll_back(connection);
                    DatabaseError::Failed
                })?;
                at += 1;
                if at == group.len() && at < TOGETHER {
                    match jobs.try_recv() {
                        Ok(Job::Write(another)) => group.push(another),
                        Ok(other) => next = Some(other),
                        Err(_) => {}
                    }
                }
            }
            commit(connection, &watch)
        });
        for write in group {
            write.end(ended);
        }
        next
    }

    fn lend(&mut self, caller: oneshot::Sender<Result<Loan, DatabaseError>>) {
        if caller.is_closed() {
            return;
        }
        if let Err(error) = self.begin() {
            drop(caller.send(Err(error)));
            return;
        }
        let (home, returned) = mpsc::channel();
        let loan = Loan {
            connection: self.connection.take(),
            home,
        };
        // If the caller is gone, the loan is dropped, and so returned.
        drop(caller.send(Ok(loan)));
        let Ok(Returned {
            mut connection,
            end,
        }) = returned.recv()
        else {
            return;
        };
        match end {
            End::Commit(caller) => drop(caller.send(commit(&mut connection, &self.watch))),
            End::RollBack(caller) => {
                roll_back(&mut connection);
                caller.map(|caller| caller.send(Ok(())));
            }
        }
        self.connection = connection;
    }

    /// Begins a transaction with the write lock: a transaction that has read could not get it later.
    fn begin(&mut self) -> Result<&mut Connection, DatabaseError> {
        self.watch.same()?;
        // One that is still in a transaction could not be rolled back.
        let sound = self.connection.sqlite().is_some() && !in_transaction(&mut self.connection);
        if !sound {
            drop(self.connection.take());
            self.connection = Connection(Kind::Sqlite(Embedded::open(&self.path, Use::Write)?));
            self.watch.same()?;
        }
        self.connection
            .sqlite()
            .ok_or(DatabaseError::Failed)?
            .begin()?;
        Ok(&mut self.connection)
    }
}

/// Runs a write in a savepoint: if it is refused, the others stay.
fn join(connection: &mut Connection, write: &mut dyn Queued) -> Result<(), Broken> {
    run(connection, &["SAVEPOINT one"])?;
    // The look-ups of a write have a time limit, too: all others wait for it.
    allow(connection, Some(LOOK_UP));
    let write = AssertUnwindSafe(|| write.run(connection));
    let kept = catch_unwind(write);
    allow(connection, None);
    let end: &[&str] = match kept.map_err(|_| Broken)? {
        true => &["RELEASE one"],
        false => &["ROLLBACK TO one", "RELEASE one"],
    };
    // A full disk, for example, makes SQLite roll back the whole transaction.
    if !in_transaction(connection) {
        return Err(Broken);
    }
    run(connection, end)
}

fn allow(connection: &mut Connection, time: Option<Duration>) {
    if let Some(connection) = connection.sqlite() {
        connection.allow(time);
    }
}

fn run(connection: &mut Connection, statements: &[&str]) -> Result<(), Broken> {
    let connection = connection.sqlite().ok_or(Broken)?;
    let mut statements = statements.iter();
    statements.try_for_each(|statement| connection.run(statement).map_err(|_| Broken))
}

/// Commits. What went into a file that is no longer the one of its name is acknowledged to nobody.
fn commit(connection: &mut Connection, watch: &Arc<Watch>) -> Result<(), DatabaseError> {
    if !in_transaction(connection) {
        return Err(DatabaseError::Failed);
    }
    let committed = match connection.sqlite() {
        Some(connection) => connection.end("COMMIT"),
        None => Err(DatabaseError::Failed),
    };
    roll_back(connection);
    let committed = committed.and_then(|()| watch.same());
    committed.map_err(|_| DatabaseError::InDoubt)
}

/// Rolls back an open transaction. If that fails, closing the connection rolls it back.
fn roll_back(connection: &mut Connection) {
    if let Some(connection) = connection.sqlite() {
        let _ = connection.end("ROLLBACK");
    }
}

fn in_transaction(connection: &mut Connection) -> bool {
    connection
        .sqlite()
        .is_some_and(|connection| connection.is_in_transaction())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{query, query_as};

    /// The action of a write.
    #[derive(Clone, Copy)]
    enum Insert {
        Line,
        Refused,
        Panic,
    }

    impl Work for Insert {
        type Output = ();
        type Error = DatabaseError;

        async fn run(self, on: &mut Connection) -> Result<(), DatabaseError> {
            query("INSERT INTO lines (text) VALUES ($1)")
                .bind("x".repeat(2_000))
                .execute(on)
                .await?;
            match self {
                Self::Line => Ok(()),
                Self::Refused => Err(DatabaseError::Duplicate),
                Self::Panic => panic!("as a fault of this program would"),
            }
        }
    }

    struct Lines {
        line: Line,
        _folder: tempfile::TempDir,
    }

    impl Lines {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("lines.db");
            std::fs::write(&path, "").unwrap();
            let lines = Self {
                line: Line::start(path.clone(), &Watch::new(&path)).unwrap(),
                _folder: folder,
            };
            lines.run("CREATE TABLE lines (text TEXT NOT NULL)").await;
            lines
        }

        async fn run(&self, text: &'static str) {
            let mut loan = self.line.begin().await.unwrap();
            query(text).execute(&mut loan.connection).await.unwrap();
            loan.commit().await.unwrap();
        }

        async fn number(&self, text: String) -> i64 {
            let mut loan = self.line.begin().await.unwrap();
            let number = query_as(text).fetch_one(&mut loan.connection).await;
            number.unwrap()
        }

        async fn count(&self) -> i64 {
            self.number("SELECT COUNT(*) FROM lines".to_owned()).await
        }

        /// All together, so that they share a commit.
        async fn write_all(&self, writes: &[Insert]) -> Vec<Result<(), DatabaseError>> {
            let held = self.line.begin().await.unwrap();
            let tasks: Vec<_> = writes
                .iter()
                .map(|write| {
                    let (line, write) = (self.line.clone(), *write);
                    tokio::spawn(async move { line.write(write).await })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(held);
            let mut ended = Vec::new();
            for task in tasks {
                ended.push(task.await.unwrap());
            }
            ended
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_write_that_is_refused_leaves_those_beside_it() {
        let lines = Lines::new().await;
        let (line, refused) = (Insert::Line, Insert::Refused);
        let ended = lines.write_all(&[line, refused, line, refused, line]).await;
        let duplicate = Err(DatabaseError::Duplicate);
        assert_eq!(ended, [Ok(()), duplicate, Ok(()), duplicate, Ok(())]);
        assert_eq!(lines.count().await, 3);
    }

    /// Half of a write must never be committed with the others; and the writer continues.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_write_that_breaks_off_takes_its_group_with_it_and_no_more() {
        let lines = Lines::new().await;
        let ended = lines
            .write_all(&[Insert::Line, Insert::Panic, Insert::Line])
            .await;
        let done = ended.iter().filter(|ended| ended.is_ok()).count();
        assert_eq!(lines.count().await, i64::try_from(done).unwrap());
        assert_eq!(ended.get(1), Some(&Err(DatabaseError::Failed)));
        assert_eq!(lines.line.write(Insert::Line).await, Ok(()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_a_caller_gives_up_before_its_turn_is_not_written() {
        let lines = Lines::new().await;
        let held = lines.line.begin().await.unwrap();
        let given_up =
            tokio::time::timeout(Duration::from_millis(20), lines.line.write(Insert::Line));
        assert!(given_up.await.is_err());
        let given_up = tokio::time::timeout(Duration::from_millis(20), lines.line.begin());
        assert!(given_up.await.is_err());
        drop(held);
        assert_eq!(lines.count().await, 0);
        assert_eq!(lines.line.write(Insert::Line).await, Ok(()));
        assert_eq!(lines.count().await, 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn after_it_was_closed_nothing_is_written() {
        let lines = Lines::new().await;
        lines.line.close().await;
        let unreachable = Err(DatabaseError::Unreachable);
        assert_eq!(lines.line.write(Insert::Line).await, unreachable);
        assert_eq!(lines.line.begin().await.map(drop), unreachable);
        lines.line.close().await;
    }

    /// A full disk as SQLite sees it: no more pages can be written.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_refuses_whole_writes_and_is_got_over() {
        let lines = Lines::new().await;
        let pages = lines.number("PRAGMA page_count".to_owned()).await;
        lines
            .number(format!("PRAGMA max_page_count = {}", pages + 20))
            .await;
        let (mut done, mut refused) = (0, 0);
        while refused == 0 {
            for ended in lines.write_all(&[Insert::Line; 16]).await {
                match ended {
                    Ok(()) => done += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(done > 16, "it was not full from the start");
        lines
            .number("PRAGMA max_page_count = 100000".to_owned())
            .await;
        assert_eq!(lines.line.write(Insert::Line).await, Ok(()));
        assert_eq!(lines.count().await, done + 1, "{refused} were refused");
    }
}
