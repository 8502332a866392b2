//! The newest checkpoint of the audit log, stored in the database of records.
//!
//! The recorder refuses what does not hold together; an older copy of its whole folder does. So a start asks for the
//! proof that the log begins with all that was seen of it before.
//!
//! The other way round, an older copy of the database lacks writes that the log has as committed. Its own newest checkpoint says
//! from where on to look: what was committed later must be there.

use std::fmt;

use vouchsafe::audit::{EntryKind, Outcome};
use vouchsafe_ledger::reader::{Log, NotExtended, ReadError};
use vouchsafe_records::store::{Store, StoreError};
use vouchsafe_tlog::{Checkpoint, NoteVerifier};

use crate::entry::Entry;
use crate::folder::Folder;

/// Missing writes are counted up to so many.
const MOST: u64 = 10_000;

/// Why the log is not accepted.
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

/// The log, which goes on from what was seen of it.
///
/// # Errors
/// [`CheckpointError`] when it does not.
pub(crate) async fn compared(
    folder: &Folder,
    pinned: Option<&str>,
    store: &Store,
) -> Result<Log, CheckpointError> {
    let log = published(folder, pinned)?;
    if let Some(seen) = store.checkpoint(log.origin()).await? {
        log.extends(&seen)?;
    }
    Ok(log)
}

/// Compares the log with what was seen of it, and remembers it as it is.
///
/// # Errors
/// [`CheckpointError`] if it does not continue the stored checkpoint.
pub(crate) async fn compare(
    folder: &Folder,
    pinned: Option<&str>,
    store: &Store,
) -> Result<(), CheckpointError> {
    let log = compared(folder, pinned, store).await?;
    keep(&log, store).await
}

/// Writes that the log has as committed, and the database has not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Missing {
    /// How many; beyond ten thousand they are not counted.
    pub count: u64,
    /// The entries of the first and of the last of them.
    pub entries: (u64, u64),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            entries: (first, last),
        } = self;
        let least = if *count >= MOST { "at least " } else { "" };
        write!(
            f,
            "{least}{count} writes that the audit log has as committed are not in the database (entries {first} to {last})"
        )
    }
}

/// What the log has as committed since the checkpoint that the database remembers, and the database has not.
///
/// # Errors
/// [`CheckpointError`].
pub(crate) async fn missing(log: &Log, store: &Store) -> Result<Option<Missing>, CheckpointError> {
    let seen = store.checkpoint(log.origin()).await?;
    let from = seen
        .and_then(|note| size(&note, log.verifier()))
        .unwrap_or(0);
    let mut missing: Option<Missing> = None;
    for entry in log.entries(from)? {
        let entry = entry?;
        let EntryKind::Outcome(intent) = entry.kind else {
            continue;
        };
        let read = Entry::read(entry.index, &entry.json);
        let committed = read.is_ok_and(|read| read.outcome == Outcome::Committed.name());
        if !committed || store.is_committed(intent).await? {
            continue;
        }
        let found = missing.get_or_insert(Missing {
            count: 0,
            entries: (entry.index, entry.index),
        });
        found.count += 1;
        found.entries.1 = entry.index;
        if found.count >= MOST {
            break;
        }
    }
    Ok(missing)
}

/// The size that a checkpoint says which this key signed.
pub(crate) fn size(note: &[u8], key: &NoteVerifier) -> Option<u64> {
    let opened = Checkpoint::open(note, key.name().as_str(), key, &[]).ok()?;
    Some(opened.checkpoint.size)
}

/// Remembers the log as it is.
pub(crate) async fn keep(log: &Log, store: &Store) -> Result<(), CheckpointError> {
    Ok(store
        .keep_checkpoint(log.origin(), log.size(), log.note())
        .await?)
}
