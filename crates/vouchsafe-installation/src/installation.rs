//! An open installation.

pub(crate) mod open;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vouchsafe::access::Bundle;
use vouchsafe::audit::{AppendError, AuditKeys, AuditLog as _, Context, Draft, Outcome, Recorded};
use vouchsafe::gate::Gate;
use vouchsafe::ids::TenantId;
use vouchsafe::keys::{KeyError, KeyService as _};
use vouchsafe_identity::{Identity, Prepared};
use vouchsafe_keys::KeyStore;
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_ledger::reader::Log;
use vouchsafe_records::engine::Engine;

use crate::change::ChangeError;
use crate::checkpoint::{self, CheckpointError};
use crate::clock::now;
use crate::event::{draft, draft_as};
use crate::folder::{Folder, Pinned};
use crate::recorder::Recorder;
use crate::recovery::Recovery;
use crate::settings::Settings;
use crate::tls::{Kept, Tls};

/// Wait limit for a published entry; the recorder signs a checkpoint each second.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(50);

/// An open installation: all parts opened and checked.
#[derive(Debug)]
pub struct Installation {
    settings: Settings,
    folder: Folder,
    pinned: Pinned,
    keys: Arc<KeyStore>,
    identity: Identity,
    engine: Arc<Engine>,
    bundle: Arc<Bundle>,
    log: RecorderClient,
    recorder: Recorder,
    certificate: Kept,
}

impl Installation {
    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its folder.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What was done after losses, since the first start.
    #[must_use]
    pub fn recoveries(&self) -> &[Recovery] {
        &self.pinned.recoveries
    }

    /// The tenant that it serves.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.pinned.tenant
    }

    /// The store of keys.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// People, sessions, rights.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Records.
    #[must_use]
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The policies in force.
    #[must_use]
    pub const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The audit log.
    #[must_use]
    pub const fn log(&self) -> &RecorderClient {
        &self.log
    }

    /// The certificate in use, and TLS of the listeners.
    #[must_use]
    pub fn tls(&self) -> Arc<Tls> {
        self.certificate.tls()
    }

    /// The certificate, which may be replaced.
    #[must_use]
    pub const fn certificate(&self) -> &Kept {
        &self.certificate
    }

    /// The gate, which decides by the policies in force and trusts this installation's recorder.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        self.engine.gate()
    }

    /// The tenant's keys for the log.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn audit_keys(&self) -> Result<Arc<AuditKeys>, KeyError> {
        self.keys.audit_keys(self.tenant()).await
    }

    /// Appends entries that release nothing; returns their positions.
    ///
    /// # Errors
    /// [`AppendError`] if they are not durable.
    pub async fn append(&self, drafts: Vec<Draft>) -> Result<Recorded, AppendError> {
        self.log.append(drafts).await
    }

    /// Logs a prepared change of people and rights, makes it, and logs the failure if it failed.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change<T>(
        &self,
        prepared: Prepared<'_, T>,
        context: &Context,
    ) -> Result<T, ChangeError> {
        let keys = self.audit_keys().await?;
        let events = prepared.events().to_vec();
        let drafts: Vec<Draft> = events
            .iter()
            .map(|event| draft(event, &keys, context, now()))
            .collect();
        self.append(drafts).await?;
        match prepared.confirm().await {
            Ok(done) => Ok(done),
            Err(error) => {
                let drafts: Vec<Draft> = events
                    .iter()
                    .map(|event| draft_as(event, Outcome::Aborted, &keys, context, now()))
                    .collect();
                self.append(drafts).await?;
                Err(error.into())
            }
        }
    }

    /// The published log, verified with the pinned key.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn published_log(&self) -> Result<Log, CheckpointError> {
        checkpoint::published(&self.folder, self.pinned.log.as_deref())
    }

    /// The published log, once its checkpoint covers the entry with this index; `None` if it does not within 15
    /// seconds. The recorder signs a checkpoint each second, so a new entry is not published at once.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn published_log_with(&self, index: u64) -> Result<Option<Log>, CheckpointError> {
        let deadline = Instant::now() + PUBLISHED_WITHIN;
        loop {
            let log = self.published_log()?;
            if log.size() > index {
                return Ok(Some(log));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Stores the checkpoint of the published log in the records database, if it is longer than `known`; returns its
    /// size.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn remember_log(&self, known: u64) -> Result<u64, CheckpointError> {
        let log = self.published_log()?;
        if log.size() > known {
            checkpoint::keep(&log, self.engine.store()).await?;
        }
        Ok(log.size())
    }

    /// Stops the recorder, once it has committed and published its accepted entries, and closes the databases.
    pub async fn close(self) {
        let store = self.engine.store();
        let pinned = self.pinned.log.as_deref();
        // Includes entries without a waiting caller.
        self.log.flush().await;
        drop(self.log);
        self.recorder.shutdown().await;
        // The last published checkpoint; if it cannot be read, the next start reports it.
        let _ = checkpoint::compare(&self.folder, pinned, store).await;
        store.close().await;
        self.identity.close().await;
        self.keys.close().await;
    }
}
