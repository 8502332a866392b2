//! Ready means ready, and whoever watches a service or reads its log cannot stop it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::process::child_of;
use crate::sweeping::metrics;
use crate::world::{Serving, World};

/// A look comes every 250 ms and takes 650 at most; the rest is for machines that do much else.
const SOON: Duration = Duration::from_millis(1_500);
const BACK: Duration = Duration::from_secs(20);

/// All children of a process that still run.
fn children_of(parent: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{parent}");
    let runs = |process: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        status.is_ok_and(|status| {
            let lines = || status.lines();
            lines().any(|line| line == parent) && !lines().any(|line| line.starts_with("State:\tZ"))
        })
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers.filter(runs).collect()
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// The recorder, which may be starting again.
fn recorder(serving: &Serving) -> u32 {
    let deadline = Instant::now() + BACK;
    loop {
        if let Some(recorder) = child_of(serving.id()) {
            return recorder;
        }
        assert!(Instant::now() < deadline, "no recorder");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// No request is needed for it.
#[test]
fn a_log_that_hangs_or_is_gone_is_not_ready_within_a_second_and_ready_again_when_it_works() {
    let world = World::new();
    let serving = world.serve();
    world.ready(&serving);
    let hangs = recorder(&serving);
    send("-STOP", hangs);
    let said = world.until(&serving, 503, SOON);
    assert!(said.contains("audit-log"), "{said}");
    send("-CONT", hangs);
    world.until(&serving, 200, BACK);

    // Gone, and it cannot be started again.
    let (wal, away) = (world.data().join("audit/wal"), world.path("wal"));
    std::fs::rename(&wal, &away).unwrap();
    send("-KILL", recorder(&serving));
    let said = world.until(&serving, 503, SOON);
    assert!(said.contains("audit-log"), "{said}");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(world.readyz(&serving).0, 503, "also later");
    std::fs::rename(&away, &wal).unwrap();
    world.until(&serving, 200, BACK);
}

/// A small file system of its own, where this user may mount one.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(at);
        let mounted = command.stderr(Stdio::null()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: this user may mount nothing");
            return None;
        }
        Some(Self(at))
    }

    /// Takes all room that is left, or all but so many files.
    fn fill_bytes(&self) {
        let file = std::fs::File::create(self.0.join("filler")).unwrap();
        let zeros = [0; 1 << 16];
        while std::io::Write::write_all(&mut &file, &zeros).is_ok() {}
        // The rest of a page at a time.
        while std::io::Write::write_all(&mut &file, &[0; 64]).is_ok() {}
    }

    fn fill_files(&self) {
        let folder = self.0.join("fillers");
        std::fs::create_dir(&folder).unwrap();
        for number in 0.. {
            if std::fs::File::create(folder.join(number.to_string())).is_err() {
                return;
            }
        }
    }

    fn free_files(&self) {
        std::fs::remove_dir_all(self.0.join("fillers")).unwrap();
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_log_without_room_is_not_ready_also_when_nobody_asks_for_anything() {
    let world = World::new();
    let audit = world.data().join("audit");
    let Some(disk) = Disk::mount(&audit, "size=96m,nr_inodes=4000,mode=0700") else {
        return;
    };
    let serving = world.serve();
    world.ready(&serving);
    disk.fill_bytes();
    let said = world.until(&serving, 503, SOON);
    assert!(said.contains("audit-log"), "{said}");
    std::fs::remove_file(audit.join("filler")).unwrap();
    world.until(&serving, 200, BACK);
    disk.fill_files();
    world.until(&serving, 503, SOON);
    disk.free_files();
    world.until(&serving, 200, BACK);
    drop(serving);
}

/// A demo has its installation open twice. Two who start recorders in turn would take the log from one another for ever.
#[test]
fn a_recorder_that_died_is_started_by_one_and_stays() {
    let world = World::new();
    let folder = world.path("demo");
    let Some(disk) = Disk::mount(&folder, "size=512m,nr_inodes=4000,mode=0700") else {
        return;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
    command
        .args(["demo", "--json", "--port", "0", "--data"])
        .arg(&folder);
    let serving = Serving::start(command);
    disk.fill_files();
    for _ in 0..2 {
        send("-KILL", recorder(&serving));
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            let running = children_of(serving.id());
            assert!(running.len() <= 1, "{running:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        if folder.join("fillers").exists() {
            disk.free_files();
        }
    }
    let deadline = Instant::now() + BACK;
    while children_of(serving.id()).len() != 1 {
        assert!(Instant::now() < deadline, "no recorder");
        std::thread::sleep(Duration::from_millis(50));
    }
    let stays = children_of(serving.id());
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(children_of(serving.id()), stays, "it is the same one");
    let err = serving.err();
    assert!(!err.contains("another recorder is running"), "{err}");
}

/// Requests that are refused at once, each a line at the level `debug`.
fn many_requests(world: &World, count: u32) -> String {
    let ca = world.data().join("tls/certificate.pem");
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "60", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}\n", "--cacert"])
        .arg(ca)
        .arg(world.url(&format!("/fhir/R4/nothing?[1-{count}]")))
        .output()
        .expect("curl");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_log_that_nobody_reads_stops_nothing_and_its_lost_lines_are_counted_and_told() {
    let world = World::with("log_level = \"debug\"\n");
    let (read, now) = mpsc::channel();
    let mut command = world.command(&["serve", "--json"]);
    command.env("RUST_LOG", "trace");
    let serving = Serving::start_unread(command, now);
    world.ready(&serving);
    // A pipe has 64 KiB, the queue 1 MiB; a line has about 200 bytes.
    let answered = many_requests(&world, 8_000);
    assert_eq!(answered.lines().count(), 8_000);
    assert!(
        answered.lines().all(|status| status != "000"),
        "all are answered"
    );
    assert_eq!(world.readyz(&serving).0, 200);
    let operations = serving.said["operations"].as_str().unwrap();
    let text = metrics(&world, operations);
    let lost = text
        .lines()
        .find_map(|line| line.strip_prefix("vouchsafe_log_lines_lost_total "));
    let lost: u64 = lost.expect("counted").parse().unwrap();
    assert!(lost > 0, "{text}");
    // Somebody reads at last.
    drop(read);
    let err = serving.err();
    assert!(err.contains("lines of this log were lost"), "{}", err.len());
}

#[test]
fn a_service_whose_log_nobody_reads_ends_when_it_is_told_to() {
    let world = World::with("log_level = \"debug\"\n");
    let (_never, now) = mpsc::channel();
    let mut serving = Serving::start_unread(world.command(&["serve", "--json"]), now);
    assert_eq!(many_requests(&world, 1_000).lines().count(), 1_000);
    serving.signal("TERM");
    assert!(serving.wait().success());
}

/// A certificate of a folder's own, as `tls.crt` and `tls.key` in it.
fn make_certificate(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ])
        .arg("-keyout")
        .arg(folder.join("tls.key"))
        .arg("-out")
        .arg(folder.join("tls.crt"))
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl").success());
}

/// As an orchestrator does: the link of the folder is replaced as a whole.
fn turn(link: &Path, to: &Path) {
    let next = link.with_extension("next");
    std::os::unix::fs::symlink(to, &next).unwrap();
    std::fs::rename(next, link).unwrap();
}

/// Whether a client that trusts this certificate alone is served.
fn serves(world: &World, folder: &Path) -> bool {
    let output = Command::new("curl")
        .args(["--silent", "--output", "/dev/null", "--cacert"])
        .arg(folder.join("tls.crt"))
        .arg(world.url("/fhir/R4/metadata"))
        .status();
    output.expect("curl").success()
}

fn until_serves(world: &World, folder: &Path) {
    let deadline = Instant::now() + BACK;
    while !serves(world, folder) {
        assert!(
            Instant::now() < deadline,
            "{} is not served",
            folder.display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_certificate_is_replaced_while_it_serves_also_the_tenth_time_and_a_bad_one_is_not() {
    let outside = tempfile::tempdir().unwrap();
    let (link, folder) = (outside.path().join("current"), |name: &str| {
        outside.path().join(name)
    });
    make_certificate(&folder("0"));
    turn(&link, &folder("0"));
    let place = link.display();
    let world = World::with(&format!(
        "[tls]\ncertificate = \"{place}/tls.crt\"\nkey = \"{place}/tls.key\"\n"
    ));
    let serving = world.serve();
    until_serves(&world, &folder("0"));
    for number in 1..=10 {
        let next = folder(&number.to_string());
        make_certificate(&next);
        turn(&link, &next);
        serving.signal("HUP");
        until_serves(&world, &next);
        assert!(!serves(&world, &folder("0")), "{number}");
    }
    // The key of another one.
    make_certificate(&folder("bad"));
    std::fs::copy(folder("3").join("tls.key"), folder("bad").join("tls.key")).unwrap();
    turn(&link, &folder("bad"));
    serving.signal("HUP");
    let operations = serving.said["operations"].as_str().unwrap().to_owned();
    let deadline = Instant::now() + BACK;
    let refused = || {
        let output = Command::new("curl")
            .args(["--silent", "--cacert"])
            .arg(folder("10").join("tls.crt"))
            .arg(format!("{operations}/metrics"))
            .output()
            .expect("curl");
        String::from_utf8_lossy(&output.stdout).contains("vouchsafe_certificate_refused 1")
    };
    while !refused() {
        assert!(Instant::now() < deadline, "it is not told");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(serves(&world, &folder("10")), "the one before stays");
    let err = serving.err();
    assert!(err.contains("the new certificate is not used"), "{err}");
}
