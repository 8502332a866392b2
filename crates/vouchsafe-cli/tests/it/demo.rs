//! `vouchsafe demo`.

use std::process::Command;

use serde_json::Value;

use crate::world::{Serving, World};

fn demo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
    command
        .arg("demo")
        .args(args)
        .args(["--port", "0"])
        .env_remove("VOUCHSAFE_DATA");
    command
}

#[test]
fn every_safeguard_does_what_it_must() {
    let output = demo(&["--once", "--json"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let walked: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(walked["ok"], true);
    assert_eq!(walked["log_holds"], true);
    let requests = walked["requests"].as_array().unwrap();
    let ended = |role: &str, status: u64| {
        requests
            .iter()
            .any(|one| one["role"] == role && one["status"] == status)
    };
    assert!(ended("clinician", 200) && ended("clinician", 404));
    assert!(ended("front-desk", 200) && ended("auditor", 404));
    let accesses = walked["who_saw"]["accesses"].as_array().unwrap();
    let told = |role: &str, outcome: &str| {
        accesses.iter().any(|access| {
            access["roles"].as_array().unwrap().contains(&role.into())
                && access["outcome"].as_str().unwrap().starts_with(outcome)
        })
    };
    assert!(told("clinician", "permitted"));
    assert!(told("front-desk", "refused"));
    assert!(told("integration", "committed"));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn status(said: &Value, role: &str, url: &str) -> String {
    let header = format!("@{}", text(&said["token_files"][role]));
    let output = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .args(["--cacert", &text(&said["cacert"]), "--header", &header, url])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_demo_serves_scripts_until_it_is_told_to_end_and_leaves_nothing() {
    let mut serving = Serving::start(demo(&["--json"]));
    let said = serving.said.clone();
    for role in [
        "clinician",
        "front-desk",
        "registration",
        "auditor",
        "privacy-officer",
    ] {
        assert!(said["tokens"][role].is_string(), "{role}");
    }
    for request in said["requests"].as_array().unwrap() {
        let came = status(
            &said,
            request["role"].as_str().unwrap(),
            &text(&request["url"]),
        );
        assert_eq!(came, request["status"].to_string(), "{request}");
    }
    let one = format!(
        "{}/Patient/{}",
        text(&said["fhir"]),
        text(&said["patients"]["out_of_care"])
    );
    assert_eq!(status(&said, "integration", &one), "200");
    serving.signal("TERM");
    assert!(serving.wait().success());
    assert!(!std::path::Path::new(&text(&said["data"])).exists());
}

#[test]
fn other_commands_work_beside_a_service_that_runs() {
    let serving = Serving::start(demo(&["--json"]));
    let said = &serving.said;
    let folder = text(&said["data"]);
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .args(args)
            .args(["--data", &folder])
            .output()
            .unwrap()
    };
    let patient = text(&said["patients"]["in_care"]);
    let who_saw = |role: &str| {
        let token = text(&said["token_files"][role]);
        run(&["audit", "who-saw", &patient, "--token-file", &token])
    };
    for role in ["auditor", "privacy-officer"] {
        let output = who_saw(role);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(String::from_utf8_lossy(&output.stdout).contains("import (integration)"));
    }
    let output = who_saw("clinician");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(run(&["audit", "verify"]).status.success());
    assert!(run(&["check"]).status.success());
    // It joined the recorder of the service, and did not stop it.
    let own = format!("{}/Patient/{patient}", text(&said["fhir"]));
    assert_eq!(status(said, "clinician", &own), "200");
}

#[test]
fn files_are_imported_over_https_and_not_twice() {
    let serving = Serving::start(demo(&["--json"]));
    let said = &serving.said;
    let (folder, token) = (
        text(&said["data"]),
        text(&said["token_files"]["integration"]),
    );
    let files = tempfile::tempdir().unwrap();
    let id = "6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77";
    let patient = format!(r#"{{"resourceType":"Patient","id":"{id}","active":true}}"#);
    let bad = r#"{"resourceType":"Patient","birthDate":"Mallory"}"#;
    std::fs::write(files.path().join("a.ndjson"), format!("{patient}\n{bad}\n")).unwrap();
    let import = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .arg("import")
            .arg(files.path())
            .args(["--json", "--data", &folder]);
        command
            .args(["--url", &text(&said["base"]), "--token-file", &token])
            .output()
            .unwrap()
    };
    let output = import();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (summary["created"].as_u64(), summary["failed"].as_u64()),
        (Some(1), Some(1)),
        "{err}"
    );
    assert!(
        err.contains("line 2, birthDate") && !err.contains("Mallory"),
        "{err}"
    );
    assert_eq!(output.status.code(), Some(1));
    let own = format!("{}/Patient/{id}", text(&said["fhir"]));
    assert_eq!(status(said, "integration", &own), "200");
    import();
    // The same write under the same key was done once: there is no second version.
    assert_eq!(
        status(said, "integration", &format!("{own}/_history/1")),
        "200"
    );
    assert_eq!(
        status(said, "integration", &format!("{own}/_history/2")),
        "404"
    );
}

#[test]
fn a_token_that_is_none_ends_an_import_at_once() {
    let serving = Serving::start(demo(&["--json"]));
    let said = &serving.said;
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("a.json"), r#"{"resourceType":"Patient"}"#).unwrap();
    let dead = files.path().join("dead");
    std::fs::write(&dead, "abc.def.ghi").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
    command
        .arg("import")
        .arg(files.path())
        .args(["--data", &text(&said["data"])]);
    command
        .args(["--url", &text(&said["base"])])
        .arg("--token-file")
        .arg(&dead);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        err.contains("the access token is invalid or has expired"),
        "{err}"
    );
}

#[test]
fn a_demo_touches_no_folder_that_is_in_use() {
    let world = World::new();
    let output = demo(&["--once", "--data", world.data().to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"));
}
