//! Every write and every sync fails in turn, followed by a power cut; nothing acknowledged is lost.

use super::*;
use crate::wal::frame::{Found, Stored, encode, find};

/// Acknowledged entries: the index of each by its counter.
type Promised = BTreeMap<u64, u64>;

/// Appends requests of several sizes until the disk fails or all are done, with some publications.
fn work(
    sim: &Sim,
    log: &mut Stepped,
    requests: u64,
    promised: &mut Promised,
) -> Result<(), RecorderError> {
    for request in 0..requests {
        let (connection, last) = log.connect(source(1));
        let count = [1, 3, 1, 12, 2][usize::try_from(request % 5).unwrap()];
        let entries: Vec<_> = (1..=count).map(|n| entry(last + n)).collect();
        log.append(&connection, 1, &entries);
        let committed = log.commit();
        for reply in replies(&connection) {
            match reply {
                Reply::Committed(acknowledgement, placed) => {
                    let first = acknowledgement.first_index + u64::from(placed[0].position);
                    promised.extend((0..count).map(|n| (last + 1 + n, first + n)));
                    sim.key().verify(acknowledgement).unwrap();
                }
                Reply::Refused(_, refusal) => assert_eq!(refusal, Refusal::Stopping),
                other => panic!("{other:?}"),
            }
        }
        committed?;
        if request % 4 == 3 {
            log.publish()?;
        }
    }
    Ok(())
}

