//! Faults with which a recorder does not start, and recorders that a client refuses.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vouchsafe::audit::{AppendError, AuditLog};
use vouchsafe_ledger::RecorderError;
use vouchsafe_ledger::client::{Child, ChildConfig, ChildError, ConnectError, RecorderClient};
use vouchsafe_ledger::recorder::{self, RecorderConfig};

use crate::process;
use crate::support::{ORIGIN, SEGMENT, TestLog, draft, draft_at};

#[test]
fn a_second_recorder_is_refused() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let said = test.refused();
    assert!(said.contains("another recorder is running"), "{said}");
    assert!(recorder.stop().success());
    assert!(test.recorder().stop().success());
}

#[test]
fn a_log_is_made_once() {
    let test = TestLog::new();
    let error = recorder::init(&test.dir, ORIGIN).unwrap_err();
    assert!(matches!(error, RecorderError::AlreadyInitialised { .. }));
    let other = tempfile::TempDir::new().unwrap();
    for origin in ["", "has space", "has+plus", "line\nbreak"] {
        let error = recorder::init(&other.path().join("x"), origin).unwrap_err();
        assert!(matches!(error, RecorderError::Origin), "{error}");
    }
    let error = recorder::identity(other.path()).unwrap_err();
    assert!(matches!(error, RecorderError::NotInitialised { .. }));
}

#[test]
fn what_others_could_read_is_refused() {
    for (path, mode) in [("", 0o755), ("keys", 0o750), ("keys/log.key", 0o640)] {
        let test = TestLog::new();
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(test.file(path), permissions).unwrap();
        let said = test.refused();
        assert!(said.contains("chmod go-rwx"), "{said}");
    }
    // The socket's own folder as well.
    let test = TestLog::new();
    let folder = test.socket.parent().unwrap();
    std::fs::create_dir(folder).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = test.refused();
    assert!(said.contains("chmod go-rwx"), "{said}");
}

#[test]
fn the_socket_is_its_owners_alone() {
    let test = TestLog::new();
    let _recorder = test.recorder();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&test.socket), 0o600);
    assert_eq!(mode(test.socket.parent().unwrap()), 0o700);
    assert_eq!(mode(&test.file("keys/log.key")), 0o600);
    assert_eq!(mode(&test.file("keys/acknowledgement.key")), 0o600);
}

