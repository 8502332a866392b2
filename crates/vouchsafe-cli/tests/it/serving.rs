//! `vouchsafe serve` and `check`.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use base64::Engine as _;
use serde_json::Value;

use crate::process::child_of;
use crate::world::{Serving, World};

const PASSWORD: &str = "seven odd mangoes on a shelf";

#[test]
fn an_empty_folder_becomes_a_service_and_stays_one() {
    let world = World::new();
    let mut serving = world.serve();
    assert_eq!(serving.said["base"], world.url(""));
    assert_eq!(serving.said["passes"], false);
    let link = serving.said["enrolment"]
        .as_str()
        .expect("a first start")
        .to_owned();

    // Until an administrator has enrolled, PHI routes are closed, and `check` reports it.
    let checked = world.run(&["check", "--json"]);
    assert_eq!(checked.code(), Some(1));
    assert!(
        checked.out().contains("\"administrator\""),
        "{}",
        checked.out()
    );
    let people = world.json(&["person", "list", "--json"]);
    let email = people[0]["login"].as_str().unwrap().to_owned();
    assert_eq!(people[0]["state"], "invited");

    let secret = world.enrol(&link, PASSWORD);
    let token = world.sign_in(&email, PASSWORD, &secret);
    let (status, body) = world.get("/auth/me", &token);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("security-administrator"), "{body}");
    // The routes are open now; this role sees no record.
    let none = "/fhir/R4/Patient/00000000-0000-4000-8000-000000000000";
    assert_eq!(world.get(none, &token).0, 404);
    let checked = world.run(&["check"]);
    assert_eq!(
        checked.code(),
        Some(0),
        "{}{}",
        checked.out(),
        checked.err()
    );

    // The link was valid once.
    assert_eq!(
        world.run(&["person", "enrol", &link, "--show"]).code(),
        Some(1)
    );

    serving.signal("TERM");
    assert!(serving.wait().success());
    let mut again = world.serve();
    assert!(again.said["enrolment"].is_null());
    assert_eq!(again.said["passes"], true);
    assert_eq!(world.get("/auth/me", &token).0, 200);
    again.signal("INT");
    assert!(again.wait().success());
    assert_eq!(world.run(&["audit", "verify"]).code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_made() {
    let world = World::new();
    for (variable, name) in [
        ("VOUCHSAFE_DATA_LISTEN", "data"),
        ("VOUCHSAFE_OPERATIONS_LISTEN", "operations"),
    ] {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut command = world.command(&["serve"]);
        let output = command.env(variable, &address).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains(&address), "{err}");
        let left: Vec<_> = std::fs::read_dir(world.data()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "only the settings: {left:?}");
    }
    // So the first start is still to come, with its link.
    assert!(world.serve().said["enrolment"].is_string());
}

#[test]
fn a_port_that_the_system_chose_is_in_tokens_links_and_references() {
    let world = World::on_any_port();
    let mut serving = world.serve();
    let base = serving.said["base"].as_str().unwrap().to_owned();
    assert!(!base.ends_with(":0"), "{base}");
    let link = serving.said["enrolment"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&base), "{link}");
    // Commands beside it find it, and sign in through it.
    let people = world.json(&["person", "list", "--json"]);
    let email = people[0]["login"].as_str().unwrap().to_owned();
    let secret = world.enrol(&link, PASSWORD);
    let token = world.sign_in(&email, PASSWORD, &secret);
    let said = std::fs::read_to_string(&token).unwrap();
    let claims = said.trim().split('.').nth(1).unwrap().to_owned();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&base.clone().into(), &base.clone().into())
    );
    let (status, _) = world.get_at(&base, "/auth/me", &token);
    assert_eq!(status, 200);
    let (_, body) = world.get_at(&base, "/fhir/R4/metadata", &token);
    assert!(body.contains(&format!("{base}/fhir/R4")), "{body}");
    assert!(!body.contains("localhost:0"), "{body}");
    let link = world.json(&["person", "link", &email, "--json"]);
    assert!(link["link"].as_str().unwrap().starts_with(&base), "{link}");

    serving.signal("TERM");
    assert!(serving.wait().success());
    assert!(!world.data().join("run/data.port").exists());
    // A configured address stays, whatever the port is.
    let mut command = world.command(&["serve", "--json"]);
    command.env("VOUCHSAFE_PUBLIC_URL", "https://records.example.org/");
    let named = Serving::start(command);
    assert_eq!(named.said["base"], "https://records.example.org");
}

