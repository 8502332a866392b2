//! The order in which an installation is opened.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;
use vouchsafe::access::Bundle;
use vouchsafe::audit::{AppendError, AuditLog as _, Context, RecorderKey};
use vouchsafe::ids::TenantId;
use vouchsafe::keys::KeyService;
use vouchsafe_database::{Create, Database, Location};
use vouchsafe_identity::Identity;
use vouchsafe_keys::local::LocalRoot;
use vouchsafe_keys::{CacheLimits, KeyStore};
use vouchsafe_ledger::RecorderError;
use vouchsafe_ledger::client::{ConnectError, RecorderClient};
use vouchsafe_ledger::recorder;
use vouchsafe_records::engine::Engine;
use vouchsafe_records::pack::Pack;
use vouchsafe_records::store::Store;

use super::policies::{self, from_hex, to_hex};
use super::{OpenError, Opening, Recorder, Service, now};
use crate::administration;
use crate::checkpoint;
use crate::folder::{Folder, FolderError, Installation};
use crate::settings::DatabaseSettings;
use crate::tls;

/// This program is younger (2026-11-01): a clock before it is wrong.
const EARLIEST: Timestamp = Timestamp::constant(1_793_491_200, 0);
/// How long a recorder may take to make room for the next, and how often it is looked.
const TAKE_OVER: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

impl Service {
    /// Opens an installation; with [`Opening::create`], makes what a first start makes.
    ///
    /// # Errors
    /// [`OpenError`], whose text says what is wrong and what to do. A start that is not the first
    /// one has changed nothing then.
    pub async fn open(opening: Opening) -> Result<Self, OpenError> {
        if now() < EARLIEST {
            return Err(OpenError::ClockPast(now()));
        }
        let folder = Folder::new(&opening.folder);
        let settings = opening.settings.clone();
        let places = places(&folder, &settings.database)?;
        // Before anything is made.
        reach(&places).await?;
        let mut installation = find(&folder, opening.create)?;
        let first = !installation.ready;
        let tls = tls::load(
            &folder.at("tls"),
            &settings.tls,
            &settings.host_names,
            now(),
        )?;
        let keys = open_keys(&folder, &places, first).await?;
        if first {
            keys.create_tenant(installation.tenant).await?;
            installation.policies = Some(policies::write_default(&folder)?);
        }
        let keys = Arc::new(keys);
        let bundle = policies::open(
            &folder,
            installation.policies.as_deref().unwrap_or_default(),
        )?;
        let (recorder, log) = start_recorder(&opening, &folder, &mut installation, first).await?;
        let identity = open_identity(&settings, &places, &keys, &installation, first).await?;
        let parts = (Arc::clone(&keys), log.clone(), Arc::clone(&bundle));
        let engine = open_engine(&places, parts, first).await?;
        checkpoint::compare(&folder, installation.log.as_deref(), engine.store()).await?;
        let settled = settle(&recorder, &engine).await?;
        let mut service = Self {
            settings,
            folder,
            installation,
            keys,
            identity: Arc::new(identity),
            engine: Arc::new(engine),
            bundle,
            log,
            recorder,
            tls,
            invitation: None,
            settled,
        };
        if first {
            service.invite(&opening).await?;
        }
        Ok(service)
    }

    /// Invites the first administrator: that ends the first start.
    async fn invite(&mut self, opening: &Opening) -> Result<(), OpenError> {
        let person = opening.administrator.person(now())?;
        let prepared = self
            .identity
            .add_first_administrator(self.tenant(), &person, now())
            .await;
        match prepared {
            Ok(prepared) => {
                let context = Context::default();
                let keys = self.audit_keys().await?;
                let drafts: Vec<_> = prepared
                    .events()
                    .iter()
                    .map(|event| administration::draft(event, &keys, &context, now()))
                    .collect();
                self.append(&drafts).await?;
                self.invitation = Some(prepared.confirm().await?);
            }
            // The first start was cut off after this; a new link is made by `vouchsafe person link`.
            Err(vouchsafe_identity::AdminError::NotFirstStart) => {}
            Err(error) => return Err(error.into()),
        }
        self.installation.ready = true;
        self.folder.keep(&self.installation)?;
        Ok(())
    }
}

/// The installation in the folder; a new one, when one may be made.
fn find(folder: &Folder, create: bool) -> Result<Installation, FolderError> {
    let found = folder.installation()?;
    let first = found
        .as_ref()
        .is_none_or(|installation| !installation.ready);
    if first && !create {
        return Err(FolderError::Missing(folder.path().to_owned()));
    }
    folder.prepare()?;
    let installation = found.unwrap_or_else(unborn);
    if first {
        // A first start that is cut off goes on with the same ids.
        folder.keep(&installation)?;
    }
    Ok(installation)
}

/// Settles the writes that were cut off. Beside a process that writes, what is open may be under way: it is that
/// one's to settle.
async fn settle(recorder: &Recorder, engine: &Engine) -> Result<usize, OpenError> {
    match recorder {
        Recorder::Own(_) => engine
            .settle(SignedDuration::ZERO)
            .await
            .map_err(OpenError::Settle),
        Recorder::Joined { .. } => Ok(0),
    }
}

/// An installation before its first start: ids of its own, and nothing pinned.
fn unborn() -> Installation {
    Installation {
        tenant: TenantId::random(),
        replica: Uuid::new_v4(),
        log: None,
        recorder: None,
        policies: None,
        ready: false,
    }
}

