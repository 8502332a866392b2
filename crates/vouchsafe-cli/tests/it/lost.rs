//! No way to lose an installation: a false clock, a replaced database, a log that is gone or refused. Each has a way back, as
//! docs/recovery.md says, that `check` and `audit verify` show for ever.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::process::child_of;
use crate::world::{Ran, Serving, World};

const SOON: Duration = Duration::from_millis(1_500);

fn once(world: &World) {
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());
}

fn refused(world: &World, args: &[&str], why: &str) {
    let ran = world.run(args);
    assert_eq!(ran.code(), Some(1), "{args:?}: {}", ran.out());
    assert!(ran.err().contains(why), "{args:?}: {}", ran.err());
}

/// The findings of a check, whatever its verdict is.
fn found(world: &World, check: &str) -> Vec<String> {
    let ran = world.run(&["check", "--json"]);
    let said: Value = serde_json::from_slice(&ran.0.stdout).expect("JSON");
    assert!(said["error"].is_null(), "{said}");
    let checks = said["checks"].as_array().unwrap().iter();
    checks
        .filter(|one| one["name"] == check)
        .map(|one| one["finding"].as_str().unwrap().to_owned())
        .collect()
}

/// The operations of the acts that the log shows; it must hold.
fn acts(world: &World) -> Vec<String> {
    let said = world.json(&["audit", "verify", "--json"]);
    assert_eq!(said["sound"], true, "{said}");
    let acts = said["recovered"].as_array().unwrap().iter();
    acts.map(|act| act["operation"].as_str().unwrap().to_owned())
        .collect()
}

/// A service whose clock is so far off.
fn serve_at(world: &World, off: SignedDuration) -> Serving {
    let then = Timestamp::now() + off;
    let mut command = Command::new("faketime");
    command
        .arg(then.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .arg(env!("CARGO_BIN_EXE_vouchsafe"))
        .args(["serve", "--json"])
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC")
        .env("VOUCHSAFE_DATA", world.data());
    Serving::start(command)
}

#[test]
fn after_a_false_clock_an_operator_who_says_so_goes_on_and_what_it_did_is_told() {
    let world = World::new();
    once(&world);
    let mut serving = serve_at(&world, SignedDuration::from_hours(25));
    std::thread::sleep(Duration::from_secs(2));
    // The one that was started waits for the service, and ends as that does.
    let service = child_of(serving.id()).expect("a service").to_string();
    let ended = Command::new("kill").args(["-TERM", &service]).status();
    assert!(ended.unwrap().success());
    assert!(serving.wait().success());

    for command in [&["serve"][..], &["check"], &["person", "list"]] {
        refused(&world, command, "--clock-is-right");
    }
    let args = ["serve", "--clock-is-right", "--json"];
    let mut right = Serving::start(world.command(&args));
    right.signal("TERM");
    assert!(right.wait().success());
    // From then on nobody has to say it again, and it is shown for ever.
    for _ in 0..2 {
        once(&world);
        let told = found(&world, "recovered-clock");
        assert_eq!(told.len(), 1, "{told:?}");
        for part in [
            "os-user/",
            "under a clock that was ahead",
            "preflight",
            "entry ",
        ] {
            assert!(told[0].contains(part), "{part}: {told:?}");
        }
        assert_eq!(acts(&world), ["recover-clock"]);
    }
    let shown = world.run(&["audit", "verify"]).out();
    assert!(shown.contains("RECOVERY entry"), "{shown}");
    // To say it without need changes nothing.
    let mut right = Serving::start(world.command(&args));
    right.signal("TERM");
    assert!(right.wait().success());
    assert_eq!(acts(&world), ["recover-clock"]);
}

#[test]
fn a_log_that_is_gone_is_replaced_by_a_new_one_with_a_reason() {
    let world = World::new();
    once(&world);
    let (audit, key) = (world.data().join("audit"), log_key(&world));
    let recover = ["recover", "log", "--reason", "the disk of the log was lost"];
    refused(&world, &recover, "move the folder away first");
    std::fs::rename(&audit, world.path("first")).unwrap();
    for command in [&["serve"][..], &["check"]] {
        refused(&world, command, "the audit log is gone from");
        assert!(!audit.exists(), "none is made in passing");
    }
    assert_eq!(
        world.run(&["recover", "log"]).code(),
        Some(2),
        "without a reason"
    );
    let said = world.json(&[&recover[..], &["--json"]].concat());
    assert_eq!(said["recovered"]["lost"], "log");
    once(&world);
    let told = found(&world, "recovered-log");
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        "os-user/",
        "the disk of the log was lost",
        &key,
        "entry 0",
        "were seen last",
    ] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
    assert_eq!(acts(&world), ["recover-log"]);
    // The one before is evidence, under its own key.
    let first = world.path("first");
    let args = [
        "audit",
        "verify",
        "--log",
        first.to_str().unwrap(),
        "--key",
        &key,
    ];
    assert_eq!(world.run(&args).code(), Some(0));
    // It is not taken back by whoever puts its folder there again.
    std::fs::rename(&audit, world.path("second")).unwrap();
    std::fs::rename(&first, &audit).unwrap();
    refused(&world, &["serve"], "not the one that is pinned");
    std::fs::rename(&audit, &first).unwrap();
    std::fs::rename(world.path("second"), &audit).unwrap();
    once(&world);
}

