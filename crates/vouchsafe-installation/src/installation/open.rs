//! The order in which an installation is opened.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::Bundle;
use vouchsafe::audit::Context;
use vouchsafe::ids::TenantId;
use vouchsafe::keys::KeyService;
use vouchsafe::seal::SystemPurpose;
use vouchsafe::trusted::{self, Clock};
use vouchsafe_database::Create;
use vouchsafe_identity::{AdminError, Identity, Invitation};
use vouchsafe_keys::local::{LocalRoot, Passphrase};
use vouchsafe_keys::{CacheLimits, KeyStore};
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_records::engine::Engine;
use vouchsafe_records::store::Store;

use super::Installation;
use crate::clock::now;
use crate::databases::{Places, places, reach};
use crate::folder::{Folder, FolderError, Pinned};
use crate::opening::{OpenError, Opening};
use crate::recorder::Recorder;
use crate::settings::{RootKeySettings, Settings};
use crate::{checkpoint, policies, recorder, tls};

/// This program was built later (2026-11-01): an earlier clock is wrong.
const EARLIEST: Timestamp = Timestamp::constant(1_793_491_200, 0);

/// The result of opening an installation.
#[derive(Debug)]
pub struct Opened {
    /// The installation.
    pub installation: Installation,
    /// The link of the first administrator, if this was the first start.
    pub invitation: Option<Invitation>,
    /// Number of interrupted writes that were settled.
    pub settled: usize,
}

impl Installation {
    /// Opens an installation; with [`Opening::create`], creates what a first start creates.
    ///
    /// # Errors
    /// [`OpenError`], whose text names the fault and the remedy. Except at a first start, nothing was changed then.
    pub async fn open(opening: Opening) -> Result<Opened, OpenError> {
        if now() < EARLIEST {
            return Err(OpenError::ClockPast(now()));
        }
        let folder = Folder::new(&opening.folder);
        let settings = opening.settings.clone();
        let places = places(&folder, &settings.database)?;
        // Before anything is created.
        reach(&places).await?;
        let mut pinned = find(&folder, opening.create)?;
        let first = !pinned.ready;
        let tls = tls::load(
            &folder.at("tls"),
            &settings.tls,
            &settings.host_names,
            now(),
        )?;
        let keys = open_keys(&folder, (&places, &settings.root_key), first).await?;
        if first {
            keys.create_tenant(pinned.tenant).await?;
            pinned.policies = Some(policies::write_default(&folder)?);
        }
        let keys = Arc::new(keys);
        let bundle = policies::open(&folder, pinned.policies.as_deref().unwrap_or_default())?;
        let (recorder, log) =
            recorder::start(&opening, &folder, (&mut pinned, first), bundle.hash()).await?;
        let identity = open_identity(&settings, &places, &keys, pinned.tenant, first).await?;
        let parts = (Arc::clone(&keys), log.clone(), Arc::clone(&bundle));
        let engine = open_engine(&places, parts, first).await?;
        checkpoint::compare(&folder, pinned.log.as_deref(), engine.store()).await?;
        let settled = settle(&recorder, &engine).await?;
        let mut installation = Self {
            settings,
            folder,
            pinned,
            keys,
            identity,
            engine: Arc::new(engine),
            bundle,
            log,
            recorder,
            tls,
        };
        let invitation = match first {
            true => installation.invite(&opening).await?,
            false => None,
        };
        Ok(Opened {
            installation,
            invitation,
            settled,
        })
    }

    /// Invites the first administrator, which completes the first start.
    async fn invite(&mut self, opening: &Opening) -> Result<Option<Invitation>, OpenError> {
        let person = opening.administrator.person(now())?;
        let prepared = self
            .identity
            .add_first_administrator(self.tenant(), &person, now())
            .await;
        let invitation = match prepared {
            Ok(prepared) => Some(self.change(prepared, &Context::default()).await?),
            // The first start was interrupted after this; `vouchsafe person link` makes a new link.
            Err(AdminError::NotFirstStart) => None,
            Err(error) => return Err(error.into()),
        };
        self.pinned.ready = true;
        self.folder.keep(&self.pinned)?;
        Ok(invitation)
    }
}

/// The installation in the folder; a new one, if one may be created.
fn find(folder: &Folder, create: bool) -> Result<Pinned, FolderError> {
    let found = folder.pinned()?;
    let first = found.as_ref().is_none_or(|pinned| !pinned.ready);
    if first && !create {
        return Err(FolderError::Missing(folder.path().to_owned()));
    }
    folder.prepare()?;
    let pinned = found.unwrap_or_else(new_ids);
    if first {
        // An interrupted first start continues with the same ids.
        folder.keep(&pinned)?;
    }
    Ok(pinned)
}

/// Settles interrupted writes. Beside another writing process, an open write may be in progress: that process settles
/// it.
async fn settle(recorder: &Recorder, engine: &Engine) -> Result<usize, OpenError> {
    match recorder {
        Recorder::Own(_) => engine
            .settle(SignedDuration::ZERO)
            .await
            .map_err(OpenError::Settle),
        Recorder::Joined { .. } => Ok(0),
    }
}

/// The identity of an installation before its first start: new ids, and nothing pinned.
fn new_ids() -> Pinned {
    Pinned {
        tenant: TenantId::random(),
        replica: Uuid::new_v4(),
        log: None,
        recorder: None,
        policies: None,
        ready: false,
    }
}

async fn open_keys(
    folder: &Folder,
    (places, settings): (&Places, &RootKeySettings),
    first: bool,
) -> Result<KeyStore, OpenError> {
    // Relative paths are relative to the data folder, as everywhere in its settings.
    let at = |path: &PathBuf| folder.path().join(path);
    let path = settings.file.as_ref().map_or_else(|| folder.root_key(), at);
    let passphrase = settings.passphrase_file.as_ref();
    let passphrase = passphrase
        .map(|path| Passphrase::from_file(&at(path)))
        .transpose()?;
    let root = match first && !path.exists() {
        true => LocalRoot::create(&path, passphrase.as_ref())?,
        false => LocalRoot::open(&path, passphrase.as_ref())?,
    };
    Ok(KeyStore::open(&places.keys, create(first), root, CacheLimits::default()).await?)
}

const fn create(first: bool) -> Create {
    match first {
        true => Create::IfMissing,
        false => Create::Never,
    }
}

async fn open_engine(
    places: &Places,
    (keys, log, bundle): (Arc<KeyStore>, RecorderClient, Arc<Bundle>),
    first: bool,
) -> Result<Engine, OpenError> {
    let pack = vouchsafe_fhir::pack()?;
    let store = Store::open(&places.records, create(first), &pack).await?;
    let keys: Arc<dyn KeyService> = keys;
    let gate = trusted::gate(bundle, Arc::new(log), Clock::new(now));
    Ok(Engine::new(store, keys, gate, pack))
}

async fn open_identity(
    settings: &Settings,
    places: &Places,
    keys: &KeyStore,
    tenant: TenantId,
    first: bool,
) -> Result<Identity, OpenError> {
    let seal = keys.system_key(tenant, SystemPurpose::Identity).await?;
    let base = settings.base_url();
    let identity = Identity::open(
        &places.identity,
        create(first),
        seal,
        vouchsafe_identity::Settings {
            issuer: base.clone(),
            audience: base,
            ttl: settings.access_token_seconds.0,
        },
        now(),
    );
    Ok(identity.await?)
}
