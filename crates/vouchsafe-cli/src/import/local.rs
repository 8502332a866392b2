//! Importing in this process, into the installation of a data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Mutex;
use vouchsafe::access::{Purpose, Verb};
use vouchsafe::gate::Request;
use vouchsafe::keys::KeyService as _;
use vouchsafe::seal::IndexKey;
use vouchsafe::trusted;
use vouchsafe_fhir::{BundleError, EntryOutcome, execute, parse_bundle};
use vouchsafe_ledger::Gap;
use vouchsafe_records::engine::{Caller, Idempotent};
use vouchsafe_server::service::{Service, now};
use vouchsafe_server::{files, preflight};
use zeroize::Zeroizing;

use super::ids::Ids;
use super::right::Integration;
use super::target::{Ending, Failed, Why};
use crate::installation::DataFolder;
use crate::principal::{caller, default_administrator};
use crate::serve::enrolment_link;
use crate::{output, told};

/// An installation into which an import writes.
pub(crate) struct Local {
    service: Service,
    integration: Mutex<Integration>,
    folder: PathBuf,
    ids: Ids,
    /// Held for as long as the import runs.
    _lock: File,
}

impl Local {
    /// Opens the installation of a data folder, or makes it.
    pub(super) async fn open(data: &DataFolder) -> anyhow::Result<Self> {
        let settings = data.settings()?;
        let administrator = default_administrator();
        let mut service = data
            .open_with(settings, Some(administrator), Gap::Refused)
            .await?;
        if let Some(invitation) = service.invitation.take() {
            let link = enrolment_link(&service.settings.base_url(), &invitation);
            output::complain(&format!(
                "First start: {} is a new installation. You are its first administrator; enrol \
                 once, before {:.0}:\n  vouchsafe person enrol '{link}'{}",
                data.given().display(),
                invitation.expires_at,
                data.argument(),
            ));
        }
        let report = preflight::run(&service).await;
        // Who administers is of no matter to an import; every other safeguard is.
        if let Some(check) = report.failing().find(|check| check.name != "administrator") {
            service.close().await;
            let remedy = check.remedy.unwrap_or("see `vouchsafe check`");
            anyhow::bail!(
                "{}: {}; nothing was loaded: {remedy}",
                check.name,
                check.finding
            );
        }
        Self::new(service).await
    }

    /// Begins an import into an installation that is open.
    pub(crate) async fn new(service: Service) -> anyhow::Result<Self> {
        let folder = service.folder.at("import");
        files::private_folder(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let lock = lock(&folder.join("lock"))?;
        let integration = Integration::begin(&service).await?;
        let key = service.keys.index_key(service.tenant()).await;
        let ids = Ids::by(key.map_err(|error| told(&error))?);
        let local = Self {
            ids,
            service,
            integration: Mutex::new(integration),
            folder,
            _lock: lock,
        };
        local.note_begin().await?;
        Ok(local)
    }

    /// Where imports keep what they have to remember.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What makes ids of those that are no UUIDs.
    pub(super) const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The key under which files are named.
    pub(super) async fn index_key(&self) -> anyhow::Result<Arc<IndexKey>> {
        let key = self.service.keys.index_key(self.service.tenant()).await;
        key.map_err(|error| told(&error))
    }

    async fn caller(&self) -> anyhow::Result<Caller> {
        let session = self.integration.lock().await.session(&self.service).await?;
        let caller = caller(&self.service, session, now()).await?;
        // To import is to run the organisation, whatever else the role may do.
        Ok(Caller {
            purpose: Purpose::Operations,
            ..caller
        })
    }

    /// An import is decided like everything else, and its beginning written down.
    async fn note_begin(&self) -> anyhow::Result<()> {
        let caller = self.caller().await?;
        let keys = self
            .service
            .audit_keys()
            .await
            .map_err(|error| told(&error))?;
        let request = Request {
            session: &caller.session,
            purpose: caller.purpose,
            context: &caller.context,
            keys: &keys,
        };
        let facts = trusted::facts(caller.rights.clone(), false, false);
        let bundle = "Bundle".parse().map_err(|error| told(&error))?;
        let gate = self.service.engine.gate();
        match gate.admit(&request, Verb::Import, &bundle, None, &facts) {
            Ok(draft) => {
                let recorded = gate.record(vec![draft]).await;
                recorded.map(drop).map_err(|error| told(&error))
            }
            Err(refusal) => {
                let denied = refusal.recorded().await.map_err(|error| told(&error))?;
                Err(told(&denied).context("the policies refuse the import"))
            }
        }
    }

    /// Writes a bundle once under this key; how each entry ended.
    pub(crate) async fn load(
        &self,
        text: &Zeroizing<Vec<u8>>,
        key: &str,
    ) -> anyhow::Result<Result<Vec<EntryOutcome>, BundleError>> {
        let idempotent = Idempotent::new(key.to_owned(), &[text]);
        let copy = text.clone();
        let parsed = tokio::task::spawn_blocking(move || parse_bundle(&copy)).await?;
        let caller = self.caller().await?;
        Ok(match parsed {
            Ok(bundle) => execute(&self.service.engine, &caller, bundle, Some(idempotent)).await,
            Err(error) => Err(error),
        })
    }

    pub(super) async fn write(
        &self,
        text: &Zeroizing<Vec<u8>>,
        key: &str,
    ) -> Result<Vec<Ending>, Failed> {
        match self.load(text, key).await {
            Ok(Ok(outcomes)) => Ok(outcomes.iter().map(ending).collect()),
            Ok(Err(error)) => {
                let (_, words, path) = error.failure();
                Err(match error.is_transient() {
                    true => Failed::Transient(words.to_owned()),
                    false => Failed::Refused(Why::new(error.entry, path, words)),
                })
            }
            Err(error) => Err(Failed::Stop(error)),
        }
    }

    /// Ends the import's right, and gives the installation back.
    pub(crate) async fn end(self) -> anyhow::Result<Service> {
        let Self {
            service,
            integration,
            ..
        } = self;
        integration.into_inner().end(&service).await?;
        Ok(service)
    }

    /// Ends the import's right and closes the installation.
    pub(super) async fn close(self) {
        let Self {
            service,
            integration,
            ..
        } = self;
        if let Err(error) = integration.into_inner().end(&service).await {
            output::complain(&format!(
                "the import's right could not be ended ({error:#}); it ends by itself within 24 \
                 hours, and with the next import"
            ));
        }
        service.close().await;
    }
}

fn ending(outcome: &EntryOutcome) -> Ending {
    match (outcome.failure(), outcome.status.as_u16()) {
        (Some((_, words, path)), _) => Ending::Failed(Why::new(None, path, words)),
        (None, 201) => Ending::Created,
        (None, _) => Ending::Matched,
    }
}

/// One import at a time: the next one takes back the right of one that was cut off.
fn lock(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another import runs on this data folder; wait until it has ended")
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
