use std::cell::Cell;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::*;
use crate::entry::{Kind, RunEntry};

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

fn run(first: u64) -> Kind {
    Kind::Run(RunEntry {
        program: "test".to_owned(),
        first,
    })
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn log(path: &std::path::Path) -> Result<Log, LogError> {
    Log::open(Arc::new(Folder::new(path)), signer().verifier(), &[])
}

#[test]
fn what_was_committed_is_read_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), signer()).unwrap();
    for n in 0..700 {
        let content = vec![b'x'; if n % 50 == 0 { 9_000 } else { 10 }];
        assert_eq!(
            writer.append(at(n), run(0), &content).unwrap(),
            n.unsigned_abs()
        );
        if n % 90 == 0 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    drop(writer);
    let log = log(folder.path()).unwrap();
    let mut seen = 0_u64;
    log.each(|index, entry, _| {
        assert_eq!((index, entry.at), (seen, at(seen.cast_signed())));
        seen += 1;
    })
    .unwrap();
    assert_eq!(seen, 700);
    assert_eq!(log.content_at(50).unwrap().len(), 9_000);
    assert_eq!(log.content_at(51).unwrap().len(), 10);
}

#[test]
fn what_was_not_committed_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), signer()).unwrap();
    writer.append(at(1), run(0), b"a").unwrap();
    drop(writer);
    assert_eq!(log(folder.path()).unwrap().size(), 0);
    let mut writer = Writer::open(folder.path(), signer()).unwrap();
    writer.append(at(1), run(0), b"b").unwrap();
    writer.commit().unwrap();
    assert_eq!(
        log(folder.path()).unwrap().content_at(0).unwrap().as_ref(),
        b"b"
    );
}

#[test]
fn two_writers_a_foreign_key_and_a_clock_that_went_back_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), signer()).unwrap();
    assert!(matches!(
        Writer::open(folder.path(), signer()),
        Err(WriteError::Busy)
    ));
    writer.append(at(9), run(0), b"a").unwrap();
    assert!(matches!(
        writer.append(at(8), run(0), b"a"),
        Err(WriteError::Clock { .. })
    ));
    writer.commit().unwrap();
    drop(writer);
    let foreign =
        NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[8; 32]).unwrap();
    assert!(matches!(
        Writer::open(folder.path(), foreign),
        Err(WriteError::ForeignKey)
    ));
    assert!(matches!(
        Writer::create(folder.path(), signer()),
        Err(WriteError::Exists)
    ));
}

#[test]
fn a_changed_byte_and_a_missing_object_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), signer()).unwrap();
    writer.append(at(1), run(0), b"small").unwrap();
    writer.append(at(2), run(0), &[b'y'; 9_000]).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let object = object_path(&Digest::of(&[b'y'; 9_000]));
    std::fs::remove_file(folder.path().join(object)).unwrap();
    assert!(matches!(
        log(folder.path()).unwrap().content_at(1),
        Err(LogError::Object { .. })
    ));
    let bundle = folder.path().join("tile/entries/000.p/2");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert!(log(folder.path()).unwrap().each(|_, _, _| {}).is_err());
}

thread_local! {
    /// Files that may still be written in this test; the next one is cut in the middle.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Fails the n-th write of a file halfway, as a disk does that is full, or a process that is killed.
pub(super) fn may_write(file: &mut std::fs::File, bytes: &[u8]) -> std::io::Result<()> {
    let left = LEFT.get();
    if left == 0 {
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(std::io::ErrorKind::StorageFull.into());
    }
    LEFT.set(left - 1);
    Ok(())
}

/// Two commits of entries, small and large ones, that make full and partial tiles.
fn two_commits(path: &std::path::Path) -> Result<(), WriteError> {
    let mut writer = Writer::open(path, signer())?;
    for half in 0..2 {
        for n in 0..200 {
            let content = vec![b'y'; if n % 70 == 0 { 9_000 + half } else { 10 }];
            writer.append(at(100), run(n), &content)?;
        }
        writer.commit()?;
    }
    Ok(())
}

#[test]
fn whichever_write_fails_the_log_is_one_that_was_signed_and_goes_on() {
    for failing in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mut writer = Writer::create(path, signer()).unwrap();
        for n in 0..300 {
            writer.append(at(1), run(n), b"before").unwrap();
        }
        writer.commit().unwrap();
        drop(writer);
        LEFT.set(failing);
        let written = two_commits(path);
        LEFT.set(u64::MAX);
        let found = log(path).unwrap();
        assert!([300, 500, 700].contains(&found.size()), "{}", found.size());
        found.each(|_, _, _| {}).unwrap();
        (0..found.size()).for_each(|index| assert!(found.content_at(index).is_ok()));
        two_commits(path).unwrap();
        let again = log(path).unwrap();
        assert_eq!(again.size(), found.size() + 400);
        again.each(|_, _, _| {}).unwrap();
        if written.is_ok() {
            assert!(failing > 10);
            return;
        }
    }
}
