//! Group commit: writes that come while others are on their way to the disk are committed together.
//!
//! SQLite has one writer, and each commit waits for the disk. So whoever writes joins the transaction that is open, in a
//! savepoint of their own, and then stands in line to commit it: those who came meanwhile are in it as well, and find it
//! done when it is their turn. One alone waits for nobody.

use std::sync::{Arc, OnceLock};

use sqlx::{Acquire as _, SqliteConnection, SqlitePool, Transaction};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::DatabaseError;

/// A write, as statements on a connection.
pub trait Work: Send {
    /// What it comes to.
    type Output: Send;
    /// What it may meet.
    type Error: From<DatabaseError> + Send;

    /// Runs the statements. After an error all of them are taken back.
    fn run(
        self,
        on: &mut SqliteConnection,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// How the commit of a group ended, once it has.
type Ended = Arc<OnceLock<Result<(), DatabaseError>>>;

/// The transaction that writes join.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    transaction: Option<Transaction<'static, sqlx::Sqlite>>,
    ended: Ended,
}

impl Group {
    /// Does the work in a savepoint and commits; it is on the disk when this returns.
    ///
    /// # Errors
    /// What the work meets, and then nothing of it is committed; [`DatabaseError::InDoubt`] of the commit, after which it may
    /// have been committed or not.
    pub(crate) async fn write<W: Work>(
        &self,
        writer: &SqlitePool,
        work: W,
    ) -> Result<W::Output, W::Error> {
        let mut open = self.0.lock().await;
        if open.transaction.is_none() {
            let begun = writer.begin_with("BEGIN IMMEDIATE").await;
            open.transaction = Some(begun.map_err(DatabaseError::from)?);
        }
        let mut turn = Turn(Some((self.clone(), Arc::clone(&open.ended))));
        let joined = match open.join(work).await {
            Ok(joined) => joined,
            Err(Broken) => {
                open.abandon().await;
                Err(DatabaseError::Failed.into())
            }
        };
        drop(open);
        // Also of a write that was refused, and may have opened the transaction for itself alone.
        let committed = turn.take();
        let done = joined?;
        let committed = match committed {
            Some(committed) => committed.await.unwrap_or(Err(DatabaseError::InDoubt)),
            None => Err(DatabaseError::InDoubt),
        };
        committed?;
        Ok(done)
    }

    /// Commits what is open, if that is still the group of this end.
    async fn end(self, ended: Ended) -> Result<(), DatabaseError> {
        let mut open = self.0.lock().await;
        if let Some(result) = ended.get() {
            return *result;
        }
        let result = match open.transaction.take() {
            Some(transaction) => transaction
                .commit()
                .await
                .map_err(|_| DatabaseError::InDoubt),
            None => Err(DatabaseError::InDoubt),
        };
        // It is set here alone, and only while nobody else has the group.
        let _ = open.ended.set(result);
        open.ended = Ended::default();
        result
    }
}

/// It is not known what the transaction holds: SQLite may have rolled it back by itself.
struct Broken;

impl Open {
    /// Does the work in a savepoint: when it is refused, the others of the group stay.
    async fn join<W: Work>(&mut self, work: W) -> Result<Result<W::Output, W::Error>, Broken> {
        let transaction = self.transaction.as_mut().ok_or(Broken)?;
        let mut savepoint = transaction.begin().await.map_err(|_| Broken)?;
        let done = work.run(&mut savepoint).await;
        let ended = match done {
            Ok(_) => savepoint.commit().await,
            Err(_) => savepoint.rollback().await,
        };
        ended.map(|()| done).map_err(|_| Broken)
    }

    /// Rolls the group back: half of a write must never be committed with the others.
    async fn abandon(&mut self) {
        // First, and without a pause: whoever is cut off while it rolls back must leave no group behind that somebody else
        // begins anew, and commits for those whose rows are gone.
        let _ = self.ended.set(Err(DatabaseError::Failed));
        self.ended = Ended::default();
        if let Some(transaction) = self.transaction.take() {
            // What cannot be rolled back is, when its connection is used again or closed.
            let _ = transaction.rollback().await;
        }
    }
}

/// A turn to commit. It is taken also when whoever was to take it is gone: others wait for the transaction.
struct Turn(Option<(Group, Ended)>);

impl Turn {
    /// Commits in a task of its own, which nobody can cut off half way.
    fn take(&mut self) -> Option<JoinHandle<Result<(), DatabaseError>>> {
        let (group, ended) = self.0.take()?;
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(group.end(ended)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

    use super::*;
    use crate::sqlite::pool_options;

    async fn number(pool: &SqlitePool, sql: String) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql);
        sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
    }

    struct Insert;

    impl Work for Insert {
        type Output = ();
        type Error = DatabaseError;

        async fn run(self, on: &mut SqliteConnection) -> Result<(), DatabaseError> {
            sqlx::query("INSERT INTO lines (text) VALUES ($1)")
                .bind("x".repeat(2_000))
                .execute(on)
                .await?;
            Ok(())
        }
    }

    /// Somebody whose request is cut off while they roll a group back must not leave it to be committed for the others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_group_that_is_given_up_counts_as_failed_at_once() {
        let (_folder, pool) = lines().await;
        let group = Group::default();
        let mut waited = false;
        // The database may answer before the first look: then nothing is shown.
        while !waited {
            let mut open = group.0.lock().await;
            open.transaction = Some(pool.begin_with("BEGIN IMMEDIATE").await.unwrap());
            let ended = Arc::clone(&open.ended);
            {
                let mut abandoning = std::pin::pin!(open.abandon());
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                // Looked at once, and dropped while it waits for the database.
                waited = abandoning.as_mut().poll(&mut context).is_pending();
            }
            assert_eq!(ended.get(), Some(&Err(DatabaseError::Failed)));
            assert!(open.transaction.is_none());
        }
        assert_eq!(group.write(&pool, Insert).await, Ok(()));
        assert_eq!(
            number(&pool, "SELECT COUNT(*) FROM lines".to_owned()).await,
            1
        );
    }

    async fn lines() -> (tempfile::TempDir, SqlitePool) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("lines.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = pool_options(1).connect_with(options).await.unwrap();
        sqlx::query("CREATE TABLE lines (text TEXT NOT NULL)")
            .execute(&pool)
            .await
            .unwrap();
        (folder, pool)
    }

    /// A full disk, or as SQLite sees it: no page more may be written.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_refuses_whole_writes_and_is_got_over() {
        let (_folder, pool) = lines().await;
        let pages = number(&pool, "PRAGMA page_count".to_owned()).await;
        number(&pool, format!("PRAGMA max_page_count = {}", pages + 20)).await;
        let group = Group::default();
        let write = || {
            let (group, pool) = (group.clone(), pool.clone());
            tokio::spawn(async move { group.write(&pool, Insert).await })
        };
        let (mut done, mut refused) = (0, 0);
        while refused == 0 {
            let tasks: Vec<_> = (0..16).map(|_| write()).collect();
            for task in tasks {
                match task.await.unwrap() {
                    Ok(()) => done += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(done > 16, "it was not full from the start");
        number(&pool, "PRAGMA max_page_count = 100000".to_owned()).await;
        assert_eq!(write().await.unwrap(), Ok(()));
        let stored = number(&pool, "SELECT COUNT(*) FROM lines".to_owned()).await;
        assert_eq!(stored, done + 1, "{refused} were refused");
    }
}
