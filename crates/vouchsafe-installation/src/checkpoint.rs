//! What an installation remembers of the audit log: its newest checkpoint, in the database of records.
//!
//! The recorder refuses what does not hold together; an older copy of its whole folder does. So a start asks for the
//! proof that the log begins with all that was seen of it before.

use vouchsafe_ledger::reader::{Log, NotExtended, ReadError};
use vouchsafe_records::store::{Store, StoreError};
use vouchsafe_tlog::NoteVerifier;

use crate::folder::Folder;

/// Why the log is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The pinned key is no key.
    #[error("the pinned key in installation.json is damaged; restore it from a backup")]
    Key,
    /// It does not go on from what was seen.
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

/// The log as it is published, under the pinned key.
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

/// Compares the log with what was seen of it, and remembers it as it is.
///
/// # Errors
/// [`CheckpointError`] when it does not go on from there.
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

/// Remembers the log as it is.
pub(crate) async fn keep(log: &Log, store: &Store) -> Result<(), CheckpointError> {
    Ok(store
        .keep_checkpoint(log.origin(), log.size(), log.note())
        .await?)
}