/// After a crash: the log opens, has every acknowledged entry at its index, continues, and verifies.
fn survives(sim: &Sim, promised: &Promised, what: &str) {
    let mut log = sim.open().unwrap_or_else(|error| panic!("{what}: {error}"));
    let (connection, last) = log.connect(source(1));
    let newest = promised.keys().next_back().copied().unwrap_or(0);
    assert!(
        last >= newest,
        "{what}: {newest} acknowledged, {last} there"
    );
    if newest > 0 {
        log.append(&connection, 2, &[entry(newest)]);
        log.commit().unwrap();
        match replies(&connection).pop() {
            Some(Reply::Committed(again, placed)) => {
                let index = again.first_index + u64::from(placed[0].position);
                assert_eq!(Some(&index), promised.get(&newest), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    work(sim, &mut log, 7, &mut Promised::new()).unwrap();
    log.stop().unwrap();
    let report = sim.report();
    assert!(report.is_sound(), "{what}: {report:?}");
    assert!(report.entries >= newest + 23);
}

#[test]
fn a_failure_at_any_operation_loses_nothing_acknowledged() {
    let reference = Sim::fresh();
    let before = reference.disk.operations();
    let mut log = reference.open().unwrap();
    work(&reference, &mut log, 40, &mut Promised::new()).unwrap();
    log.stop().unwrap();
    let operations = reference.disk.operations() - before;
    assert!(operations > 150, "{operations}");

    for n in 1..=operations {
        let sim = Sim::fresh();
        sim.disk.fail_after(n);
        let mut promised = Promised::new();
        let outcome = sim.open().and_then(|mut log| {
            work(&sim, &mut log, 40, &mut promised)?;
            log.stop()
        });
        assert!(outcome.is_err(), "operation {n} did not fail");
        let what = format!("operation {n}: {:?}", sim.disk.failed());
        for seed in 1..=3 {
            let after = Sim::new(sim.disk.after_power_cut(seed * 7919 + n));
            survives(&after, &promised, &format!("{what}, seed {seed}"));
        }
    }
}

/// The process ends, not the system: the next process must not take the page cache for the disk.
#[test]
fn what_a_failed_sync_left_in_the_page_cache_is_not_believed() {
    for n in 1.. {
        let sim = Sim::fresh();
        sim.disk.fail_after(n);
        let mut promised = Promised::new();
        let outcome = sim.open().and_then(|mut log| {
            work(&sim, &mut log, 24, &mut promised)?;
            log.stop()
        });
        if outcome.is_ok() {
            assert!(n > 100, "{n}");
            return;
        }
        let what = format!("operation {n}: {:?}", sim.disk.failed());
        let next = Sim::new(sim.disk.after_failure());
        let mut log = next
            .open()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        // A retry of the last request is acknowledged now, though the first attempt was not.
        let (connection, last) = log.connect(source(1));
        if last > 0 {
            log.append(&connection, 1, &[entry(last)]);
            log.commit().unwrap();
            if let Some(Reply::Committed(again, placed)) = replies(&connection).pop() {
                promised.insert(last, again.first_index + u64::from(placed[0].position));
            }
        }
        work(&next, &mut log, 3, &mut promised).unwrap();
        drop(log);
        let after = Sim::new(next.disk.after_power_cut(n * 17 + 5));
        survives(&after, &promised, &what);
    }
}

#[test]
fn a_power_cut_while_recovering_loses_nothing_either() {
    let sim = Sim::fresh();
    let mut promised = Promised::new();
    let mut log = sim.open().unwrap();
    work(&sim, &mut log, 18, &mut promised).unwrap();
    // The last batch is torn.
    sim.disk.fail_after(1);
    assert!(work(&sim, &mut log, 1, &mut promised).is_err());
    drop(log);
    for n in 1..200 {
        let first = Sim::new(sim.disk.after_power_cut(n + 1));
        first.disk.fail_after(n);
        let done = first.open().and_then(Stepped::stop).is_ok();
        let second = Sim::new(first.disk.after_power_cut(n + 2));
        survives(&second, &promised, &format!("operation {n} of recovery"));
        if done {
            return;
        }
    }
    panic!("recovery never ended");
}

#[test]
fn an_interrupted_first_start_is_finished_by_the_next() {
    let operations = Sim::fresh().disk.operations();
    for n in 1..=operations {
        let disk = SimDisk::failing_at(Some(n));
        assert!(Sim::create(disk.clone()).is_err());
        let after = disk.after_power_cut(n * 31 + 7);
        let sim = match Sim::create(after.clone()) {
            Err(RecorderError::AlreadyInitialised { .. }) => Sim::new(after),
            other => other.unwrap_or_else(|error| panic!("operation {n}: {error}")),
        };
        sim.open().unwrap().stop().unwrap();
    }
}

#[test]
fn every_torn_write_of_the_last_batch_is_removed() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let mut promised = Promised::new();
    work(&sim, &mut log, 3, &mut promised).unwrap();
    let segment = log.engine.committer.wal.position().segment;
    let path = sim.layout.wal().join(format!("{segment:020}.wal"));
    let before = sim.disk.read(&path).unwrap();
    let (connection, last) = log.connect(source(1));
    let entries: Vec<_> = (1..=12).map(|n| entry(last + n)).collect();
    log.append(&connection, 1, &entries);
    log.commit().unwrap();
    drop(log);
    let after = sim.disk.read(&path).unwrap();
    let differs = |sector: &usize| before[sector * 512..][..512] != after[sector * 512..][..512];
    let last: Vec<usize> = (0..after.len() / 512).filter(differs).collect();
    assert!((10..20).contains(&last.len()), "{last:?}");
    // Of all sets of sectors that may have reached the disk: those that lack or have up to two.
    for set in 0..(1u32 << last.len()) - 1 {
        let (there, missing) = (
            set.count_ones() as usize,
            last.len() - set.count_ones() as usize,
        );
        if there > 2 && missing > 2 {
            continue;
        }
        let copy = Sim::new(sim.disk.after_power_cut(1));
        copy.disk.tamper(&path, |bytes| {
            for (bit, sector) in last.iter().enumerate() {
                if set & (1 << bit) == 0 {
                    bytes[sector * 512..][..512].fill(0);
                }
            }
        });
        survives(&copy, &promised, &format!("sectors {set:b} of {last:?}"));
    }
}

/// Flips a byte of every file in turn, at many offsets: either it is harmless, or the start is refused and changes
/// nothing, or the verifier finds it.
#[test]
fn a_flipped_byte_is_harmless_or_found() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    let mut promised = Promised::new();
    work(&sim, &mut log, 90, &mut promised).unwrap();
    drop(log);
    // By kind of file: starts refused, found by the verifier, harmless.
    let mut counts = BTreeMap::<String, [u32; 3]>::new();
    for path in sim.disk.files() {
        let length = sim.disk.read(&path).unwrap().len();
        let inside = path.strip_prefix("/sim").unwrap();
        let kind: PathBuf = inside
            .iter()
            .take(3)
            .filter(|part| !part.to_string_lossy().ends_with(".wal"))
            .collect();
        let counts = counts.entry(kind.display().to_string()).or_default();
        for place in (0..length).step_by(length.div_ceil(41)) {
            let copy = Sim::new(sim.disk.after_power_cut(3));
            copy.disk.tamper(&path, |bytes| bytes[place] ^= 0x41);
            let operations = copy.disk.operations();
            match copy.open().map(|_| ()) {
                Err(error) => {
                    counts[0] += 1;
                    assert_eq!(copy.disk.operations(), operations, "{error}");
                    let text = error.to_string();
                    assert!(text.len() > 40 && text.contains("/sim/"), "{text}");
                }
                Ok(()) if copy.report().is_sound() => {
                    counts[2] += 1;
                    survives(&copy, &promised, &format!("{} at {place}", path.display()));
                }
                Ok(()) => counts[1] += 1,
            }
        }
    }
    let count = |kind: &str| {
        counts
            .get(kind)
            .copied()
            .unwrap_or_else(|| panic!("{kind}: {counts:?}"))
    };
    // The write-ahead log has unused space and published entries, where a flip is harmless.
    assert!(count("wal")[0] > 0 && count("wal")[1] == 0, "{counts:?}");
    // A missing or damaged file is rebuilt.
    assert_eq!(count("sources")[..2], [0, 0], "{counts:?}");
    for kind in [
        "log/checkpoint",
        "log/vkey",
        "log/acknowledgement.pub",
        "keys/log.key",
    ] {
        assert_eq!(count(kind)[1..], [0, 0], "{kind}: {counts:?}");
    }
    // A partial tile beside its full one is not needed any more; everything else is found.
    for kind in ["log/tile/0", "log/tile/1", "log/tile/entries"] {
        let [refused, found, _] = count(kind);
        assert!(refused + found > 0, "{kind}: {counts:?}");
    }
}

#[test]
fn entries_that_changed_between_commit_and_publication_are_not_signed() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    work(&sim, &mut log, 3, &mut Promised::new()).unwrap();
    let checkpoint = sim.disk.read(&sim.layout.checkpoint()).unwrap();
    let path = sim.layout.wal().join(format!("{:020}.wal", 1));
    sim.disk.tamper(&path, |bytes| bytes[700] ^= 1);
    let error = log.publish().unwrap_err();
    assert!(
        matches!(error, RecorderError::Damaged { offset: 512, .. }),
        "{error}"
    );
    assert_eq!(sim.disk.read(&sim.layout.checkpoint()).unwrap(), checkpoint);
}

/// A batch with valid checksums but other entries than were committed: the result of a bit that flips in memory before
/// the checksum, or of an attacker who knows the format.
#[test]
fn entries_that_do_not_hash_to_their_root_are_not_signed() {
    let sim = Sim::fresh();
    let mut log = sim.open().unwrap();
    work(&sim, &mut log, 3, &mut Promised::new()).unwrap();
    let path = sim.layout.wal().join(format!("{:020}.wal", 1));
    sim.disk.tamper(&path, |bytes| {
        let Found::Frame(found) = find(&bytes[512..], 1) else {
            panic!("no batch")
        };
        let leaf = String::from_utf8(found.entries[0].leaf.to_vec()).unwrap();
        let leaf = leaf.replace("permitted", "refused!!");
        let stored = Stored {
            leaf: leaf.as_bytes(),
            ..found.entries[0]
        };
        let forged = encode(&found.head, &[stored]);
        assert_eq!(forged.len(), found.length);
        bytes[512..512 + forged.len()].copy_from_slice(&forged);
    });
    let error = log.publish().unwrap_err();
    assert!(
        matches!(error, RecorderError::Mismatch { offset: 512, .. }),
        "{error}"
    );
    drop(log);
    let error = sim.open().map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("do not hash"), "{error}");
    assert_eq!(sim.report().entries, 0);
}

#[test]
fn a_deleted_or_replaced_file_stops_the_recorder() {
    for replace in [false, true] {
        let sim = Sim::fresh();
        let mut log = sim.open().unwrap();
        work(&sim, &mut log, 1, &mut Promised::new()).unwrap();
        let path = sim.layout.wal().join(format!("{:020}.wal", 1));
        let bytes = sim.disk.read(&path).unwrap();
        sim.disk.remove(&path).unwrap();
        if replace {
            sim.disk.create(&path).unwrap().write_at(&bytes, 0).unwrap();
        }
        let (connection, _) = log.connect(source(1));
        log.append(&connection, 1, &[entry(2)]);
        let error = log.commit().unwrap_err();
        assert!(matches!(error, RecorderError::Replaced { .. }), "{error}");
        // Nothing more is accepted or published.
        log.append(&connection, 2, &[entry(2)]);
        let refused = |reply: &Reply| matches!(reply, Reply::Refused(_, Refusal::Stopping));
        let replies = replies(&connection);
        assert!(
            replies.len() == 2 && replies.iter().all(refused),
            "{replies:?}"
        );
        let news = log.engine.shared.news_at(Instant::now());
        assert_eq!(news.ended, Some(End::Failed));
    }
}