async fn open_keys(folder: &Folder, places: &Places, first: bool) -> Result<KeyStore, OpenError> {
    let path = folder.root_key();
    let root = match first && !path.exists() {
        true => LocalRoot::create(&path, None)?,
        false => LocalRoot::open(&path, None)?,
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
    let pack = Pack::fhir_r4()?;
    let store = Store::open(&places.records, create(first), &pack).await?;
    let keys: Arc<dyn KeyService> = keys;
    Ok(Engine::new(
        store,
        keys,
        Arc::new(log),
        bundle,
        pack,
        Arc::new(now),
    ))
}

struct Places {
    keys: Location,
    identity: Location,
    records: Location,
}

/// Three files, or three databases; never a mixture.
fn places(folder: &Folder, settings: &DatabaseSettings) -> Result<Places, OpenError> {
    let DatabaseSettings {
        records,
        identity,
        keys,
        ca,
        connections,
    } = settings;
    let file = |place: &str, name: &str| Location::Sqlite {
        path: folder.at(place).join(name),
    };
    match (records, identity, keys, ca) {
        (None, None, None, None) if connections.is_none() => Ok(Places {
            keys: file("keys", "keys.db"),
            identity: file("data", "identity.db"),
            records: file("data", "records.db"),
        }),
        (Some(records), Some(identity), Some(keys), Some(ca)) => {
            let connections = connections.unwrap_or_default();
            let server = |url: &String, connections: u32| {
                Location::Postgres(vouchsafe_database::Server {
                    url: url.clone(),
                    ca: ca.clone(),
                    connections,
                })
            };
            Ok(Places {
                keys: server(keys, connections.keys),
                identity: server(identity, connections.identity),
                records: server(records, connections.records),
            })
        }
        _ => Err(OpenError::HalfPostgres),
    }
}

/// Connects to the servers of the settings: which of them cannot be reached, and why.
async fn reach(places: &Places) -> Result<(), OpenError> {
    let one = async |setting: &'static str, location: &Location| {
        Database::reach(location)
            .await
            .map_err(|error| OpenError::Database {
                setting,
                place: match location {
                    Location::Postgres(server) => server.place().to_owned(),
                    Location::Sqlite { .. } => String::new(),
                },
                error,
            })
    };
    tokio::try_join!(
        one("database.records", &places.records),
        one("database.identity", &places.identity),
        one("database.keys", &places.keys),
    )
    .map(drop)
}

/// Starts the recorder, or joins the one that runs on this folder, and checks that it is the
/// one of the first start.
async fn start_recorder(
    opening: &Opening,
    folder: &Folder,
    installation: &mut Installation,
    first: bool,
) -> Result<(Recorder, RecorderClient), OpenError> {
    if first {
        // Called again, it finishes a first start that was cut off.
        let origin = format!("vouchsafe.local/{}", installation.tenant);
        match recorder::init(&folder.audit(), &origin) {
            Ok(_) | Err(RecorderError::AlreadyInitialised { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let identity = recorder::identity(&folder.audit())?;
    let (log, key) = (
        identity.log.to_string(),
        to_hex(identity.recorder.public_key()),
    );
    if first {
        installation.log = Some(log);
        installation.recorder = Some(key);
        folder.keep(installation)?;
    } else if installation.log.as_ref() != Some(&log)
        || installation.recorder.as_ref() != Some(&key)
    {
        return Err(OpenError::OtherLog);
    }
    let pinned = pinned(folder, installation)?;
    let recorder = Recorder::start(
        folder,
        opening.program.clone(),
        opening.settings.log_level,
        opening.gap,
    )
    .await?;
    let client = answering(folder, &pinned, installation.replica).await?;
    Ok((recorder, client))
}

/// A connection to the recorder, which must answer before anything relies on it.
///
/// After a crash, the recorder that was there may be the one of the killed process, about to end:
/// then ours takes its place, and answers in a moment.
async fn answering(
    folder: &Folder,
    pinned: &RecorderKey,
    replica: Uuid,
) -> Result<RecorderClient, OpenError> {
    let deadline = Instant::now() + TAKE_OVER;
    loop {
        let answered = async {
            let client = RecorderClient::connect(folder.socket(), pinned.clone(), replica).await?;
            client.unsettled().await?;
            Ok(client)
        };
        match answered.await {
            Err(
                OpenError::Connect(ConnectError::Unreachable { .. })
                | OpenError::Append(AppendError::Unavailable),
            ) if Instant::now() < deadline => tokio::time::sleep(LOOK).await,
            answered => return answered,
        }
    }
}

/// The recorder's key as it was pinned at the first start.
fn pinned(folder: &Folder, installation: &Installation) -> Result<RecorderKey, OpenError> {
    let origin = recorder::identity(&folder.audit())?
        .recorder
        .origin()
        .to_owned();
    let key = installation.recorder.as_deref().and_then(from_hex);
    Ok(RecorderKey::new(&origin, key.ok_or(OpenError::OtherLog)?))
}

async fn open_identity(
    settings: &crate::settings::Settings,
    places: &Places,
    keys: &KeyStore,
    installation: &Installation,
    first: bool,
) -> Result<Identity, OpenError> {
    let seal = keys.system_key(installation.tenant, "identity").await?;
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
