//! Clients that reach the socket and violate the protocol.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::audit::AuditLog;
use vouchsafe_ledger::client::{ConnectError, RecorderClient};

use crate::process::TOLD;
use crate::support::{Recorder, TestLog, draft};

fn frame(verb: u8, request: u64, body: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(body.len() + 9)
        .unwrap()
        .to_le_bytes()
        .to_vec();
    out.push(verb);
    out.extend(request.to_le_bytes());
    out.extend(body);
    out
}

fn hello(version: u16) -> Vec<u8> {
    let mut body = version.to_le_bytes().to_vec();
    body.extend(Uuid::new_v4().as_bytes());
    body.extend(Uuid::new_v4().as_bytes());
    body.extend(0_u32.to_le_bytes());
    frame(1, 0, &body)
}

fn append(request: u64, counter: u64, kind: &[u8], entry: &[u8]) -> Vec<u8> {
    let mut body = 1_u32.to_le_bytes().to_vec();
    body.extend(kind);
    body.extend(Timestamp::now().as_microsecond().to_le_bytes());
    body.extend(counter.to_le_bytes());
    body.extend(u32::try_from(entry.len()).unwrap().to_le_bytes());
    body.extend(entry);
    frame(2, request, &body)
}

/// A raw connection.
struct Raw(UnixStream);

impl Raw {
    fn open(test: &TestLog) -> Self {
        let stream = UnixStream::connect(&test.socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self(stream)
    }

    fn greeted(test: &TestLog) -> Self {
        let mut raw = Self::open(test);
        raw.send(&hello(2));
        assert_eq!(raw.reply().unwrap().0, 0x81);
        raw
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Verb and body of the next answer; none if the connection has ended.
    fn reply(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 13];
        match self.0.read_exact(&mut head) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                return None;
            }
            other => other.unwrap(),
        }
        let length = u32::from_le_bytes(head[..4].try_into().unwrap());
        let mut body = vec![0; length as usize - 9];
        self.0.read_exact(&mut body).unwrap();
        Some((head[4], body))
    }

    fn refused_and_ended(&mut self) {
        assert_eq!(self.reply(), Some((0x84, vec![1])));
        assert_eq!(self.reply(), None);
    }
}

/// Other clients are served as before.
async fn still_serves(test: &TestLog) {
    let client = test.client().await;
    client.append(vec![draft()]).await.unwrap();
}

