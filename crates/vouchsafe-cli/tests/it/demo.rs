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
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let folder = text(&said["data"]);
    let status = |role: &str, url: &str| {
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
    };
    for request in said["requests"].as_array().unwrap() {
        let came = status(
            request["role"].as_str().unwrap(),
            request["url"].as_str().unwrap(),
        );
        assert_eq!(came, request["status"].to_string(), "{request}");
    }
    let one = format!(
        "{}/Patient/{}",
        text(&said["fhir"]),
        text(&said["patients"]["out_of_care"])
    );
    assert_eq!(status("integration", &one), "200");

    // Other commands work beside it.
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(args)
            .output()
            .unwrap()
    };
    let patient = text(&said["patients"]["in_care"]);
    let auditor = text(&said["token_files"]["auditor"]);
    let clinician = text(&said["token_files"]["clinician"]);
    let who_saw = |token: &str| {
        run(&[
            "audit",
            "who-saw",
            &patient,
            "--data",
            &folder,
            "--token-file",
            token,
        ])
    };
    let output = who_saw(&auditor);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("(clinician)"));
    let output = who_saw(&clinician);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(
        run(&["audit", "verify", "--data", &folder])
            .status
            .success()
    );
    assert!(run(&["check", "--data", &folder]).status.success());

    serving.signal("TERM");
    assert!(serving.wait().success());
    assert!(!std::path::Path::new(&folder).exists());
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
