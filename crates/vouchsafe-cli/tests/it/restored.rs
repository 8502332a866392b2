//! An audit log that was restored from an older copy, or replaced by another history: its folder is consistent, but the
//! service does not start with it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::sweeping::metrics;
use crate::world::{Serving, World};

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success());
}

/// Starts and stops: each appends entries.
fn run_once(world: &World) {
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());
}

#[test]
fn an_older_copy_of_the_whole_log_does_not_start() {
    let world = World::new();
    let (audit, old, new) = (
        world.data().join("audit"),
        world.path("old"),
        world.path("new"),
    );
    run_once(&world);
    copy(&audit, &old);
    run_once(&world);
    copy(&audit, &new);

    copy(&old, &audit);
    assert_eq!(
        world.run(&["audit", "verify"]).code(),
        Some(0),
        "it holds together"
    );
    for command in [&["serve"][..], &["check"], &["person", "list"]] {
        let ran = world.run(command);
        assert_eq!(ran.code(), Some(1), "{command:?}: {}", ran.out());
        assert!(ran.err().contains("it is an older copy"), "{}", ran.err());
    }
    let ran = world.run(&["check", "--json"]);
    let checked: serde_json::Value = serde_json::from_slice(&ran.0.stdout).unwrap();
    assert_eq!((ran.code(), &checked["passes"]), (Some(1), &false.into()));
    let error = checked["error"].as_str().unwrap();
    assert!(error.contains("it is an older copy"), "{error}");
    copy(&new, &audit);
    run_once(&world);
}

#[test]
fn another_history_under_the_same_keys_does_not_start() {
    let world = World::new();
    let (data, copies) = (world.data(), world.path("copies"));
    std::fs::create_dir(&copies).unwrap();
    run_once(&world);
    copy(&data, &copies.join("before"));
    run_once(&world);
    copy(&data, &copies.join("seen"));

    // The whole installation of an earlier time continues, and reaches another, longer history.
    copy(&copies.join("before"), &data);
    run_once(&world);
    run_once(&world);
    copy(&data.join("audit"), &copies.join("other"));

    copy(&copies.join("seen"), &data);
    copy(&copies.join("other"), &data.join("audit"));
    // A reader who kept a checkpoint detects it; the log alone verifies.
    let seen = copies.join("seen/audit/log/checkpoint");
    let before = copies.join("before/audit/log/checkpoint");
    let (seen, before) = (seen.to_str().unwrap(), before.to_str().unwrap());
    let ran = world.run(&["audit", "verify", "--seen", before, seen]);
    assert_eq!(ran.code(), Some(1), "{}", ran.out());
    let told = |file: &str| {
        ran.out()
            .lines()
            .find(|line| line.contains(file))
            .unwrap()
            .to_owned()
    };
    assert!(told(before).starts_with("begins with"), "{}", ran.out());
    assert!(told(seen).contains("it is another log"), "{}", ran.out());
    assert!(ran.out().contains("does not hold"), "{}", ran.out());
    assert_eq!(
        world.run(&["audit", "verify"]).code(),
        Some(0),
        "it holds together"
    );
    let ran = world.run(&["serve"]);
    assert_eq!(ran.code(), Some(1), "{}", ran.out());
    assert!(ran.err().contains("it is another log"), "{}", ran.err());
}

#[test]
fn a_service_that_is_killed_has_remembered_what_was_published_before() {
    let world = World::new();
    let (audit, old) = (world.data().join("audit"), world.path("old"));
    run_once(&world);
    copy(&audit, &old);
    let mut serving = world.serve();
    // Longer than the interval of storing the checkpoint.
    std::thread::sleep(Duration::from_secs(7));
    serving.signal("KILL");
    assert!(!serving.wait().success());
    // The recorder ends with it, and publishes first.
    std::thread::sleep(Duration::from_secs(1));
    copy(&old, &audit);
    let ran = world.run(&["serve"]);
    assert_eq!(ran.code(), Some(1), "{}", ran.out());
    assert!(ran.err().contains("it is an older copy"), "{}", ran.err());
}

/// A start reads the end of the log. The service verifies older parts in the background, and reports damage there.
#[test]
fn an_old_tile_that_was_damaged_is_told_after_the_start() {
    let world = World::new();
    let lines: String = (0..300)
        .map(|_| "{\"resourceType\":\"Organization\",\"active\":true}\n")
        .collect();
    let file = world.path("Organization.ndjson");
    std::fs::write(&file, lines).unwrap();
    let ran = world.run(&["import", file.to_str().unwrap()]);
    assert_eq!(ran.code(), Some(0), "{}", ran.err());
    let until = |serving: Serving, text: &str| {
        let operations = serving.said["operations"].as_str().unwrap().to_owned();
        let verified = || metrics(&world, &operations).contains("vouchsafe_audit_log_sound");
        let deadline = Instant::now() + Duration::from_secs(60);
        while !verified() {
            assert!(Instant::now() < deadline, "it was not verified");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Stopped in order, so that all its output is there.
        let err = serving.err();
        assert!(err.contains(text), "{err}");
    };
    until(world.serve(), "the whole audit log was verified");
    let tile = world.data().join("audit/log/tile/entries/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    until(world.serve(), "the audit log does not hold");
    let ran = world.run(&["check", "--json"]);
    let checked: serde_json::Value = serde_json::from_slice(&ran.0.stdout).unwrap();
    let checks = checked["checks"].as_array().unwrap();
    let whole = checks
        .iter()
        .find(|check| check["name"] == "audit-log-whole")
        .unwrap();
    assert_eq!((ran.code(), &whole["verdict"]), (Some(1), &"fail".into()));
    // A service goes on, and whoever asks whether it is ready is told.
    let serving = world.serve();
    let people = world.json(&["person", "list", "--json"]);
    let email = people[0]["login"].as_str().unwrap();
    let link = world.json(&["person", "link", email, "--json"]);
    world.enrol(
        link["link"].as_str().unwrap(),
        "seven odd mangoes on a shelf",
    );
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, text) = world.readyz(&serving);
        if status == 200 && text.contains("the audit log does not hold") {
            break;
        }
        assert!(Instant::now() < deadline, "{status} {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
