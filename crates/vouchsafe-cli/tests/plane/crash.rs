//! `kill -9` of the service and of its recorder under load, and a database server that closes connections: nothing
//! acknowledged is lost, every record version has its entry, every intent is settled.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use vouchsafe::audit::AuditLog as _;
use vouchsafe::ids::{RecordKey, Version};
use vouchsafe_installation::Installation;
use vouchsafe_installation::folder::Folder;
use vouchsafe_ledger::reader::Log;
use vouchsafe_records::search::{Order, Window};
use vouchsafe_records::store::{Query, StoredRecord};

use super::home::{Home, on_both};
use super::plane::{Plane, integration_token, opening};
use super::process::child_of;

on_both!(nothing_acknowledged_is_lost);

/// Below the range from which the system takes clients' ports, of which there are many here.
fn free_port() -> u16 {
    loop {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        let port = 20_000 + u16::try_from((high ^ low) % 12_000).expect("small");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The service in a process of its own, killed when this is dropped.
struct Serving {
    child: Child,
    ports: (u16, u16),
    log: PathBuf,
}

impl Serving {
    fn start(home: &Home) -> Self {
        let ports = (free_port(), free_port());
        let log = home.path().join("serve.log");
        let child = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(["serve", "--data"])
            .arg(home.path())
            .envs(home.variables())
            .env("VOUCHSAFE_DATA_LISTEN", format!("127.0.0.1:{}", ports.0))
            .env(
                "VOUCHSAFE_OPERATIONS_LISTEN",
                format!("127.0.0.1:{}", ports.1),
            )
            .env("VOUCHSAFE_PUBLIC_URL", "https://localhost")
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .expect("starts");
        Self { child, ports, log }
    }

    async fn until_ready(&mut self, client: &Client) {
        let url = format!("https://localhost:{}/readyz", self.ports.1);
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if let Ok(response) = client.get(&url).send().await
                && response.status().is_success()
            {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("the service ended ({status}): {}", self.said());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not become ready: {}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The recorder's process.
    fn recorder(&self) -> u32 {
        child_of(self.child.id()).expect("a recorder beside the service")
    }

    /// Immediately, with SIGKILL.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The acknowledged state of a record.
struct Acknowledged {
    id: String,
    version: u32,
    deleted: bool,
}

/// A writer that runs until the service is gone.
struct Writer {
    client: Client,
    base: String,
    token: String,
    name: usize,
    acknowledged: Acknowledgements,
}

/// The acknowledged writes of all writers.
type Acknowledgements = Arc<Mutex<Vec<Acknowledged>>>;

impl Writer {
    /// Repeatedly creates a record, changes it, deletes every third, and creates two at once.
    async fn write(self) {
        for turn in 0.. {
            if self.turn(turn).await.is_err() {
                break;
            }
        }
    }

    async fn turn(&self, turn: usize) -> Result<(), reqwest::Error> {
        let patient = |active: bool| {
            json!({
                "resourceType": "Patient", "active": active,
                "identifier": [{"system": "urn:test:crash", "value": format!("{}-{turn}", self.name)}],
                "name": [{"family": format!("Crash{}x{turn}", self.name)}],
            })
        };
        let (first, second) = (patient(true), patient(false));
        let entry = json!({"resource": first, "request": {"method": "POST", "url": "Patient"}});
        let bundle = json!({"resourceType": "Bundle", "type": "transaction",
            "entry": [entry, entry]});
        let created = self.send(Method::POST, "Patient", first).await?;
        if let Some(id) = created.as_ref().and_then(|made| made["id"].as_str()) {
            self.acknowledge(id, 1, false);
            let path = format!("Patient/{id}");
            let mut second = second;
            second["id"] = json!(id);
            if self.send(Method::PUT, &path, second).await?.is_some() {
                self.acknowledge(id, 2, false);
                if turn.is_multiple_of(3)
                    && self
                        .send(Method::DELETE, &path, Value::Null)
                        .await?
                        .is_some()
                {
                    self.acknowledge(id, 3, true);
                }
            }
        }
        let answer = self.send(Method::POST, "", bundle).await?;
        for entry in answer
            .iter()
            .flat_map(|answer| answer["entry"].as_array())
            .flatten()
        {
            let location = entry["response"]["location"].as_str().expect("a location");
            let mut parts = location.rsplit('/').skip(2);
            self.acknowledge(parts.next().expect("an id"), 1, false);
        }
        Ok(())
    }

    fn acknowledge(&self, id: &str, version: u32, deleted: bool) {
        self.acknowledged
            .lock()
            .expect("no panic")
            .push(Acknowledged {
                id: id.to_owned(),
                version,
                deleted,
            });
    }

    /// The answer to a request that succeeded; none if it failed; an error if nobody answers.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Option<Value>, reqwest::Error> {
        let request = self
            .client
            .request(method, format!("{}/{path}", self.base))
            .bearer_auth(&self.token)
            .header("content-type", "application/fhir+json")
            .timeout(Duration::from_secs(5));
        let request = match body {
            Value::Null => request,
            body => request.body(body.to_string()),
        };
        let response = request.send().await?;
        if !response.status().is_success() {
            // A killed recorder is restarted: refused meanwhile, and retried.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(None);
        }
        // The status acknowledges a change; a creation also needs the id.
        let text = response.text().await?;
        Ok(Some(serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

async fn nothing_acknowledged_is_lost(home: Home) {
    let (home, client, token) = installation(home).await;
    let acknowledged = Acknowledgements::default();
    for round in 0..3_usize {
        let mut service = Serving::start(&home);
        service.until_ready(&client).await;
        let writers = writers(&client, service.ports.0, &token, round, &acknowledged);
        tokio::time::sleep(Duration::from_millis(700 + 173 * round as u64)).await;
        let recorder = service.recorder();
        let killed = Command::new("kill")
            .args(["-9", &recorder.to_string()])
            .status()
            .expect("kill");
        assert!(killed.success(), "the recorder was there to be killed");
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_ne!(service.recorder(), recorder, "another one was started");
        service.kill();
        for writer in writers {
            writer.await.expect("no panic");
        }
    }
    // The recorder of the killed service sees its input close, and ends.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let acknowledged = std::mem::take(&mut *acknowledged.lock().expect("no panic"));
    everything_is_there(&home, &acknowledged).await;
}

/// Only a server can disappear while the service runs: SQLite has no such case.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_hangs_up_loses_nothing() {
    let Some(home) = Home::postgres() else { return };
    let (home, client, token) = installation(home).await;
    let mut service = Serving::start(&home);
    service.until_ready(&client).await;
    let acknowledged = Acknowledgements::default();
    let writers = writers(&client, service.ports.0, &token, 0, &acknowledged);
    // A slow machine writes less between two rounds, so it gets more rounds.
    for round in 0..50 {
        if round >= 5 && enough(&acknowledged.lock().expect("no panic")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        home.hang_up();
    }
    // It is not restarted: it reconnects by itself.
    service.until_ready(&client).await;
    let after = probe(&client, service.ports.0, &token).await;
    service.kill();
    for writer in writers {
        writer.await.expect("no panic");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut acknowledged = std::mem::take(&mut *acknowledged.lock().expect("no panic"));
    acknowledged.push(after);
    everything_is_there(&home, &acknowledged).await;
}

/// A service that is restarted at once can meet the recorder of the killed one, which still accepts connections for a
/// moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_is_about_to_end_is_replaced() {
    let (home, ..) = installation(Home::sqlite()).await;
    let socket = Folder::new(home.path()).socket();
    let _ = std::fs::remove_file(&socket);
    let ending = UnixListener::bind(&socket).expect("a socket");
    let ends = tokio::spawn(async move {
        for _ in 0..3 {
            drop(ending.accept().await.expect("somebody"));
        }
    });
    let installation = Installation::open(opening(&home))
        .await
        .expect("opens")
        .installation;
    ends.await.expect("no panic");
    assert_eq!(
        installation.log().unsettled().await.expect("answers"),
        Vec::new()
    );
    installation.close().await;
}

/// A stopped installation: its home, a client that trusts it, and a token that writes.
async fn installation(home: Home) -> (Home, Client, String) {
    let plane = Plane::open(home).await;
    let client = plane.client.clone();
    let home = plane.stop().await;
    let installation = Installation::open(opening(&home))
        .await
        .expect("opens")
        .installation;
    let token = integration_token(&installation).await;
    installation.close().await;
    (home, client, token)
}

/// Eight concurrent writers.
fn writers(
    client: &Client,
    port: u16,
    token: &str,
    round: usize,
    acknowledged: &Acknowledgements,
) -> Vec<JoinHandle<()>> {
    let writer = |name| Writer {
        client: client.clone(),
        base: format!("https://localhost:{port}/fhir/R4"),
        token: token.to_owned(),
        name: round * 8 + name,
        acknowledged: Acknowledgements::clone(acknowledged),
    };
    (0..8)
        .map(|name| tokio::spawn(writer(name).write()))
        .collect()
}

/// One write that must succeed within the time of a request.
async fn probe(client: &Client, port: u16, token: &str) -> Acknowledged {
    let answer = client
        .post(format!("https://localhost:{port}/fhir/R4/Patient"))
        .bearer_auth(token)
        .header("content-type", "application/fhir+json")
        .body(json!({"resourceType": "Patient", "name": [{"family": "After"}]}).to_string())
        .send()
        .await
        .expect("answers");
    let status = answer.status();
    let text = answer.text().await.expect("text");
    assert_eq!(status, StatusCode::CREATED, "{text}");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    Acknowledged {
        id: body["id"].as_str().expect("an id").to_owned(),
        version: 1,
        deleted: false,
    }
}

fn enough(acknowledged: &[Acknowledged]) -> bool {
    let deletions = acknowledged.iter().filter(|write| write.deleted).count();
    acknowledged.len() > 40 && deletions > 2
}

/// Opens the interrupted installation: each acknowledged write is stored, each stored version has its entry, and no
/// intent is open.
async fn everything_is_there(home: &Home, acknowledged: &[Acknowledged]) {
    let deletions = acknowledged.iter().filter(|write| write.deleted).count();
    assert!(
        enough(acknowledged),
        "{} writes, {deletions} deletions",
        acknowledged.len()
    );
    let opened = Installation::open(opening(home)).await;
    let installation = opened.expect("opens again").installation;
    let unsettled = installation.log().unsettled().await;
    assert_eq!(unsettled.expect("answers"), Vec::new());
    let mut stored = HashMap::new();
    for id in acknowledged
        .iter()
        .map(|write| &*write.id)
        .chain(all(&installation).await.iter().map(|id| &**id))
    {
        stored.insert(id.to_owned(), versions(&installation, id).await);
    }
    for Acknowledged {
        id,
        version,
        deleted,
    } in acknowledged
    {
        let is = |stored: &StoredRecord| {
            stored.record.version.number() == *version && stored.deleted == *deleted
        };
        assert!(
            stored[id].iter().any(is),
            "{id}, version {version}: acknowledged, and lost"
        );
    }
    let keys = installation.audit_keys().await.expect("keys");
    installation.close().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let report = log.verify();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let named: HashSet<(String, u32)> = log
        .entries(0)
        .expect("entries")
        .filter_map(|entry| {
            let entry: Value = serde_json::from_str(&entry.expect("an entry").json).expect("JSON");
            let resource = &entry["resource"];
            let intent = entry["outcome"] == "intent";
            let id = resource["id"].as_str().filter(|_| intent)?;
            let version = resource["version"].as_u64()?;
            Some((id.to_owned(), u32::try_from(version).expect("small")))
        })
        .collect();
    for (id, versions) in &stored {
        let token = keys.token("record", format!("Patient/{id}").as_bytes());
        for stored in versions {
            let version = stored.record.version;
            let key = (token.clone(), version.number());
            assert!(named.contains(&key), "{id}, version {version}: no entry");
        }
    }
}

/// The versions of a patient.
async fn versions(installation: &Installation, id: &str) -> Vec<StoredRecord> {
    let key = RecordKey {
        tenant: installation.tenant(),
        record_type: "Patient".parse().expect("a type"),
        id: id.parse().expect("an id"),
    };
    let store = installation.engine().store();
    let mut versions = Vec::new();
    let mut next = Some(Version::FIRST);
    while let Some(version) = next {
        let stored = store.read(&key, Some(version)).await.expect("answers");
        next = stored.as_ref().and_then(|_| version.next());
        versions.extend(stored);
    }
    versions
}

/// All stored patients, including unacknowledged ones.
async fn all(installation: &Installation) -> Vec<String> {
    let query = Query {
        record_type: "Patient".parse().expect("a type"),
        ids: None,
        subjects: None,
        lookups: Vec::new(),
        updated: Window::default(),
        order: Order::Id,
        after: None,
        limit: usize::MAX,
    };
    let store = installation.engine().store();
    let found = store.candidates(installation.tenant(), &query).await;
    let id = |stored: StoredRecord| stored.record.key.id.to_string();
    found.expect("answers").into_iter().map(id).collect()
}
