//! Files that were damaged, removed or replaced while no recorder looked.

use std::fs;
use std::path::{Path, PathBuf};

use vouchsafe::audit::AuditLog;

use crate::support::{TestLog, draft};

/// A log with full and partial tiles, whose recorder was killed.
async fn killed_log(entries: usize) -> TestLog {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    for _ in 0..entries / 50 {
        let drafts: Vec<_> = (0..50).map(|_| draft()).collect();
        client.append(drafts).await.unwrap();
    }
    // Published, since there is a checkpoint every 50 ms.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while test.log().size() < entries as u64 {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    recorder.kill();
    test
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verifier_finds_one_flipped_byte_in_every_published_file() {
    let test = killed_log(700).await;
    let sound = test.log().verify();
    assert!(sound.is_sound(), "{sound:?}");
    let (mut opened, mut refused) = (0, 0);
    let size = test.log().size();
    let edge: Vec<String> = vouchsafe_tlog::tile::edge_paths(size)
        .map(|path| path.to_string())
        .collect();
    for path in files(&test.file("log")) {
        let inside = path
            .strip_prefix(test.file("log"))
            .unwrap()
            .to_string_lossy()
            .into_owned();
        // Kept for older checkpoints until the full tile exists; this one does not need them.
        let older = inside.contains(".p/") && !edge.contains(&inside);
        if older || inside == "acknowledgement.pub" || inside.ends_with(".tmp") {
            continue;
        }
        let good = fs::read(&path).unwrap();
        for place in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&path, &bad).unwrap();
            match vouchsafe_ledger::reader::Log::open(&test.dir) {
                Ok(log) => {
                    opened += 1;
                    let report = log.verify();
                    assert!(!report.is_sound(), "{inside} at {place}");
                }
                Err(_) => refused += 1,
            }
        }
        fs::remove_file(&path).unwrap();
        let missing = vouchsafe_ledger::reader::Log::open(&test.dir);
        assert!(
            missing.map_or(true, |log| !log.verify().is_sound()),
            "{inside}"
        );
        fs::write(&path, &good).unwrap();
    }
    assert!(opened >= 15 && refused >= 4, "{opened} {refused}");
    assert!(test.log().verify().is_sound());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_says_which_file_is_damaged_and_changes_nothing() {
    let test = killed_log(700).await;
    let wal = files(&test.file("wal"))[0]
        .strip_prefix(&test.dir)
        .unwrap()
        .to_owned();
    let edge = vouchsafe_tlog::tile::edge_paths(test.log().size());
    let mut cases: Vec<PathBuf> = edge
        .map(|path| Path::new("log").join(path.to_string()))
        .collect();
    assert!(cases.len() >= 3);
    cases.extend(
        [
            "log/checkpoint",
            "log/vkey",
            "keys/log.key",
            "keys/acknowledgement.key",
        ]
        .map(PathBuf::from),
    );
    cases.push(wal);
    for case in cases {
        let copy = test.copy();
        let path = copy.dir.join(&case);
        let mut bytes = fs::read(&path).unwrap();
        bytes[40] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let before: Vec<_> = files(&copy.dir)
            .iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        let said = copy.refused();
        assert!(
            said.contains(&copy.dir.display().to_string()),
            "{}: {said}",
            case.display()
        );
        let after: Vec<_> = files(&copy.dir)
            .iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        assert!(before == after, "{}: something was changed", case.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_files_are_missed() {
    let test = killed_log(700).await;
    let wal = files(&test.file("wal"))[0]
        .strip_prefix(&test.dir)
        .unwrap()
        .to_owned();
    for case in [
        "log/checkpoint",
        "log/vkey",
        "keys/log.key",
        wal.to_str().unwrap(),
    ] {
        let copy = test.copy();
        fs::remove_file(copy.dir.join(case)).unwrap();
        let said = copy.refused();
        assert!(said.starts_with("recorder: "), "{case}: {said}");
    }
    // Caches are rebuilt.
    let copy = test.copy();
    // The recorder may have been killed before it ever saved the file.
    let _ = fs::remove_file(copy.dir.join("sources"));
    assert!(copy.recorder().stop().success());
    assert!(copy.dir.join("sources").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_write_ahead_log_is_refused_and_a_torn_end_is_removed() {
    let test = killed_log(100).await;
    let wal = files(&test.file("wal"))[0].clone();
    let length = fs::metadata(&wal).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&wal).unwrap();
    file.set_len(length - 1).unwrap();
    let said = test.refused();
    assert!(said.contains("its length"), "{said}");
    file.set_len(length).unwrap();
    // Sectors of a batch whose first sector never reached the disk.
    let bytes = fs::read(&wal).unwrap();
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .unwrap()
        .next_multiple_of(512);
    let mut torn = bytes.clone();
    torn[end + 512..end + 2000].fill(b'x');
    fs::write(&wal, &torn).unwrap();
    assert!(test.recorder().stop().success());
    assert_eq!(fs::read(&wal).unwrap(), bytes);
    let report = test.log().verify();
    assert!(report.is_sound() && report.entries == 100, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_ahead_log_that_is_deleted_or_replaced_stops_the_recorder() {
    for replace in [false, true] {
        let test = TestLog::new();
        let mut recorder = test.recorder();
        let client = test.client().await;
        client.append(vec![draft()]).await.unwrap();
        let wal = files(&test.file("wal"))[0].clone();
        let bytes = fs::read(&wal).unwrap();
        if replace {
            let other = wal.with_extension("other");
            fs::write(&other, &bytes).unwrap();
            fs::rename(&other, &wal).unwrap();
        } else {
            fs::remove_file(&wal).unwrap();
        }
        // Detected within a second, even without an append.
        if !replace {
            let refused = client.append(vec![draft()]).await;
            assert!(refused.is_err(), "{refused:?}");
        }
        assert!(!recorder.wait().success());
        let said = recorder.errors();
        assert!(said.contains("was deleted or replaced"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_published_log_is_refused() {
    let test = killed_log(100).await;
    assert!(test.recorder().stop().success());
    let old = test.copy();
    let recorder = test.recorder();
    test.client().await.append(vec![draft()]).await.unwrap();
    assert!(recorder.stop().success());
    // Only the published part, or only the private part, comes from the backup.
    for part in ["log", "wal"] {
        let mixed = test.copy();
        fs::remove_dir_all(mixed.dir.join(part)).unwrap();
        crate::support::copy_folder(&old.dir.join(part), &mixed.dir.join(part));
        let said = mixed.refused();
        assert!(
            said.contains("old copy") || said.contains("ends before"),
            "{part}: {said}"
        );
    }
}
