//! The real history of a Go service, against a count by other means.

use std::io::Write as _;

use super::*;

fn unpack(archive: &Path, into: &Path) {
    let done = Command::new("tar")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(into)
        .status();
    assert!(
        done.unwrap().success(),
        "tar cannot unpack {}",
        archive.display()
    );
}

/// The history, and Go's database; nothing when they are not there.
fn real() -> Option<Bed> {
    let (history, database) = (
        shared("histories/ca-go.fi.xz")?,
        shared("go-vulndb.tar.xz")?,
    );
    let mut bed = Bed::new("");
    unpack(&database, bed.folder.path());
    let repository = bed.repository();
    let import = format!(
        "xzcat '{}' | git -C '{}' fast-import --quiet",
        history.display(),
        repository.display()
    );
    let done = Command::new("sh").arg("-c").arg(import).status().unwrap();
    assert!(done.success());
    bed.git(&["reset", "-q", "--hard", "main"]);
    let path = bed.folder.path().join("go-vulndb");
    bed.settings
        .push_str(&format!("go = \"{}\"\n", path.display()));
    Some(bed)
}

#[test]
fn the_windows_of_a_real_history_are_those_of_an_independent_count() {
    let Some(bed) = real() else {
        return;
    };
    let clock = std::time::Instant::now();
    let (stored, failed) = bed.collect("2026-08-21T00:00:00Z");
    let collected = clock.elapsed();
    assert_eq!(failed, 0, "{stored} stored");
    let cache = Cache::default();
    let clock = std::time::Instant::now();
    let at = "2026-08-21T12:00:00Z";
    let judgement = bed.judge_with("vuln.exposure-ledger", at, &cache);
    let judged = clock.elapsed();
    eprintln!("collected in {collected:?}, judged in {judged:?}");
    eprintln!("{:?}", judgement.notes);
    eprintln!("{:?}", judgement.unobservable);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exposure/windows.py");
    let counted = Command::new("python3")
        .arg(script)
        .arg(bed.repository())
        .arg("main")
        .arg(bed.folder.path().join("go-vulndb"))
        .output()
        .unwrap();
    assert!(counted.status.success());
    let counted = String::from_utf8(counted.stdout).unwrap();
    let counted: Vec<_> = counted.lines().map(str::to_owned).collect();
    assert!(counted.len() > 50, "{} windows", counted.len());
    assert_eq!(windows(&judgement), counted);
    assert_eq!(judgement.outcome, Outcome::Fail);
    assert!(columns(&judgement, "state").len() > 2);
}

/// A `Cargo.lock` that changes `revisions` times as one branch, one to three crates at a time: our own, and 200 crates with
/// advisories, which are those that change.
fn cargo_history(revisions: usize) -> Option<Bed> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let database = shared("advisory-db.tar.gz")?;
    let mut bed = Bed::new("");
    unpack(&database, bed.folder.path());
    let mut lines: Vec<_> = std::fs::read_to_string(lock)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let ours = lines.len();
    let advised = std::fs::read_dir(bed.folder.path().join("advisory-db/crates")).unwrap();
    let advised = advised.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let advised: std::collections::BTreeSet<String> = advised.collect();
    for name in advised.iter().step_by(advised.len() / 200) {
        let package = format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\""
        );
        lines.extend(package.lines().map(str::to_owned));
    }
    let versions: Vec<_> = (ours..lines.len())
        .filter(|at| lines[*at].starts_with("version = \""))
        .collect();
    let stream_file = bed.folder.path().join("stream");
    let mut stream = std::io::BufWriter::new(std::fs::File::create(&stream_file).unwrap());
    for revision in 0..revisions {
        for step in 0..=revision % 3 {
            let line = &mut lines[versions[(revision * 7 + step * 131) % versions.len()]];
            *line = format!(
                "version = \"{}.{}.{}\"",
                revision % 3,
                revision % 17,
                revision % 29
            );
        }
        let text = lines.join("\n") + "\n";
        let date = 1_600_000_000 + revision * 40_000;
        write!(stream, "commit refs/heads/main\ncommitter t <t@example.org> {date} +0000\ndata 1\nx\nM 100644 inline Cargo.lock\ndata {}\n{text}\n", text.len()).unwrap();
    }
    stream.flush().unwrap();
    let done = Command::new("git")
        .arg("-C")
        .arg(bed.repository())
        .args(["fast-import", "--quiet"])
        .stdin(std::fs::File::open(&stream_file).unwrap())
        .status();
    assert!(done.unwrap().success());
    bed.git(&["reset", "-q", "--hard", "main"]);
    let path = bed.folder.path().join("advisory-db");
    bed.settings
        .push_str(&format!("rustsec = \"{}\"\n", path.display()));
    Some(bed)
}

