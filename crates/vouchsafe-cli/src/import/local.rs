//! Import in this process, into the installation of a data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use vouchsafe::keys::KeyService as _;
use vouchsafe::seal::IndexKey;
use vouchsafe_fhir::{BundleError, BundleRequest, EntryOutcome, Resource, execute, parse_bundle};
use vouchsafe_installation::import::Import;
use vouchsafe_installation::{Installation, Opened, files, preflight};
use vouchsafe_records::engine::Idempotent;
use zeroize::Zeroizing;

use super::ids::Ids;
use super::target::{Ending, Failed, Why};
use crate::installation::DataFolder;
use crate::principal::{default_administrator, os_user};
use crate::serve::enrolment_link;
use crate::{output, told};

/// An installation into which an import writes.
pub(crate) struct Local {
    installation: Installation,
    import: Import,
    folder: PathBuf,
    ids: Ids,
    /// Locked while the import runs.
    _lock: File,
}

impl Local {
    /// Opens the installation of a data folder, or creates it.
    pub(super) async fn open(data: &DataFolder) -> anyhow::Result<Self> {
        let settings = data.settings()?;
        let administrator = default_administrator();
        let Opened {
            installation,
            invitation,
            ..
        } = data.open_with(settings, Some(administrator)).await?;
        if let Some(invitation) = invitation {
            let link = enrolment_link(&installation.settings().base_url(), &invitation);
            output::complain(&format!(
                "First start: {} is a new installation. You are its first administrator; enrol \
                 once, before {:.0}:\n  vouchsafe person enrol '{link}'{}",
                data.given().display(),
                invitation.expires_at,
                data.argument(),
            ));
        }
        let report = preflight::run(&installation).await;
        // An import does not need an administrator, but every other safeguard.
        if let Some(check) = report.failing().find(|check| check.name != "administrator") {
            installation.close().await;
            let remedy = check.remedy.unwrap_or("see `vouchsafe check`");
            anyhow::bail!(
                "{}: {}; nothing was loaded: {remedy}",
                check.name,
                check.finding
            );
        }
        Self::new(installation).await
    }

    /// Begins an import into an open installation.
    pub(crate) async fn new(installation: Installation) -> anyhow::Result<Self> {
        let folder = installation.folder().at("import");
        files::private_folder(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let lock = lock(&folder.join("lock"))?;
        let key = installation.keys().index_key(installation.tenant()).await;
        let ids = Ids::by(key.map_err(|error| told(&error))?);
        let import = Import::begin(&installation, os_user()).await;
        let import = import.map_err(|error| told(&error))?;
        Ok(Self {
            ids,
            installation,
            import,
            folder,
            _lock: lock,
        })
    }

    /// The folder of the import's own files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes UUIDs of other ids.
    pub(super) const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The key for the names of files in the journal.
    pub(super) async fn index_key(&self) -> anyhow::Result<Arc<IndexKey>> {
        let key = self
            .installation
            .keys()
            .index_key(self.installation.tenant())
            .await;
        key.map_err(|error| told(&error))
    }

    /// Writes a bundle once under this key; returns the result of each entry.
    pub(crate) async fn load(
        &self,
        text: &Zeroizing<Vec<u8>>,
        key: &str,
    ) -> anyhow::Result<Result<Vec<EntryOutcome>, BundleError>> {
        let idempotent = Idempotent::new(key.to_owned(), &[text]);
        let copy = text.clone();
        let parsed = tokio::task::spawn_blocking(move || parse_bundle(&copy)).await?;
        self.execute(parsed, idempotent).await
    }

    async fn execute(
        &self,
        request: Result<BundleRequest, BundleError>,
        idempotent: Idempotent,
    ) -> anyhow::Result<Result<Vec<EntryOutcome>, BundleError>> {
        let request = match request {
            Ok(request) => request,
            Err(error) => return Ok(Err(error)),
        };
        let caller = self.import.caller(&self.installation).await;
        let caller = caller.map_err(|error| told(&error))?;
        let engine = self.installation.engine();
        Ok(execute(engine, &caller, request, Some(idempotent)).await)
    }

    pub(super) async fn write_bundle(
        &self,
        text: &Zeroizing<Vec<u8>>,
        key: &str,
    ) -> Result<Vec<Ending>, Failed> {
        endings(self.load(text, key).await)
    }

    /// Writes resources once under this key; their texts identify the request.
    pub(super) async fn write(
        &self,
        resources: Vec<Resource>,
        texts: &[&[u8]],
        key: &str,
    ) -> Result<Vec<Ending>, Failed> {
        let idempotent = Idempotent::new(format!("lines-{key}"), texts);
        let request = BundleRequest::writing(resources);
        endings(self.execute(request, idempotent).await)
    }

    /// Ends the import's right, and returns the installation.
    pub(crate) async fn end(self) -> anyhow::Result<Installation> {
        let Self {
            installation,
            import,
            ..
        } = self;
        let ended = import.end(&installation).await;
        ended.map_err(|error| told(&error))?;
        Ok(installation)
    }

    /// Ends the import's right and closes the installation.
    pub(super) async fn close(self) {
        let Self {
            installation,
            import,
            ..
        } = self;
        if let Err(error) = import.end(&installation).await {
            output::complain(&format!(
                "the import's right could not be ended ({error}); it ends by itself within 24 \
                 hours, and with the next import"
            ));
        }
        installation.close().await;
    }
}

fn endings(
    written: anyhow::Result<Result<Vec<EntryOutcome>, BundleError>>,
) -> Result<Vec<Ending>, Failed> {
    match written {
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

fn ending(outcome: &EntryOutcome) -> Ending {
    match (outcome.failure(), outcome.status.as_u16()) {
        (Some((_, words, path)), _) => Ending::Failed(Why::new(None, path, words)),
        (None, 201) => Ending::Created,
        (None, _) => Ending::Matched,
    }
}

/// Locks the folder, so that one import runs at a time: the next one ends the right of an interrupted one.
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
