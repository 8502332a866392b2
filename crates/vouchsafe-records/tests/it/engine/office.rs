//! The back office of a bank: an engine with all that it stands on.

use std::io::PipeWriter;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;
use vouchsafe::access::{Bundle, BundleHash, Purpose, Right};
use vouchsafe::audit::{AuditLog as _, Context};
use vouchsafe::document::Document;
use vouchsafe::ids::{PersonId, RecordId, RecordType, RightId, SessionId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted::{self, Clock};
use vouchsafe_database::{Create, Location};
use vouchsafe_keys::local::LocalRoot;
use vouchsafe_keys::{CacheLimits, KeyStore};
use vouchsafe_ledger::RecorderError;
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_ledger::reader::Log;
use vouchsafe_ledger::recorder::{self, RecorderConfig};
use vouchsafe_records::engine::{
    Caller, Engine, Failure, Links, Op, OpResult, Page, Refused, Released, Search, WriteOptions,
};

use crate::bank;
use crate::bench::{Bench, record_type};

/// What must be in no entry of the log as it is.
pub(super) const CANARY: &str = "Zebrowski-Canary";

/// The recorder stamps what it is given, so the engine's clock is the real one, too.
fn now() -> Timestamp {
    Timestamp::now()
}

/// A day as the bank writes it, so many days from today.
pub(super) fn day(from_today: i64) -> String {
    let day = now() + SignedDuration::from_hours(24 * from_today);
    let day = Offset::UTC.to_datetime(day).date();
    format!("{}.{}.{}", day.day(), day.month(), day.year())
}

/// A recorder on a thread of this process.
struct Recorder {
    /// It runs until this is closed.
    until: PipeWriter,
    thread: JoinHandle<Result<(), RecorderError>>,
}

pub(super) struct Office<'b> {
    pub(super) bench: &'b Bench,
    pub(super) engine: Engine,
    log: RecorderClient,
    keys: Arc<KeyStore>,
    recorder: Recorder,
    folder: TempDir,
}