#[test]
fn a_log_that_the_recorder_refuses_is_replaced_in_the_same_way_again_and_again() {
    let world = World::new();
    once(&world);
    let audit = world.data().join("audit");
    let recover = ["recover", "log", "--reason", "the recorder refused it"];
    let wal = audit.join("wal");
    std::fs::rename(&wal, world.path("wal")).unwrap();
    refused(&world, &["serve"], "the recorder ended");
    std::fs::rename(world.path("wal"), &wal).unwrap();
    std::fs::write(audit.join("log/checkpoint"), "nonsense\n").unwrap();
    refused(&world, &["serve"], "audit log");
    refused(&world, &recover, "move the folder away first");
    for (number, moved) in [(1, "refused"), (2, "again")] {
        std::fs::rename(&audit, world.path(moved)).unwrap();
        let ran = world.run(&recover);
        assert_eq!(ran.code(), Some(0), "{}", ran.err());
        once(&world);
        assert_eq!(found(&world, "recovered-log").len(), number);
        assert_eq!(acts(&world), ["recover-log"], "of this log");
    }
    // Who takes an act out of the pins is found out by the log.
    let pins = world.data().join("installation.json");
    let mut pinned: Value = serde_json::from_slice(&std::fs::read(&pins).unwrap()).unwrap();
    pinned["recoveries"].as_array_mut().unwrap().clear();
    std::fs::write(&pins, pinned.to_string()).unwrap();
    let told = found(&world, "audit-log-whole");
    assert!(told[0].contains("is not in installation.json"), "{told:?}");
}

fn log_key(world: &World) -> String {
    let said = world.json(&["audit", "verify", "--json"]);
    said["vkey"].as_str().unwrap().to_owned()
}

#[test]
fn a_loss_is_not_got_over_beside_a_service_that_works() {
    let world = World::new();
    let _serving = world.serve();
    let recover = ["recover", "database", "--reason", "somebody is in a hurry"];
    refused(&world, &recover, "stop the service");
    let recover = ["recover", "log", "--reason", "somebody is in a hurry"];
    refused(&world, &recover, "stop the service");
}

/// A clinic whose records can be written from outside.
struct Clinic {
    world: World,
    serving: Serving,
}

impl Clinic {
    fn start() -> Self {
        let world = World::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        let folder = Self::folder(&world);
        command
            .args(["demo", "--json", "--port", "0", "--data"])
            .arg(folder);
        let mut clinic = Self {
            serving: Serving::start(command),
            world,
        };
        clinic.stop();
        clinic.serve();
        clinic
    }

    fn folder(world: &World) -> PathBuf {
        world.path("clinic")
    }

    fn data(&self) -> PathBuf {
        Self::folder(&self.world)
    }

    fn curl(&self, args: &[&str], url: &str) -> (u16, String) {
        let token = self.data().join("tokens/integration.header");
        let output = Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "20",
                "--write-out",
                "\n%{http_code}",
                "--cacert",
            ])
            .arg(self.data().join("tls/certificate.pem"))
            .args(["--header", &format!("@{}", token.display())])
            .args(args)
            .arg(url)
            .output()
            .expect("curl");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// Writes a record; its status, and its id when it was acknowledged.
    fn write(&self) -> (u16, Option<String>) {
        let url = format!(
            "{}/Organization",
            self.serving.said["fhir"].as_str().unwrap()
        );
        let body = r#"{"resourceType":"Organization","active":true}"#;
        let with = ["-H", "Content-Type: application/fhir+json", "--data", body];
        let (status, body) = self.curl(&with, &url);
        let id = || {
            Some(
                serde_json::from_str::<Value>(&body).ok()?["id"]
                    .as_str()?
                    .to_owned(),
            )
        };
        (status, id().filter(|_| status == 201))
    }

    fn write_some(&self, count: usize) -> Vec<String> {
        let ids = (0..count).map(|_| self.write().1.expect("acknowledged"));
        ids.collect()
    }

    fn has(&self, id: &str) -> bool {
        let fhir = self.serving.said["fhir"].as_str().unwrap();
        self.curl(&[], &format!("{fhir}/Organization/{id}")).0 == 200
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command.args(args).env("VOUCHSAFE_DATA", self.data());
        Ran(command.output().unwrap())
    }

    fn stop(&mut self) {
        self.serving.signal("TERM");
        assert!(self.serving.wait().success());
    }

    fn refused(&self, why: &str) {
        let ran = self.run(&["serve"]);
        assert_eq!(ran.code(), Some(1), "{}", ran.out());
        assert!(ran.err().contains(why), "{why}: {}", ran.err());
    }

    /// As `serve`, from now on.
    fn serve(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .args(["serve", "--json"])
            .env("VOUCHSAFE_DATA", self.data());
        self.serving = Serving::start(command);
    }
}