fn sound(test: &TestLog, recorder: Recorder) -> u64 {
    assert!(recorder.stop().success());
    let report = test.log().verify();
    assert!(report.is_sound(), "{report:?}");
    report.entries
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_none_of_the_protocol_ends_the_connection() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let good = append(1, 1, &[0], br#"{"outcome":"permitted"}"#);
    // Before hello; another version; an unknown verb; a verb of the recorder.
    for bytes in [
        good.clone(),
        frame(3, 1, &[]),
        hello(3),
        frame(9, 1, &[]),
        frame(0x81, 1, &[0; 40]),
    ] {
        let mut raw = Raw::open(&test);
        raw.send(&bytes);
        raw.refused_and_ended();
    }
    // After hello: hello again, no entries, too many, a truncated body, one that is too long.
    let (mut cut, mut long) = (good[13..].to_vec(), good[13..].to_vec());
    cut.pop();
    long.push(0);
    let bodies = [
        vec![0; 4],
        u32::MAX.to_le_bytes().to_vec(),
        2049_u32.to_le_bytes().to_vec(),
        cut,
        long,
        vec![],
    ];
    let mut cases: Vec<_> = bodies.iter().map(|body| frame(2, 1, body)).collect();
    cases.extend([hello(2), append(1, 1, &[3], b"{}"), append(1, 1, &[0], b"")]);
    cases.push(append(1, 1, &[0], &vec![b' '; 60_001]));
    for bytes in cases {
        let mut raw = Raw::greeted(&test);
        raw.send(&bytes);
        raw.refused_and_ended();
    }
    // Lengths that no frame has.
    for length in [0_u32, 8, (4 << 20) + 1, u32::MAX] {
        let mut raw = Raw::greeted(&test);
        raw.send(&[&length.to_le_bytes()[..], &[0; 9]].concat());
        assert_eq!(raw.reply(), None);
    }
    still_serves(&test).await;
    assert_eq!(sound(&test, recorder), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_none_are_refused_and_the_connection_goes_on() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let mut raw = Raw::greeted(&test);
    let forged = br#"{"outcome":"permitted"},"recorded":"2020-01-01T00:00:00.000000Z","x":{}"#;
    let mut intent = vec![1];
    intent.extend(Uuid::new_v4().as_bytes());
    for (kind, entry) in [
        (&[0][..], &b"x"[..]),
        (&[0], b"{}"),
        (&[0], forged),
        // The frame claims an intent, and the entry is none.
        (&intent, br#"{"outcome":"permitted"}"#),
    ] {
        raw.send(&append(7, 1, kind, entry));
        assert_eq!(raw.reply(), Some((0x84, vec![1])));
    }
    raw.send(&append(7, 1, &[0], br#"{"outcome":"permitted"}"#));
    assert_eq!(raw.reply().unwrap().0, 0x82);
    assert_eq!(sound(&test, recorder), 1);
}

/// A program with other policies decides anything; the recorder does not log it as decided.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_policies_that_it_was_not_told_of_are_refused() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let mut raw = Raw::greeted(&test);
    let said = |bundle: &str| format!(r#"{{"bundle":{bundle},"outcome":"permitted"}}"#);
    let escaped = TOLD.replacen('c', "\\u0063", 1);
    let another = TOLD.replace('c', "d");
    for bundle in [
        format!("\"{another}\""),
        "\"\"".to_owned(),
        format!("\"{TOLD}0\""),
        format!("\"{}\"", TOLD.to_uppercase()),
    ] {
        raw.send(&append(7, 1, &[0], said(&bundle).as_bytes()));
        assert_eq!(raw.reply(), Some((0x84, vec![7])), "{bundle}");
    }
    // Two contradicting members make the entry invalid.
    let both = format!(r#"{{"bundle":"{TOLD}","bundle":"{another}","outcome":"permitted"}}"#);
    raw.send(&append(7, 1, &[0], both.as_bytes()));
    assert_eq!(raw.reply(), Some((0x84, vec![1])));
    // A service with other policies is refused at `hello`, not at its first request.
    let key = vouchsafe_ledger::recorder::identity(&test.dir)
        .unwrap()
        .recorder;
    for (bundle, welcome) in [
        (Some(TOLD), true),
        (Some(another.as_str()), false),
        (None, true),
    ] {
        let bundle = bundle.map(|hash| hash.parse().unwrap());
        let came = RecorderClient::connect(&test.socket, key.clone(), test.replica, bundle).await;
        match came {
            Ok(_) => assert!(welcome),
            Err(error) => assert!(!welcome && matches!(error, ConnectError::Bundle), "{error}"),
        }
    }
    for (counter, bundle) in [(1, TOLD), (2, escaped.as_str())] {
        let entry = said(&format!("\"{bundle}\""));
        raw.send(&append(7, counter, &[0], entry.as_bytes()));
        assert_eq!(raw.reply().unwrap().0, 0x82, "{bundle}");
    }
    assert_eq!(sound(&test, recorder), 2);
}

/// A begun append is on its way, even without a waiting caller, and from a thread outside any runtime.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_appended_though_nobody_waits() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let client = test.client().await;
    for _ in 0..5 {
        drop(client.append(vec![draft()]));
    }
    let elsewhere = client.clone();
    std::thread::spawn(move || {
        for _ in 0..5 {
            drop(elsewhere.append(vec![draft()]));
        }
        // More than there is room for at once: they wait in a task of the runtime.
        let many: Vec<_> = (0..6000).map(|_| draft()).collect();
        drop(elsewhere.append(many));
    })
    .join()
    .unwrap();
    // A service that stops waits for them.
    assert!(client.flush().await);
    assert_eq!(sound(&test, recorder), 6010);
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_does_not_disturb_it() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    for round in 0..60 {
        let mut raw = if round % 2 == 0 {
            Raw::open(&test)
        } else {
            Raw::greeted(&test)
        };
        let mut bytes = append(1, 1, &[0], br#"{"outcome":"permitted"}"#);
        for _ in 0..=round % 5 {
            let place = (usize::from(byte()) << 8 | usize::from(byte())) % bytes.len();
            bytes[place] = byte();
        }
        // The recorder may have ended the connection already.
        let _ = raw.0.write_all(&bytes);
        let _ = raw.0.shutdown(std::net::Shutdown::Write);
        while raw.reply().is_some() {}
    }
    still_serves(&test).await;
    sound(&test, recorder);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_end_and_too_many_are_not_served() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let start = Instant::now();
    // The test's own probe of the socket may still be counted.
    let mut silent: Vec<_> = (0..70).map(|_| Raw::open(&test)).collect();
    let mut last = silent.pop().unwrap();
    assert_eq!(last.reply(), None);
    assert!(start.elapsed() < Duration::from_secs(2));
    for mut raw in silent {
        assert_eq!(raw.reply(), None);
    }
    assert!(start.elapsed() < Duration::from_secs(8));
    still_serves(&test).await;
    assert_eq!(sound(&test, recorder), 1);
}

/// A client that sends without end and reads nothing waits at its own socket, then loses its connection.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_no_answers_waits_and_hinders_nobody() {
    let test = TestLog::new();
    let recorder = test.recorder();
    let flood = std::thread::spawn({
        let mut raw = Raw::greeted(&test);
        move || {
            raw.0
                .set_write_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            let (mut sent, start) = (0_u64, Instant::now());
            let entry = format!(r#"{{"outcome":"permitted","pad":"{:0>20000}"}}"#, 0);
            for counter in 1.. {
                let bytes = append(counter, counter, &[0], entry.as_bytes());
                if raw.0.write_all(&bytes).is_err() {
                    break;
                }
                sent += bytes.len() as u64;
                // Acknowledgements are short here: many are needed to fill the sockets.
                if start.elapsed() > Duration::from_secs(12) {
                    break;
                }
            }
            sent
        }
    });
    let client = test.client().await;
    let status = format!("/proc/{}/status", recorder.process.id());
    let mut slowest = Duration::ZERO;
    while !flood.is_finished() {
        let start = Instant::now();
        client.append(vec![draft()]).await.unwrap();
        slowest = slowest.max(start.elapsed());
        let status = std::fs::read_to_string(&status).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 400 << 10, "{kib} KiB");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    flood.join().unwrap();
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    sound(&test, recorder);
}