/// Starts the recorder of a new log, and waits until it listens.
async fn record(folder: &TempDir, bundle: BundleHash) -> (Recorder, RecorderClient) {
    let log = folder.path().join("log");
    recorder::init(&log, "log.example.org/bank").unwrap();
    let mut config = RecorderConfig::new(&log, folder.path().join("run").join("s"));
    config.bundles = vec![bundle];
    let socket = config.socket.clone();
    let (reader, until) = std::io::pipe().unwrap();
    let thread = std::thread::spawn(move || recorder::run(&config, reader));
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::os::unix::net::UnixStream::connect(&socket).is_err() {
        assert!(!thread.is_finished(), "{:?}", thread.join());
        assert!(Instant::now() < deadline, "the recorder does not listen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let pinned = recorder::identity(&log).unwrap().recorder;
    let client = RecorderClient::connect(&socket, pinned, Uuid::new_v4(), Some(bundle)).await;
    (Recorder { until, thread }, client.unwrap())
}

/// The bank's own policies, signed.
fn policies() -> Bundle {
    let seed = [7; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let defaults = Bundle::default_files();
    let mut files = Bundle::default_files();
    for (name, _) in defaults.iter().filter(|(name, _)| name.ends_with(".cedar")) {
        files.remove(name);
    }
    files.insert("manifest.json", include_str!("../../bank/manifest.json"));
    files.insert("bank.cedar", include_str!("../../bank/bank.cedar"));
    let signature = trusted::sign_bundle(&files, &seed).unwrap();
    let public_key = pair.public_key().as_ref().try_into().unwrap();
    trusted::bundle(&files, &signature, &public_key).unwrap()
}

impl<'b> Office<'b> {
    pub(super) async fn new(bench: &'b Bench) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = LocalRoot::create(&folder.path().join("root.key"), None).unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("keys.db"),
        };
        let keys = KeyStore::open(&location, Create::IfMissing, root, CacheLimits::default());
        let keys = Arc::new(keys.await.unwrap());
        keys.create_tenant(bench.tenant).await.unwrap();
        let policies = Arc::new(policies());
        let (recorder, log) = record(&folder, policies.hash()).await;
        let gate = trusted::gate(policies, Arc::new(log.clone()), Clock::new(now));
        let key_service = Arc::<KeyStore>::clone(&keys);
        let engine = Engine::new(bench.store.clone(), key_service, gate, bank::pack());
        Self {
            bench,
            engine,
            log,
            keys,
            recorder,
            folder,
        }
    }

    /// Ends the recorder: from now on nothing can be appended.
    pub(super) fn lose_the_log(self) -> Engine {
        drop(self.recorder.until);
        self.recorder.thread.join().unwrap().unwrap();
        self.engine
    }

    /// Closes everything, and verifies the log from its files: it is sound, names nobody, and each intent has its outcome.
    /// Its entries, as JSON.
    pub(super) async fn close(self) -> Vec<String> {
        assert_eq!(self.log.unsettled().await.unwrap(), []);
        self.keys.close().await;
        drop(self.engine);
        drop(self.log);
        drop(self.recorder.until);
        self.recorder.thread.join().unwrap().unwrap();
        let path: PathBuf = self.folder.path().join("log");
        let log = Log::open(&path).unwrap();
        let report = log.verify();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.unsettled, []);
        let entries = log.entries(0).unwrap().map(|entry| entry.unwrap().json);
        let entries: Vec<String> = entries.collect();
        assert!(entries.iter().all(|entry| !entry.contains(CANARY)));
        entries
    }

    /// Somebody with a role and perhaps a record that stands for them.
    pub(super) fn caller(&self, role: &str, link: Option<(&str, RecordId)>) -> Caller {
        let links = link.map(|(name, id)| (record_type(name), id));
        Caller {
            session: session(self.bench),
            rights: [Right {
                id: RightId::random(),
                role: role.parse().unwrap(),
                from: now() - SignedDuration::from_hours(1),
                until: now() + SignedDuration::from_hours(1),
            }]
            .into(),
            links: Links::new(self.engine.pack(), links),
            purpose: match role {
                "customer" => Purpose::PatientRequest,
                _ => Purpose::Operations,
            },
            context: Context::default(),
            now: now(),
        }
    }

    pub(super) fn back_office(&self) -> Caller {
        self.caller("back-office", None)
    }

    pub(super) async fn write(
        &self,
        caller: &Caller,
        ops: Vec<Op>,
    ) -> Result<Vec<OpResult>, Failure> {
        let written = self.engine.write(caller, ops, &once()).await;
        written.map_err(|Refused { failure, .. }| failure)
    }

    pub(super) async fn read(
        &self,
        caller: &Caller,
        name: &str,
        id: RecordId,
    ) -> Result<Released, Failure> {
        self.engine.read(caller, &record_type(name), id, None).await
    }

    pub(super) async fn search(
        &self,
        caller: &Caller,
        name: &str,
        params: &[(&str, &str)],
    ) -> Result<Page, Failure> {
        self.engine.search(caller, &search(name, params)).await
    }

    /// A customer of that family name with an account: their ids.
    pub(super) async fn customer(&self, family: &str) -> (RecordId, RecordId) {
        let (customer, account) = (RecordId::random(), RecordId::random());
        let ops = vec![
            create("Account", account, &self::account(customer)),
            create("Customer", customer, &person(family)),
        ];
        self.write(&self.back_office(), ops).await.unwrap();
        (customer, account)
    }

    /// An adviser to whom these customers gave a mandate.
    pub(super) async fn adviser(&self, customers: &[RecordId]) -> Caller {
        let adviser = RecordId::random();
        let number = format!(r#"{{"number":"A-{adviser}"}}"#);
        let mut ops = vec![create("Adviser", adviser, &number)];
        ops.extend(customers.iter().map(|customer| {
            let mandate = mandate(*customer, adviser);
            create("Mandate", RecordId::random(), &mandate)
        }));
        self.write(&self.back_office(), ops).await.unwrap();
        self.caller("adviser", Some(("Adviser", adviser)))
    }
}

fn session(bench: &Bench) -> Session {
    let ttl = AccessTtl::default();
    let issuer = Issuer::new(&[9; 32], "https://issuer", "https://us", ttl).unwrap();
    let keys = VerifyingKeys::new([issuer.public_key()]);
    let verifier = trusted::verifier(keys, "https://issuer", "https://us");
    let new = NewSession {
        id: SessionId::random(),
        tenant: bench.tenant,
        principal: Principal::Person(PersonId::random()),
        assurance: Assurance::TwoFactor,
    };
    trusted::session(&verifier, &issuer.issue(&new, now()), now()).unwrap()
}

pub(super) const fn once() -> WriteOptions {
    WriteOptions {
        idempotent: None,
        operation: "write",
    }
}

pub(super) fn search(name: &str, params: &[(&str, &str)]) -> Search {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Search {
        total: false,
        record_type: record_type(name),
        params: params.iter().map(own).collect(),
        count: 10,
        cursor: None,
        lenient: false,
    }
}

pub(super) fn ids(page: &Page) -> Vec<RecordId> {
    let mut ids: Vec<RecordId> = page.items.iter().map(|item| item.id).collect();
    ids.sort_unstable();
    ids
}

pub(super) fn create(name: &str, id: RecordId, text: &str) -> Op {
    Op::Create {
        record_type: record_type(name),
        id,
        document: document(text),
        unless: None,
    }
}

pub(super) fn update(name: &str, id: RecordId, text: &str) -> Op {
    Op::Update {
        record_type: RecordType::clone(&record_type(name)),
        id,
        document: document(text),
        if_match: None,
    }
}

pub(super) fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

pub(super) fn person(family: &str) -> String {
    format!(
        r#"{{"number":"K-{family}","tax":"99","name":{{"family":"{family}","given":["Ada"]}},"born":"3.2.1970","telephone":["555-0100"],"rating":"{CANARY}"}}"#
    )
}

pub(super) fn account(holder: RecordId) -> String {
    format!(
        r#"{{"holder":"Customer:{holder}","iban":"DE-{holder}","state":"open","opened":"24.11.2020","balance":12.50,"entries":[{{"amount":-3.10,"text":"Pharmacy {CANARY}"}}]}}"#
    )
}

pub(super) fn mandate(customer: RecordId, adviser: RecordId) -> String {
    format!(
        r#"{{"customer":"Customer:{customer}","adviser":"Adviser:{adviser}","state":"signed","from":"{}","until":"{}"}}"#,
        day(-30),
        day(30)
    )
}
