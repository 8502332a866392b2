//! A whole service without ports.

use std::fs::Permissions;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vouchsafe_database::testing::Databases;
use vouchsafe_installation::settings::{DatabaseSettings, Settings};
use vouchsafe_installation::{Installation, Opening};
use vouchsafe_ledger::Gap;
use vouchsafe_ledger::reader::Log;
use vouchsafe_ledger::recorder::{self, RecorderConfig};

use crate::listener::Peer;
use crate::planes::{DATA, LISTENERS, OPERATIONS};
use crate::shared::Shared;
use crate::tasks;

/// Runs each case, a function of a [`Place`], on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(crate::tests::house::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(place) = crate::tests::house::Place::postgres() else { return };
                super::$case(place).await;
            })*
        }
    };
}
pub(super) use on_both;

/// No answer and no log entry may repeat it.
pub(super) const CANARY: &str = "Zanzibarcanary";

/// How long a test waits for a task of the service.
const PATIENCE: Duration = Duration::from_secs(30);

/// The folder and the databases of a service.
pub(super) struct Place {
    folder: TempDir,
    server: Option<Databases>,
}

impl Place {
    pub(super) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    pub(super) fn postgres() -> Option<Self> {
        let server = Databases::new(&["records", "identity", "keys"])?;
        Some(Self {
            server: Some(server),
            ..Self::sqlite()
        })
    }

    fn databases(&self) -> DatabaseSettings {
        let Some(server) = &self.server else {
            return DatabaseSettings::default();
        };
        DatabaseSettings {
            records: Some(server.url("records")),
            identity: Some(server.url("identity")),
            keys: Some(server.url("keys")),
            ca: Some(server.ca().to_owned()),
            connections: None,
        }
    }

    /// The entries of the log, which must be sound.
    pub(super) fn entries(&self) -> Vec<Value> {
        let log = Log::open(&self.folder.path().join("data/audit")).unwrap();
        let report = log.verify();
        assert!(report.is_sound(), "{report:?}");
        let entries = log.entries(0).unwrap();
        entries
            .map(|entry| serde_json::from_str(&entry.unwrap().json).unwrap())
            .collect()
    }
}

/// Arguments of a recorder, in the environment of a process of this test program.
const ARGUMENTS: &str = "VOUCHSAFE_TEST_RECORDER";

/// The program that the service starts as its recorder: this test program, of which it runs one test.
fn recorder_program(folder: &Path) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let test = test.display();
    let run = "--exact tests::house::as_the_recorder --nocapture";
    let script = format!("#!/bin/sh\n{ARGUMENTS}=\"$*\" exec '{test}' {run}\n");
    let program = folder.join("recorder");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
    program
}

/// No test by itself: the recorder of those above.
#[test]
fn as_the_recorder() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let mut words = arguments.split(' ');
    let mut config = RecorderConfig::new("", "");
    assert_eq!(words.next(), Some("recorder"));
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match name {
            "--dir" => config.dir = value.into(),
            "--socket" => config.socket = value.into(),
            "--bundle" => config.bundles.push(value.parse().unwrap()),
            "--log-level" => {}
            unknown => panic!("{unknown}"),
        }
    }
    recorder::run(&config, std::io::stdin()).unwrap();
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }
}

/// A service that runs.
pub(super) struct House {
    place: Place,
    pub(super) shared: Arc<Shared>,
    data: Router,
    operations: Router,
    /// The link of the first administrator, after a first start.
    pub(super) link: Option<String>,
    tasks: JoinHandle<()>,
}

impl House {
    /// Starts a service; nobody is enrolled in a new place, so PHI routes are closed there.
    pub(super) async fn start(place: Place, set: impl FnOnce(&mut Settings)) -> Self {
        let folder = place.folder.path().join("data");
        let mut settings = Settings {
            public_url: Some("https://localhost".to_owned()),
            database: place.databases(),
            ..Settings::default()
        };
        set(&mut settings);
        let opened = Installation::open(Opening {
            folder,
            program: recorder_program(place.folder.path()),
            administrator: "Ada Example <ada@example.org>".parse().unwrap(),
            create: true,
            gap: Gap::Refused,
            settings,
        });
        let opened = opened.await.unwrap();
        let link = opened.invitation;
        let stop = CancellationToken::new();
        let shared = Shared::new(opened.installation, stop).await.unwrap();
        let router = |name| {
            let listener = LISTENERS.into_iter().find(|entry| entry.name == name);
            let listener = listener.unwrap();
            (listener.guard)((listener.routes)(&shared), &shared)
        };
        let (data, operations) = (router(DATA), router(OPERATIONS));
        let beside = Arc::clone(&shared);
        Self {
            place,
            data,
            operations,
            link: link.map(|link| link.token.expose().to_owned()),
            tasks: tokio::spawn(async move { tasks::all(&beside).await }),
            shared,
        }
    }

    /// Starts a service whose administrator has enrolled, and waits until PHI routes are open.
    pub(super) async fn open(place: Place) -> Self {
        Self::open_with(place, |_| ()).await
    }

    pub(super) async fn open_with(place: Place, set: impl FnOnce(&mut Settings)) -> Self {
        let mut house = Self::start(place, set).await;
        if let Some(link) = house.link.take() {
            house.enrol(&link).await;
        }
        house.wait_until_ready().await;
        house
    }

    async fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.probe("/readyz").await.status != StatusCode::OK {
            assert!(Instant::now() < deadline, "PHI routes did not open");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the service in the order of the program; what it leaves.
    pub(super) async fn stop(self) -> Place {
        self.shared.stop.cancel();
        self.tasks.await.unwrap();
        self.shared.end_requests().await;
        drop((self.data, self.operations));
        let shared = Arc::try_unwrap(self.shared).expect("no request runs");
        shared.installation.close().await;
        self.place
    }

    /// Ends the service and starts it again.
    pub(super) async fn again(self) -> Self {
        let place = self.stop().await;
        Self::open(place).await
    }

    /// Any request to the data plane.
    pub(super) async fn send(&self, request: Request) -> Answer {
        self.send_from(IpAddr::from([192, 0, 2, 7]), request).await
    }

    /// The same from another address.
    pub(super) async fn send_from(&self, from: IpAddr, mut request: Request) -> Answer {
        request.extensions_mut().insert(Peer((from, 4711).into()));
        answer(self.data.clone(), request).await
    }

    /// A request to the operations plane.
    pub(super) async fn probe(&self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty()).unwrap();
        answer(self.operations.clone(), request).await
    }

    /// A request with a JSON body to sign-in and its kin.
    pub(super) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let body = Body::from(body.into());
        self.send(Request::post(path).body(body).unwrap()).await
    }

    /// A request of the FHIR dialect.
    pub(super) async fn fhir(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/fhir/R4{path}"))
            .header("authorization", format!("Bearer {token}"));
        if body.is_some() {
            request = request.header("content-type", "application/fhir+json");
        }
        let body = body.map_or_else(Body::empty, Body::from);
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Answer {
        self.fhir(token, Method::GET, path, None).await
    }
}

async fn answer(router: Router, request: Request) -> Answer {
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    let text = axum::body::to_bytes(body, 1 << 26).await.unwrap();
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(text.to_vec()).unwrap(),
    }
}
