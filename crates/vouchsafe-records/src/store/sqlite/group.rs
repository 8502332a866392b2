//! Group commit: writes that come while others are on their way to the disk are committed together.
//!
//! SQLite has one writer, and each commit waits for the disk. So whoever writes joins the transaction that is open, in a
//! savepoint of their own, and then stands in line to commit it: those who came meanwhile are in it as well, and find it
//! done when it is their turn. One alone waits for nobody.

use std::sync::{Arc, OnceLock};

use sqlx::{Acquire as _, SqlitePool, Transaction};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::insert_guarded;
use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::error::translate;

/// How the commit of a group ended, once it has.
type Ended = Arc<OnceLock<Result<(), StoreError>>>;

/// The transaction that writes join.
#[derive(Clone, Debug, Default)]
pub(super) struct Group(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    transaction: Option<Transaction<'static, sqlx::Sqlite>>,
    ended: Ended,
}

impl Group {
    /// Writes a batch; it is on the disk when this returns.
    ///
    /// # Errors
    /// What the batch meets. After [`StoreError::Unavailable`] it may have been committed or not.
    pub(super) async fn write(
        &self,
        writer: &SqlitePool,
        batch: &Batch<'_>,
    ) -> Result<(), StoreError> {
        let mut open = self.0.lock().await;
        if open.transaction.is_none() {
            let begun = writer.begin_with("BEGIN IMMEDIATE").await;
            open.transaction = Some(begun.map_err(translate)?);
        }
        let mut turn = Turn(Some((self.clone(), Arc::clone(&open.ended))));
        let joined = join(&mut open, batch).await;
        drop(open);
        // Also of a write that was refused, and may have opened the transaction for itself alone.
        let committed = turn.take();
        joined?;
        match committed {
            Some(committed) => committed.await.map_err(|_| StoreError::Unavailable)?,
            None => Err(StoreError::Unavailable),
        }
    }

    /// Commits what is open, if that is still the group of this end.
    async fn end(self, ended: Ended) -> Result<(), StoreError> {
        let mut open = self.0.lock().await;
        if let Some(result) = ended.get() {
            return *result;
        }
        let result = match open.transaction.take() {
            Some(transaction) => transaction.commit().await.map_err(translate),
            None => Err(StoreError::Unavailable),
        };
        // It is set here alone, and only while nobody else has the group.
        let _ = open.ended.set(result);
        open.ended = Ended::default();
        result
    }
}

/// Runs the batch in a savepoint: when it is refused, the others of the group stay.
async fn join(open: &mut Open, batch: &Batch<'_>) -> Result<(), StoreError> {
    let transaction = open.transaction.as_mut().ok_or(StoreError::Unavailable)?;
    let mut savepoint = transaction.begin().await.map_err(translate)?;
    match insert_guarded(&mut savepoint, batch).await {
        Ok(()) => savepoint.commit().await.map_err(translate),
        Err(refused) => {
            savepoint.rollback().await.map_err(translate)?;
            Err(refused)
        }
    }
}

/// A turn to commit. It is taken also when whoever was to take it is gone: others wait for the transaction.
struct Turn(Option<(Group, Ended)>);

impl Turn {
    /// Commits in a task of its own, which nobody can cut off half way.
    fn take(&mut self) -> Option<JoinHandle<Result<(), StoreError>>> {
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
