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
use vouchsafe_ledger::Gap;
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_records::engine::Engine;
use vouchsafe_records::store::Store;

use super::Installation;
use crate::clock::now;
use crate::databases::{Places, inspect, places, reach};
use crate::folder::{Folder, FolderError, Pinned};
use crate::opening::{OpenError, Opening};
use crate::recorder::{Recorder, Supervision};
use crate::recovery::{Lost, Recover};
use crate::settings::{RootKeySettings, Settings};
use crate::{checkpoint, policies, recorder, recovery, tls};

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
        let clock = (opening.gap == Gap::Confirmed).then(|| Recover {
            lost: Lost::Clock,
            by: "system".to_owned(),
            reason: "it was said that the clock is right".to_owned(),
        });
        Self::open_after(opening, clock).await
    }

    /// Opens an installation that goes on after a loss, and records that.
    ///
    /// # Errors
    /// As [`Self::open`]; [`OpenError::NothingLost`] when there is no such loss, but for a clock that is right.
    pub async fn recover(mut opening: Opening, recover: Recover) -> Result<Opened, OpenError> {
        if recover.lost == Lost::Clock {
            opening.gap = Gap::Confirmed;
        }
        Self::open_after(opening, Some(recover)).await
    }

    async fn open_after(opening: Opening, recover: Option<Recover>) -> Result<Opened, OpenError> {
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
        let supervision = alone(&folder, (&places, first), recover.as_ref()).await?;
        let tls = tls::load(
            &folder.at("tls"),
            &settings.tls,
            &settings.host_names,
            now(),
        )?;
        let certificate = tls::Kept::new(&folder.at("tls"), &settings.tls, tls)?;
        let keys = open_keys(&folder, (&places, &settings.root_key), first).await?;
        if first {
            keys.create_tenant(pinned.tenant).await?;
            pinned.policies = Some(policies::write_default(&folder)?);
        }
        let keys = Arc::new(keys);
        let bundle = policies::open(&folder, pinned.policies.as_deref().unwrap_or_default())?;
        if let Some(recover) = recover.as_ref().filter(|recover| recover.lost == Lost::Log) {
            recovery::begin_log(&folder, &mut pinned, recover)?;
        }
        let told = (bundle.hash(), supervision);
        let (recorder, log) =
            recorder::start(&opening, &folder, (&mut pinned, first), told).await?;
        let identity = open_identity(&settings, &places, &keys, pinned.tenant, first).await?;
        let parts = (Arc::clone(&keys), log.clone(), Arc::clone(&bundle));
        let engine = open_engine(&places, parts, first).await?;
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
            certificate,
        };
        installation.compare(recover.as_ref()).await?;
        let settled = settle(&installation.recorder, &installation.engine).await?;
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

    /// Compares log and database, and records what somebody accepts that they lack.
    async fn compare(&mut self, recover: Option<&Recover>) -> Result<(), OpenError> {
        let store = self.engine.store();
        let log = checkpoint::compared(&self.folder, self.pinned.log.as_deref(), store).await?;
        // Beside a process that works, its writes are under way; it has compared.
        let missing = match &self.recorder {
            Recorder::Own(_) => checkpoint::missing(&log, store).await?,
            Recorder::Joined { .. } => None,
        };
        let lost = recover.map(|recover| recover.lost);
        match (
            missing,
            recover.filter(|recover| recover.lost == Lost::Database),
        ) {
            (None, None) => {}
            (None, Some(_)) => {
                let why = "the database has every write that the audit log has as committed";
                return Err(OpenError::NothingLost(why));
            }
            (Some(missing), None) => return Err(OpenError::Behind(missing)),
            (Some(missing), Some(recover)) => {
                let done = recovery::database(&missing, recover);
                self.pinned.recoveries.push(done);
            }
        }
        if let Some(recover) = recover.filter(|_| lost == Some(Lost::Clock)) {
            self.pinned
                .recoveries
                .extend(recovery::clock(&log, recover)?);
        }
        recovery::tell_of_log(&mut self.pinned, store).await?;
        let keys = self.keys.audit_keys(self.pinned.tenant).await?;
        let place = (&self.folder, &mut self.pinned);
        recovery::write_down(place, &self.log, &keys).await?;
        Ok(checkpoint::keep(&log, self.engine.store()).await?)
    }

    /// Invites the first administrator: that ends the first start.
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

/// The right to start the recorder, if nobody else works on this folder. Then no other has its files open, and they are looked
/// through.
async fn alone(
    folder: &Folder,
    (places, first): (&Places, bool),
    recover: Option<&Recover>,
) -> Result<Option<Supervision>, OpenError> {
    let supervision = Supervision::take(folder)?;
    match supervision {
        None if recover.is_some() => return Err(OpenError::InUse),
        Some(_) if !first => inspect(places).await?,
        _ => {}
    }
    Ok(supervision)
}

/// The installation in the folder; a new one, when one may be made.
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
        recoveries: Vec::new(),
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