#[test]
fn an_installation_that_lost_its_name_is_not_made_over() {
    let world = World::new();
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());
    let name = world.data().join("installation.json");
    std::fs::remove_file(&name).unwrap();
    let keys = std::fs::read(world.data().join("keys/root.key")).unwrap();
    let ran = world.run(&["serve"]);
    assert_eq!(ran.code(), Some(1));
    assert!(
        ran.err().contains("installation.json is missing"),
        "{}",
        ran.err()
    );
    assert!(!name.exists());
    assert_eq!(
        std::fs::read(world.data().join("keys/root.key")).unwrap(),
        keys
    );
}

#[test]
fn what_is_not_there_is_not_made() {
    let world = World::new();
    for args in [&["check"][..], &["person", "list"], &["audit", "verify"]] {
        let ran = world.run(args);
        assert_eq!(ran.code(), Some(1), "{args:?}");
        assert!(
            ran.err().contains("no data folder of Vouchsafe"),
            "{args:?}: {}",
            ran.err()
        );
    }
    let left: Vec<_> = std::fs::read_dir(world.data()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "only the settings: {left:?}");
}

/// A certificate for `localhost`, made by OpenSSL with another date.
fn certificate(world: &World, day: &str, name: &str) -> (String, String) {
    let (certificate, key) = (world.path("given.pem"), world.path("given.key"));
    let made = Command::new("faketime")
        .args([day, "openssl", "req", "-x509", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "30", "-subj", "/CN=given"])
        .args(["-addext", &format!("subjectAltName=DNS:{name}")])
        .args(["-keyout".as_ref(), key.as_os_str()])
        .args(["-out".as_ref(), certificate.as_os_str()])
        .output()
        .expect("faketime, openssl");
    assert!(made.status.success(), "{:?}", made);
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    (text(certificate), text(key))
}

/// One result of `check`: its verdict, finding and remedy.
fn found(world: &World, paths: &(String, String), name: &str) -> Option<(String, String)> {
    let output = world
        .command(&["check", "--json"])
        .env("VOUCHSAFE_TLS__CERTIFICATE", &paths.0)
        .env("VOUCHSAFE_TLS__KEY", &paths.1)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let check = said["checks"].as_array().unwrap();
    let check = check.iter().find(|check| check["name"] == name)?;
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Some((text("verdict"), text("finding")))
}

#[test]
fn a_certificate_that_clients_refuse_is_told() {
    let world = World::new();
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());

    let over = certificate(&world, "60 days ago", "localhost");
    let (verdict, finding) = found(&world, &over, "tls").unwrap();
    assert_eq!(verdict, "fail", "{finding}");
    assert!(finding.contains("was valid until"), "{finding}");

    let early = certificate(&world, "next month", "localhost");
    let (verdict, finding) = found(&world, &early, "tls").unwrap();
    assert_eq!(verdict, "fail", "{finding}");
    assert!(finding.contains("not valid before"), "{finding}");

    let soon = certificate(&world, "20 days ago", "localhost");
    assert_eq!(found(&world, &soon, "tls").unwrap().0, "pass");
    let (verdict, finding) = found(&world, &soon, "tls-validity").unwrap();
    assert_eq!(verdict, "warn");
    assert!(finding.contains("9 more days"), "{finding}");

    let other = certificate(&world, "now", "elsewhere.example");
    let (verdict, finding) = found(&world, &other, "tls-names").unwrap();
    assert_eq!(verdict, "warn");
    assert!(finding.contains("localhost"), "{finding}");
    let good = certificate(&world, "now", "localhost");
    assert_eq!(found(&world, &good, "tls-names"), None);

    // If the service's own certificate is removed, the next start makes another with the same key.
    let own = world.data().join("tls/certificate.pem");
    let before = std::fs::read(&own).unwrap();
    std::fs::remove_file(&own).unwrap();
    let mut again = world.serve();
    assert_ne!(std::fs::read(&own).unwrap(), before);
    again.signal("TERM");
    assert!(again.wait().success());
    // If its key is removed, the error says so.
    std::fs::remove_file(world.data().join("tls/key.pem")).unwrap();
    let ran = world.run(&["serve"]);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.err().contains("key.pem is missing"), "{}", ran.err());
}

