//! The newest checkpoint of the audit log, stored in the database of records.
//!
//! The recorder refuses files that contradict one another, but an older copy of its whole folder is consistent. So a
//! start asks for the proof that the log begins with all entries that were seen before.

use vouchsafe_ledger::reader::{Log, NotExtended, ReadError};
use vouchsafe_records::store::{Store, StoreError};
use vouchsafe_tlog::NoteVerifier;

use crate::folder::Folder;

/// The reason why the log is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The pinned key is not valid.
    #[error("the pinned key in installation.json is damaged; restore it from a backup")]
    Key,
    /// It does not continue the stored checkpoint.
    #[error(
        "{0}. Nothing was changed. Restore the log's folder as it was last, or keep it as evidence and restore all of \
         the installation from one time"
    )]
    NotExtended(#[from] NotExtended),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database does not answer.
    #[error("the checkpoint that was seen last: {0}")]
    Store(#[from] StoreError),
}

/// The published log, verified with the pinned key.
///
/// # Errors
/// [`CheckpointError`].
pub(crate) fn published(folder: &Folder, pinned: Option<&str>) -> Result<Log, CheckpointError> {
    let key: Option<NoteVerifier> = pinned.and_then(|key| key.parse().ok());
    Ok(Log::open_with(
        &folder.audit(),
        key.ok_or(CheckpointError::Key)?,
    )?)
}

/// Compares the log with the stored checkpoint, and stores its present one.
///
/// # Errors
/// [`CheckpointError`] if it does not continue the stored checkpoint.
pub(crate) async fn compare(
    folder: &Folder,
    pinned: Option<&str>,
    store: &Store,
) -> Result<(), CheckpointError> {
    let log = published(folder, pinned)?;
    if let Some(seen) = store.checkpoint(log.origin()).await? {
        log.extends(&seen)?;
    }
    keep(&log, store).await
}

/// Stores the present checkpoint of the log.
pub(crate) async fn keep(log: &Log, store: &Store) -> Result<(), CheckpointError> {
    Ok(store
        .keep_checkpoint(log.origin(), log.size(), log.note())
        .await?)
}