/// Takes what SQLite keeps beside a file away with it.
fn remove(database: &Path) {
    let _ = std::fs::remove_file(database);
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
    }
}

#[test]
fn a_database_that_is_replaced_under_a_service_loses_no_acknowledged_write() {
    let mut clinic = Clinic::start();
    let records = clinic.data().join("data/records.db");
    let copy = records.with_extension("copy");
    clinic.stop();
    std::fs::copy(&records, &copy).unwrap();
    clinic.serve();
    let mut acknowledged = clinic.write_some(20);
    clinic.stop();
    clinic.serve();
    acknowledged.extend(clinic.write_some(5));
    std::fs::rename(&copy, &records).unwrap();
    // Nothing more is acknowledged that would go into a file which nobody finds again.
    for _ in 0..5 {
        let (status, id) = clinic.write();
        assert_eq!((status, id), (503, None));
    }
    let said = clinic.world.until(&clinic.serving, 503, SOON);
    assert!(said.contains("records"), "{said}");
    clinic.stop();
    let rescued = records.with_file_name("records.db.1.rescued");
    assert!(rescued.is_file());
    // The copy is what is there now: older than the log, or damaged.
    clinic.refused("Nothing was changed");

    remove(&records);
    std::fs::rename(&rescued, &records).unwrap();
    clinic.serve();
    assert_eq!(clinic.serving.said["passes"], true);
    for id in &acknowledged {
        assert!(clinic.has(id), "{id} is lost");
    }
    clinic.write_some(1);
}

#[test]
fn an_older_copy_of_the_database_does_not_start_until_somebody_accepts_what_it_lacks() {
    let mut clinic = Clinic::start();
    clinic.stop();
    let records = clinic.data().join("data/records.db");
    let (older, newer) = (
        records.with_extension("older"),
        records.with_extension("newer"),
    );
    std::fs::copy(&records, &older).unwrap();
    clinic.serve();
    let lost = clinic.write_some(3);
    clinic.stop();
    std::fs::copy(&records, &newer).unwrap();

    remove(&records);
    std::fs::copy(&older, &records).unwrap();
    let why = "3 writes that the audit log has as committed are not in the database";
    clinic.refused(why);
    let ran = clinic.run(&["check"]);
    assert!(ran.err().contains(why), "{}", ran.err());
    // With the newer one nothing is lost, and nothing is to be accepted.
    remove(&records);
    std::fs::copy(&newer, &records).unwrap();
    let recover = [
        "recover",
        "database",
        "--reason",
        "restored from last night",
    ];
    let ran = clinic.run(&recover);
    assert_eq!(ran.code(), Some(1), "{}", ran.out());
    assert!(ran.err().contains("nothing is lost"), "{}", ran.err());
    remove(&records);
    std::fs::copy(&older, &records).unwrap();
    let ran = clinic.run(&recover);
    assert_eq!(ran.code(), Some(0), "{}", ran.err());
    clinic.serve();
    assert!(lost.iter().all(|id| !clinic.has(id)));
    clinic.write_some(1);
    clinic.stop();
    let shown = clinic.run(&["check"]).out();
    for part in [
        "recovered-database",
        "3 writes",
        "restored from last night",
        "os-user/",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = clinic.run(&["audit", "verify"]).out();
    assert!(shown.contains("recover-database by os-user/"), "{shown}");
}

#[test]
fn a_database_that_is_damaged_does_not_start_and_stays_as_it_is() {
    let world = World::new();
    once(&world);
    for name in ["data/records.db", "data/identity.db", "keys/keys.db"] {
        let file = world.data().join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        // A page of some tree.
        for byte in damaged.iter_mut().skip(4_096).take(64) {
            *byte ^= 0xff;
        }
        std::fs::write(&file, &damaged).unwrap();
        refused(&world, &["serve"], "docs/recovery.md");
        refused(&world, &["serve"], name.rsplit('/').next().unwrap());
        assert!(std::fs::read(&file).unwrap() == damaged, "{name}");
        std::fs::write(&file, &whole).unwrap();
    }
    once(&world);
}
