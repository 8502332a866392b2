//! `kill -9` of the service and of its recorder under load: nothing acknowledged is lost, every
//! record version has its entry, every intent is settled.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
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

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn nothing_acknowledged_is_lost(home: Home) {
    let plane = Plane::open(home).await;
    let client = plane.client.clone();
    let home = plane.stop().await;
    let service = Service::open(opening(&home)).await.expect("opens");
    let token = integration_token(&service).await;
    service.close().await;
    let mut acknowledged = Vec::new();
    for round in 0..3_u64 {
        let ports = (free_port(), free_port());
        let mut child = serve(&home, ports);
        until_ready(&client, ports).await;
        let writers: Vec<_> = (0..8)
            .map(|name| {
                let name = usize::try_from(round).expect("small") * 8 + name;
                tokio::spawn(write(client.clone(), ports.0, token.clone(), name))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(700 + 173 * round)).await;
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
    assert!(acknowledged.len() > 20, "{} writes", acknowledged.len());
    // The recorder of the killed service sees its input close, and ends.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let service = Service::open(opening(&home)).await.expect("opens again");
    assert_eq!(service.log.unsettled().await.expect("answers"), Vec::new());
    let store = service.engine.store();
    let mut stored = 0;
    for id in &acknowledged {
        let record_type = "Patient".parse().expect("a type");
        let id = id.parse().expect("an id");
        let head = store
            .head(service.tenant(), &record_type, id)
            .await
            .expect("answers");
        stored += usize::from(head.is_some());
    }
    assert_eq!(
        stored,
        acknowledged.len(),
        "an acknowledged write is missing"
    );
    let keys = service.audit_keys().await.expect("keys");
    let tokens: Vec<String> = acknowledged
        .iter()
        .map(|id| keys.token("record", format!("Patient/{id}").as_bytes()))
        .collect();
    service.close().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let report = log.verify();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let named: std::collections::HashSet<String> = log
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