/// As service managers that send their signal to every process of a service: the recorder must outlive the service,
/// which has its last entries to write.
#[test]
fn a_recorder_that_is_told_to_stop_waits_for_its_service() {
    let world = World::new();
    let mut serving = world.serve();
    let recorder = child_of(serving.id()).expect("a recorder");
    let probe = || world.run(&["check", "--json"]).out();
    for signal in ["TERM", "INT", "HUP"] {
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &recorder.to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert!(probe().contains("is durable and acknowledged"), "{signal}");
    }
    assert_eq!(child_of(serving.id()), Some(recorder), "the same one");
    serving.signal("TERM");
    assert!(serving.wait().success());
    assert!(!std::path::Path::new(&format!("/proc/{recorder}")).exists());
}

/// Lock and key apart: the root key on another disk, with a passphrase in a third place.
#[test]
fn a_root_key_lies_elsewhere_and_is_sealed() {
    let world = World::with(
        "[root_key]\nfile = \"../safe/root.key\"\npassphrase_file = \"../passphrase\"\n",
    );
    let (safe, passphrase) = (world.path("safe"), world.path("passphrase"));
    std::fs::create_dir(&safe).unwrap();
    let say = |text: &str| {
        std::fs::write(&passphrase, text).unwrap();
        std::fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
    };
    let refused = |why: &str| {
        let ran = world.run(&["serve"]);
        assert_eq!(ran.code(), Some(1));
        assert!(ran.err().contains(why), "{}", ran.err());
    };
    refused("there is no passphrase file at");
    say("too short\n");
    refused("at least 12 characters");
    say("correct horse battery staple\n");
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());
    let file = std::fs::read_to_string(safe.join("root.key")).unwrap();
    assert!(
        file.contains("argon2id") && !file.contains("\nkey "),
        "sealed"
    );
    assert!(!world.data().join("keys/root.key").exists());
    say("another passphrase\n");
    refused("does not open the root key file");
    say("correct horse battery staple\n");
    std::fs::rename(safe.join("root.key"), safe.join("gone")).unwrap();
    refused("there is no root key file at");
    std::fs::rename(safe.join("gone"), safe.join("root.key")).unwrap();
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());
}

/// The memory of service and recorder (keys, opened records) goes into no core file, and to no other process of the
/// same user.
#[test]
fn service_and_recorder_keep_their_memory_to_themselves() {
    let world = World::new();
    let mut serving = world.serve();
    let recorder = child_of(serving.id()).expect("a recorder");
    for process in [serving.id(), recorder] {
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let words: Vec<_> = core.unwrap().split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "0"], "{words:?}");
    }
    // The owner can read the memory map of a dumpable process, but not of these.
    let user = std::fs::metadata(world.data())
        .map(|data| data.uid())
        .unwrap();
    if user != 0 {
        for process in [serving.id(), recorder] {
            assert!(std::fs::read(format!("/proc/{process}/environ")).is_err());
        }
    }
    serving.signal("TERM");
    assert!(serving.wait().success());
}

#[test]
fn a_database_server_that_is_not_there_is_named_and_nothing_is_made() {
    let url = "postgres://u:very-secret@localhost:1/records";
    let (world, other) = (World::new(), World::new());
    drop(other.serve());
    // Some certificate.
    let ca = other.data().join("tls/certificate.pem");
    let mut command = world.command(&["serve"]);
    for name in ["RECORDS", "IDENTITY", "KEYS"] {
        command.env(format!("VOUCHSAFE_DATABASE__{name}"), url);
    }
    let ran = command.env("VOUCHSAFE_DATABASE__CA", &ca).output().unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    for told in [
        "database.",
        "localhost:1/records",
        "check host, port and network",
    ] {
        assert!(err.contains(told), "{told}: {err}");
    }
    assert!(!err.contains("secret"), "{err}");
    let made: Vec<_> = std::fs::read_dir(world.data()).unwrap().flatten().collect();
    assert_eq!(made.len(), 1, "the settings alone: {made:?}");
}
