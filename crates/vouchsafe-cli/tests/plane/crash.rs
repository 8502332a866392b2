//! `kill -9` of the service and of its recorder under load, and a database server that hangs up:
//! nothing acknowledged is lost, every record version has its entry, every intent is settled.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use vouchsafe::audit::AuditLog as _;
use vouchsafe_ledger::reader::Log;
use vouchsafe_server::service::Service;

use super::home::{Home, on_both};
use super::plane::{Plane, integration_token, opening};

on_both!(nothing_acknowledged_is_lost);

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

fn serve(home: &Home, ports: (u16, u16)) -> Child {
    Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
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
        .stderr(Stdio::null())
        .spawn()
        .expect("starts")
}

async fn until_ready(client: &Client, ports: (u16, u16)) {
    let url = format!("https://localhost:{}/readyz", ports.1);
    for _ in 0..300 {
        if let Ok(response) = client.get(&url).send().await
            && response.status().is_success()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the service did not become ready");
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

/// The recorder's process: the child of the service.
fn recorder_of(service: &Child) -> Option<u32> {
    let listed = Command::new("pgrep")
        .args(["-P", &service.id().to_string()])
        .output()
        .ok()?;
    String::from_utf8(listed.stdout)
        .ok()?
        .lines()
        .next()?
        .parse()
        .ok()
}

async fn nothing_acknowledged_is_lost(home: Home) {
    let (home, client, token) = installation(home).await;
    let mut acknowledged = Vec::new();
    for round in 0..3_usize {
        let ports = (free_port(), free_port());
        let mut child = serve(&home, ports);
        until_ready(&client, ports).await;
        let writers = writers(&client, ports.0, &token, round);
        tokio::time::sleep(Duration::from_millis(700 + 173 * round as u64)).await;
        if let Some(recorder) = recorder_of(&child) {
            let _ = Command::new("kill")
                .args(["-9", &recorder.to_string()])
                .status();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        child.kill().expect("killed");
        let _ = child.wait();
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
    let ports = (free_port(), free_port());
    let mut child = serve(&home, ports);
    until_ready(&client, ports).await;
    let writers = writers(&client, ports.0, &token, 0);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        home.hang_up();
    }
    // It is not restarted: it finds the server again by itself.
    until_ready(&client, ports).await;
    let after = probe(&client, ports.0, &token).await;
    child.kill().expect("killed");
    let _ = child.wait();
    let mut acknowledged = vec![after];
    for writer in writers {
        acknowledged.extend(writer.await.expect("no panic"));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    everything_is_there(&home, &acknowledged).await;
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