fn judged(bed: &Bed) -> Judgement {
    let clock = std::time::Instant::now();
    let (stored, failed) = bed.collect("2026-08-21T12:00:00Z");
    assert_eq!(failed, 0, "{stored} stored");
    let collected = clock.elapsed();
    let judgement = bed.judge("vuln.exposure-ledger", "2026-08-21T12:00:00Z");
    let all = clock.elapsed();
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    eprintln!("collected in {collected:?}, collected and judged in {all:?}, {peak}");
    eprintln!(
        "{:?} {:?}",
        judgement.notes,
        judgement.population.as_ref().map(|p| &p.completeness)
    );
    judgement
}

#[test]
fn a_long_history_of_a_cargo_lock_has_windows_by_rustsec() {
    let Some(bed) = cargo_history(300) else {
        return;
    };
    let judgement = judged(&bed);
    assert!(windows(&judgement).len() >= 5);
    assert_eq!(
        judgement.outcome,
        Outcome::Fail,
        "{:?}",
        judgement.unobservable
    );
}

/// Measured by hand: `cargo test --release -- --ignored --nocapture 3600`.
#[test]
#[ignore = "a measurement, not a test"]
fn a_history_of_3600_revisions_is_measured() {
    let bed = cargo_history(3600).expect("shared/data");
    assert!(windows(&judged(&bed)).len() >= 50);
}

/// A lock file of 50 MB, twice; measured by hand as above.
#[test]
#[ignore = "a measurement, not a test"]
fn a_lock_file_of_50_mb_is_measured() {
    let mut bed = Bed::new("");
    let text = |version: &str| {
        let entries = (0..350_000).map(|n| {
            format!("    \"node_modules/package-{n}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \"https://registry.example.org/package-{n}/-/package-{n}-{version}.tgz\",\n      \"license\": \"MIT\"\n    }}")
        });
        let entries: Vec<_> = entries.collect();
        format!(
            "{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n{}\n  }}\n}}\n",
            entries.join(",\n")
        )
    };
    let (one, two) = (text("1.0.0"), text("1.0.1"));
    assert!(one.len() > 50 << 20, "{}", one.len());
    bed.commit("2026-01-10T00:00:00Z", &[("package-lock.json", Some(&one))]);
    bed.commit("2026-01-20T00:00:00Z", &[("package-lock.json", Some(&two))]);
    let folder = bed.folder.path().join("osv");
    std::fs::create_dir(&folder).unwrap();
    let record = r#"{"id":"GHSA-1","published":"2026-01-11T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"package-77"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}]}]}"#;
    std::fs::write(folder.join("a.json"), record).unwrap();
    std::fs::write(folder.join("SNAPSHOT"), "2026-08-21").unwrap();
    bed.settings
        .push_str(&format!("osv = [\"{}\"]\n", folder.display()));
    let judgement = judged(&bed);
    assert_eq!(windows(&judgement).len(), 1);
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
}

/// The evidence of the whole databases is not refused as PHI.
#[test]
fn no_advisory_of_the_real_databases_is_refused() {
    let (Some(go), Some(rustsec)) = (shared("go-vulndb.tar.xz"), shared("advisory-db.tar.gz"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    unpack(&go, folder.path());
    unpack(&rustsec, folder.path());
    let now = time("2026-08-21T12:00:00Z");
    for (name, layout, least) in [
        ("go-vulndb", database::Layout::Go, 4_000),
        ("advisory-db", database::Layout::Rustsec, 1_000),
    ] {
        let (refused, kept) = database::whole(&folder.path().join(name), layout, now);
        assert!(kept >= least, "{kept}");
        assert!(refused.len() < 5, "{refused:?}");
    }
}
