//! The recorder process killed at random under load, many times: nothing acknowledged is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use vouchsafe::audit::{AppendError, AuditLog};
use vouchsafe_ledger::client::RecorderClient;

use crate::support::{TestLog, draft, text};

/// Bytes of the acknowledged entries, by source and counter.
type Promised = BTreeMap<u64, String>;

/// Appends until it is stopped; returns the number of successes.
async fn caller(
    client: RecorderClient,
    size: usize,
    promised: Arc<Mutex<Promised>>,
    done: Arc<AtomicBool>,
) -> usize {
    let mut appended = 0;
    while !done.load(Ordering::Relaxed) {
        let drafts: Vec<_> = (0..size).map(|_| draft()).collect();
        let texts: Vec<_> = drafts.iter().map(text).collect();
        match client.append(drafts).await {
            Ok(recorded) => {
                appended += 1;
                let mut promised = promised.lock().await;
                for (text, place) in texts.into_iter().zip(recorded.entries()) {
                    let before = promised.insert(place.index(), text);
                    assert!(before.is_none(), "one place for two entries");
                }
            }
            Err(AppendError::Unavailable | AppendError::Late) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    appended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_killed_at_random_loses_nothing_acknowledged() {
    const KILLS: u64 = 25;
    let test = TestLog::new();
    let mut recorder = test.recorder();
    let client = test.client().await;
    let promised = Arc::new(Mutex::new(Promised::new()));
    let done = Arc::new(AtomicBool::new(false));
    let call = |number: usize| {
        let (promised, done) = (Arc::clone(&promised), Arc::clone(&done));
        tokio::spawn(caller(client.clone(), 1 + number % 4, promised, done))
    };
    let callers: Vec<_> = (0..8).map(call).collect();
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..KILLS {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        tokio::time::sleep(Duration::from_micros(20_000 + chance % 150_000)).await;
        recorder.kill();
        recorder = test.recorder();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    done.store(true, Ordering::Relaxed);
    let mut total = 0;
    for caller in callers {
        let appended = caller.await.unwrap();
        assert!(appended > 20, "{appended}");
        total += appended;
    }
    assert!(recorder.stop().success());

    let log = test.log();
    let report = log.verify();
    assert!(report.is_sound(), "{report:?}");
    let entries: Vec<_> = log.entries(0).unwrap().map(Result::unwrap).collect();
    let promised = promised.lock().await;
    assert!(promised.len() >= total);
    for (index, text) in &*promised {
        let entry = &entries[usize::try_from(*index).unwrap()];
        assert_eq!(&entry.json, text);
    }
    let different: BTreeSet<_> = entries.iter().map(|entry| &entry.json).collect();
    assert_eq!(different.len(), entries.len(), "an entry was stored twice");
}

/// Appends in flight when the recorder died are stored once, and their callers get the result.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_in_flight_survive_a_restart_of_the_recorder() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    client.append(vec![draft()]).await.unwrap();
    let pid = recorder.process.id().to_string();
    let signal = |name: &str| {
        let status = std::process::Command::new("kill")
            .args([name, &pid])
            .status();
        assert!(status.unwrap().success());
    };
    // It reads the bytes and does nothing.
    signal("-STOP");
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.append(vec![draft(), draft()]).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    recorder.kill();
    let recorder = test.recorder();
    let mut indices = Vec::new();
    for append in waiting {
        let recorded = append.await.unwrap().unwrap();
        indices.extend(
            recorded
                .entries()
                .iter()
                .map(vouchsafe::audit::Appended::index),
        );
    }
    indices.sort_unstable();
    assert_eq!(indices, (1..41).collect::<Vec<_>>());
    assert!(recorder.stop().success());
    assert!(test.log().verify().is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_hangs_makes_appends_late_and_one_that_is_gone_makes_them_fail_at_once() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    client.append(vec![draft()]).await.unwrap();
    let pid = recorder.process.id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-STOP", &pid])
        .status();
    assert!(status.unwrap().success());
    let start = std::time::Instant::now();
    // More than may be in flight: the rest waits for room, and is late as well.
    let waiting: Vec<_> = (0..6000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.append(vec![draft()]).await.map(|_| ()) })
        })
        .collect();
    for append in waiting {
        assert_eq!(append.await.unwrap(), Err(AppendError::Late));
    }
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert!(start.elapsed() < Duration::from_secs(4));
    recorder.kill();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let start = std::time::Instant::now();
    for _ in 0..100 {
        let refused = client.append(vec![draft()]).await.map(|_| ());
        assert_eq!(refused, Err(AppendError::Unavailable));
    }
    assert!(client.unsettled().await.is_err());
    assert!(start.elapsed() < Duration::from_millis(200));
    // Once it is back, so is the log; a late append is not stored afterwards.
    let recorder = test.recorder();
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while client.append(vec![draft()]).await.is_err() {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(recorder.stop().success());
    let report = test.log().verify();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 2);
}