#[test]
fn settings_have_limits() {
    let config = RecorderConfig::new("a", "b");
    for config in [
        RecorderConfig {
            segment_bytes: 1 << 20,
            ..config.clone()
        },
        RecorderConfig {
            checkpoint_every: Duration::ZERO,
            ..config.clone()
        },
        RecorderConfig {
            heartbeat_every: Duration::from_millis(1),
            ..config
        },
    ] {
        let error = recorder::run(&config, std::io::empty()).unwrap_err();
        assert!(matches!(error, RecorderError::Setting { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_recorder_is_not_believed() {
    let test = TestLog::new();
    let _recorder = test.recorder();
    let another = TestLog::new();
    let key = recorder::identity(&another.dir).unwrap().recorder;
    let refused = RecorderClient::connect(&test.socket, key, test.replica, None)
        .await
        .unwrap_err();
    assert!(matches!(refused, ConnectError::Untrusted));
    let key = vouchsafe::trusted::recorder("another.example.org/log", [7; 32]);
    let refused = RecorderClient::connect(&test.socket, key, test.replica, None)
        .await
        .unwrap_err();
    assert!(matches!(refused, ConnectError::Untrusted));
    let key = recorder::identity(&test.dir).unwrap().recorder;
    let nobody = test.file("no-socket");
    let refused = RecorderClient::connect(&nobody, key, test.replica, None)
        .await
        .unwrap_err();
    assert!(matches!(refused, ConnectError::Unreachable { .. }));
}

/// The log was rolled back under a running service, which detects it when it reconnects.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_forgot_what_it_acknowledged_is_not_believed() {
    let test = TestLog::new();
    let old = test.copy();
    let recorder = test.recorder();
    let client = test.client().await;
    client.append(vec![draft()]).await.unwrap();
    assert!(recorder.stop().success());
    std::fs::remove_dir_all(&test.dir).unwrap();
    crate::support::copy_folder(&old.dir, &test.dir);
    let _recorder = test.recorder();
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while client.append(vec![draft()]).await.map(|_| ()) != Err(AppendError::Untrusted) {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One refused request does not block those after it, although their counters now have a gap before them.
#[tokio::test(flavor = "multi_thread")]
async fn entries_with_a_wrong_time_are_refused_and_those_behind_them_are_not() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    let tasks: Vec<_> = (0..400)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let skew = SignedDuration::from_secs(if number % 10 == 3 { 3600 } else { 0 });
                let outcome = client.append(vec![draft_at(Timestamp::now() + skew)]).await;
                (
                    number,
                    outcome.map(|recorded| recorded.entries()[0].index() + 1),
                )
            })
        })
        .collect();
    let mut counters = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (number, Ok(counter)) => {
                assert_ne!(number % 10, 3);
                counters.push(counter);
            }
            (number, Err(error)) => assert_eq!((number % 10, error), (3, AppendError::Refused)),
        }
    }
    counters.sort_unstable();
    assert_eq!(counters, (1..=360).collect::<Vec<_>>());
    assert!(recorder.stop().success());
    let report = test.log().verify();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 360);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_append_goes_in_several_requests_and_stays_in_order() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    let drafts: Vec<_> = (0..5000).map(|_| draft()).collect();
    let recorded = client.append(drafts).await.unwrap();
    let indices: Vec<_> = recorded
        .entries()
        .iter()
        .map(vouchsafe::audit::Appended::index)
        .collect();
    assert_eq!(indices, (0..5000).collect::<Vec<_>>());
    assert_eq!(client.append(vec![]).await.unwrap().entries().len(), 0);
    assert!(recorder.stop().success());
    assert!(test.log().verify().is_sound());
}

fn child(test: &TestLog) -> ChildConfig {
    // The child inherits no environment, so `env` sets it.
    let (program, args) = process::command();
    let mut all = Vec::new();
    for (name, value) in process::environment(&test.dir, &test.socket, SEGMENT) {
        let mut pair = std::ffi::OsString::from(format!("{name}="));
        pair.push(value);
        all.push(pair);
    }
    all.push(program.into());
    all.extend(args);
    ChildConfig {
        program: "/usr/bin/env".into(),
        args: all,
        socket: test.socket.clone(),
        ready_within: Duration::from_secs(20),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_dies_is_started_again_and_ends_when_asked() {
    let test = TestLog::new();
    let recorder = Child::start(child(&test)).await.unwrap();
    let client = test.client().await;
    client.append(vec![draft()]).await.unwrap();
    for round in 1..=3 {
        let pid = recorder.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args(["-9", &pid])
            .status();
        assert!(status.unwrap().success());
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while recorder.restarts() < round || client.append(vec![draft()]).await.is_err() {
            assert!(std::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    recorder.shutdown().await;
    assert!(!test.socket.exists());
    let report = test.log().verify();
    assert!(report.is_sound(), "{report:?}");
    assert!(report.entries >= 4);
    assert_eq!(
        client.append(vec![draft()]).await.map(|_| ()),
        Err(AppendError::Unavailable)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_cannot_start_says_so() {
    let test = TestLog::new();
    let _running = test.recorder();
    let other = ChildConfig {
        socket: test.file("other-socket"),
        ..child(&test)
    };
    let error = Child::start(other).await.unwrap_err();
    assert!(matches!(error, ChildError::Ended { .. }), "{error}");
    let missing = ChildConfig {
        program: test.file("no-such-program"),
        ..child(&test)
    };
    let error = Child::start(missing).await.unwrap_err();
    assert!(matches!(error, ChildError::Spawn { .. }), "{error}");
}

/// A service that is killed takes its recorder with it: the pipe closes.
#[test]
fn a_recorder_ends_with_the_process_that_started_it() {
    let test = TestLog::new();
    let recorder = test.recorder();
    assert!(recorder.stop().success());
    assert!(!test.socket.exists());
}
