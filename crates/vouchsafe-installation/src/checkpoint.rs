//! What the service remembers of the audit log: its newest checkpoint, in the database of records.
//!
//! The recorder refuses what does not hold together; an older copy of its whole folder does. So a start asks for the
//! proof that the log begins with all that was seen of it before.

use std::time::Duration;

use vouchsafe_ledger::reader::{Log, NotExtended, ReadError};
use vouchsafe_records::store::{Store, StoreError};
use vouchsafe_tlog::NoteVerifier;

use crate::folder::Folder;
use crate::logging::{Level, event};
use crate::serve::Shared;
use crate::service::Service;

/// A service that runs remembers so often what has been published.
const EVERY: Duration = Duration::from_secs(5);

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
fn published(folder: &Folder, pinned: Option<&str>) -> Result<Log, CheckpointError> {
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
    Ok(store
        .keep_checkpoint(log.origin(), log.size(), log.note())
        .await?)
}

/// Remembers the log as it is published; the size of what is remembered.
///
/// # Errors
/// [`CheckpointError`].
pub(crate) async fn remember(service: &Service, known: u64) -> Result<u64, CheckpointError> {
    let log = published(&service.folder, service.installation.log.as_deref())?;
    if log.size() > known {
        let store = service.engine.store();
        store
            .keep_checkpoint(log.origin(), log.size(), log.note())
            .await?;
    }
    Ok(log.size())
}

/// Hashes the whole log once, beside the service: a start has read its end, and nobody else reads what is older.
///
/// Damage there is told and closes nothing: what is written from now on is not less sound by it.
fn verify(service: &Service) {
    let log = published(&service.folder, service.installation.log.as_deref());
    // A thread that nobody waits for: it ends with the process, however long the log is.
    std::thread::spawn(move || {
        let Ok(log) = log else {
            let text = "the audit log could not be verified; `vouchsafe audit verify` says why";
            return event(Level::Error, text, &[]);
        };
        let report = log.verify();
        let sound = report.is_sound();
        let (level, text) = match sound {
            true => (Level::Info, "the whole audit log was verified"),
            false => (
                Level::Error,
                "the audit log does not hold: keep its folder as it is; `vouchsafe audit verify` says what is wrong",
            ),
        };
        event(level, text, &[("entries", &report.entries)]);
        metrics::gauge!("vouchsafe_audit_log_sound").set(f64::from(u8::from(sound)));
    });
}

/// Verifies the log, and remembers how far it is until the service stops.
pub(crate) async fn run(shared: &Shared) {
    verify(&shared.service);
    let (mut known, mut told) = (0, false);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match remember(&shared.service, known).await {
            Ok(size) => (known, told) = (size, false),
            // Once, until it works again.
            Err(_) if told => {}
            Err(_) => {
                told = true;
                event(
                    Level::Warn,
                    "the log's checkpoint could not be remembered; it is tried again",
                    &[],
                );
            }
        }
    }
}
