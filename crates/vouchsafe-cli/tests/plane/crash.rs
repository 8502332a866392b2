//! `kill -9` of the service and of its recorder under load, and a database server that hangs up:
//! nothing acknowledged is lost, every record version has its entry, every intent is settled.

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use vouchsafe::audit::AuditLog as _;
use vouchsafe_ledger::reader::Log;
use vouchsafe_server::folder::Folder;
use vouchsafe_server::service::Service;

use super::home::{Home, on_both};
use super::plane::{Plane, integration_token, opening};

on_both!(nothing_acknowledged_is_lost);

/// Below the range from which the system takes the ports of clients, of which there are many here.
fn free_port() -> u16 {
    loop {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        let port = 20_000 + u16::try_from((high ^ low) % 12_000).expect("small");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The service in a process of its own, which is killed when this is dropped.
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

    /// The recorder's process: the child of the service.
    fn recorder(&self) -> Option<u32> {
        let listed = Command::new("pgrep")
            .args(["-P", &self.child.id().to_string()])
            .output()
            .ok()?;
        String::from_utf8(listed.stdout)
            .ok()?
            .lines()
            .next()?
            .parse()
            .ok()
    }

    /// At once, as by SIGKILL.
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

/// Writes until the service is gone; the ids that were acknowledged.
async fn write(client: Client, port: u16, token: String, name: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for turn in 0.. {
        let body = json!({
            "resourceType": "Patient",
            "identifier": [{"system": "urn:test:crash", "value": format!("{name}-{turn}")}],
            "name": [{"family": format!("Crash{name}x{turn}")}],
        });
        let sent = client
            .post(format!("https://localhost:{port}/fhir/R4/Patient"))
            .bearer_auth(&token)
            .header("content-type", "application/fhir+json")
            .body(body.to_string())
            .timeout(Duration::from_secs(5))
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_success() => {
                let text = response.text().await.unwrap_or_default();
                if let Ok(body) = serde_json::from_str::<Value>(&text) {
                    acknowledged.push(body["id"].as_str().expect("an id").to_owned());
                }
            }
            // A recorder that was killed is started again: refused meanwhile, and tried again.
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(_) => return acknowledged,
        }
    }
    acknowledged
}

async fn nothing_acknowledged_is_lost(home: Home) {
    let (home, client, token) = installation(home).await;
    let mut acknowledged = Vec::new();
    for round in 0..3_usize {
        let mut service = Serving::start(&home);
        service.until_ready(&client).await;
        let writers = writers(&client, service.ports.0, &token, round);
        tokio::time::sleep(Duration::from_millis(700 + 173 * round as u64)).await;
        if let Some(recorder) = service.recorder() {
            let _ = Command::new("kill")
                .args(["-9", &recorder.to_string()])
                .status();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        service.kill();
        for writer in writers {
            acknowledged.extend(writer.await.expect("no panic"));
        }
    }
    // The recorder of the killed service sees its input close, and ends.
    tokio::time::sleep(Duration::from_secs(1)).await;
    everything_is_there(&home, &acknowledged).await;
}

/// Only a server can go away while the service stays: SQLite has no such case.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_hangs_up_loses_nothing() {
    let Some(home) = Home::postgres() else { return };
    let (home, client, token) = installation(home).await;
    let mut service = Serving::start(&home);
    service.until_ready(&client).await;
    let writers = writers(&client, service.ports.0, &token, 0);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        home.hang_up();
    }
    // It is not restarted: it finds the server again by itself.
    service.until_ready(&client).await;
    let after = probe(&client, service.ports.0, &token).await;
    service.kill();
    let mut acknowledged = vec![after];
    for writer in writers {
        acknowledged.extend(writer.await.expect("no panic"));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    everything_is_there(&home, &acknowledged).await;
}

/// A service that is started again at once can meet the recorder of the one that was killed: it
/// still takes connections, and then no more.
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
    let service = Service::open(opening(&home)).await.expect("opens");
    ends.await.expect("no panic");
    assert_eq!(service.log.unsettled().await.expect("answers"), Vec::new());
    service.close().await;
}

/// An installation at rest: where it lives, who trusts it, and a token that writes.
async fn installation(home: Home) -> (Home, Client, String) {
    let plane = Plane::open(home).await;
    let client = plane.client.clone();
    let home = plane.stop().await;
    let service = Service::open(opening(&home)).await.expect("opens");
    let token = integration_token(&service).await;
    service.close().await;
    (home, client, token)
}

/// Eight that write at once.
fn writers(client: &Client, port: u16, token: &str, round: usize) -> Vec<JoinHandle<Vec<String>>> {
    (0..8)
        .map(|name| {
            tokio::spawn(write(
                client.clone(),
                port,
                token.to_owned(),
                round * 8 + name,
            ))
        })
        .collect()
}

/// One write that must be done within the time of a request; its id.
async fn probe(client: &Client, port: u16, token: &str) -> String {
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
    body["id"].as_str().expect("an id").to_owned()
}

/// Opens what was cut off: each write that was acknowledged is stored and has its entry, and no
/// intent is open.
async fn everything_is_there(home: &Home, acknowledged: &[String]) {
    assert!(acknowledged.len() > 20, "{} writes", acknowledged.len());
    let service = Service::open(opening(home)).await.expect("opens again");
    assert_eq!(service.log.unsettled().await.expect("answers"), Vec::new());
    let store = service.engine.store();
    let mut missing = Vec::new();
    for id in acknowledged {
        let record_type = "Patient".parse().expect("a type");
        let record = id.parse().expect("an id");
        let head = store
            .head(service.tenant(), &record_type, record)
            .await
            .expect("answers");
        if head.is_none() {
            missing.push(id);
        }
    }
    assert_eq!(missing, Vec::<&String>::new(), "acknowledged, and lost");
    let keys = service.audit_keys().await.expect("keys");
    let tokens: Vec<String> = acknowledged
        .iter()
        .map(|id| keys.token("record", format!("Patient/{id}").as_bytes()))
        .collect();
    service.close().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let report = log.verify();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let named: HashSet<String> = log
        .entries(0)
        .expect("entries")
        .map(|entry| {
            let entry: Value = serde_json::from_str(&entry.expect("an entry").json).expect("JSON");
            entry["resource"]["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    for token in &tokens {
        assert!(named.contains(token), "a record without its entry");
    }
}
