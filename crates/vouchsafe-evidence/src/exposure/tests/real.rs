//! The real history of a Go service, against a count by other means.

use super::*;

fn unpack(archive: &Path, into: &Path) {
    let done = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(into).status();
    assert!(done.unwrap().success(), "tar cannot unpack {}", archive.display());
}

/// The history, and Go's database; nothing when they are not there.
fn real() -> Option<Bed> {
    let (history, database) = (shared("histories/ca-go.fi.xz")?, shared("go-vulndb.tar.xz")?);
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
