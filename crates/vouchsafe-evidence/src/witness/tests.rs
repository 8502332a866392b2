use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use vouchsafe_tlog::{Cosigner, KeyName, NoteSigner, PosixSeconds, SignedNote};

use super::*;
use crate::entry::{Kind, RunEntry};
use crate::store::{Folder, Log, Writer};

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

fn cosigner(seed: u8) -> Cosigner {
    Cosigner::from_seed(KeyName::new("witness.example").unwrap(), &[seed; 32]).unwrap()
}

fn log(folder: &std::path::Path, entries: u64) -> Log {
    let mut writer = Writer::create(folder, signer()).unwrap();
    for n in 0..entries {
        let run = RunEntry {
            program: "test".to_owned(),
            first: n,
        };
        writer
            .append(Timestamp::UNIX_EPOCH, Kind::Run(run), b"")
            .unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    Log::open(Arc::new(Folder::new(folder)), signer().verifier(), &[]).unwrap()
}

/// What a witness answers to a call.
type Double = Box<dyn Fn(&str) -> String + Send>;

/// A witness that gives one answer after the other, each made from the call; returns where it is.
fn witness(answers: Vec<Double>) -> Witness {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/w/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut call = Vec::new();
            let mut chunk = [0; 4096];
            let text = loop {
                let count = stream.read(&mut chunk).unwrap();
                call.extend_from_slice(&chunk[..count]);
                let text = String::from_utf8_lossy(&call).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.unwrap().parse().unwrap() {
                    assert!(head.starts_with("POST /w/add-checkpoint "));
                    break body.to_owned();
                }
            };
            stream.write_all(answer(&text).as_bytes()).unwrap();
        }
    });
    Witness {
        name: "w".to_owned(),
        key: cosigner(9).verifier().to_string(),
        url,
    }
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Cosigns what it is given, by the key of a seed.
fn cosigned(call: &str, seed: u8) -> String {
    let (_, note) = call.split_once("\n\n").unwrap();
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    let at = PosixSeconds::new(1_780_000_000).unwrap();
    let line = cosigner(seed).cosign(note.text(), at).unwrap();
    answer("200 OK", &format!("{line}\n"))
}

#[test]
fn a_witness_that_saw_the_log_before_is_shown_that_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 9);
    let first = |call: &str| {
        assert!(call.starts_with("old 0\n\n"));
        answer("409 Conflict", "4\n")
    };
    let second = |call: &str| {
        assert!(call.starts_with("old 4\n") && call.lines().count() > 5);
        cosigned(call, 9)
    };
    let witness = witness(vec![Box::new(first), Box::new(second)]);
    let heads = ask(&[witness], &log);
    assert_eq!((heads.gained, heads.refused.len()), (1, 0));
    let note = heads.note.unwrap();
    assert!(note.verify(&[cosigner(9).verifier()]).is_ok());
    // It is not asked again for what it cosigned.
    assert!(note.verify(&[signer().verifier()]).is_ok());
}

#[test]
fn every_other_answer_is_told_and_gives_no_cosignature() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 3);
    let simple = |status: &'static str, body: &'static str| -> Vec<Double> {
        vec![Box::new(move |_: &str| answer(status, body))]
    };
    let cases: Vec<(Vec<Double>, &str)> = vec![
        (simple("409 Conflict", "7\n"), "conflict: it saw 7 entries"),
        (simple("409 Conflict", "seven"), "without the size"),
        (
            simple("422 Unprocessable", ""),
            "conflict: the log does not go on",
        ),
        (simple("403 Forbidden", ""), "does not trust"),
        (simple("404 Not Found", ""), "does not know"),
        (simple("500 Error", ""), "500"),
        (simple("302 Found", ""), "302"),
        (simple("200 OK", "all is well\n"), "its answer"),
        (
            vec![Box::new(|call: &str| cosigned(call, 8))],
            "no cosignature by its key",
        ),
        (
            vec![Box::new(|_: &str| {
                "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx".to_owned()
            })],
            "cut",
        ),
        (
            vec![Box::new(|_: &str| answer("200 OK", &"x".repeat(70_000)))],
            "too long",
        ),
        (
            vec![
                Box::new(|_: &str| answer("409 Conflict", "3\n")),
                Box::new(|_: &str| answer("409 Conflict", "3\n")),
            ],
            "another root",
        ),
    ];
    for (answers, expected) in cases {
        let heads = ask(&[witness(answers)], &log);
        assert_eq!(heads.gained, 0, "{expected}");
        let (_, why) = &heads.refused[0];
        assert!(why.contains(expected), "{expected}: {why}");
    }
    let nobody = Witness {
        name: "w".to_owned(),
        key: cosigner(9).verifier().to_string(),
        url: "http://127.0.0.1:1".to_owned(),
    };
    assert!(
        ask(&[nobody], &log).refused[0]
            .1
            .contains("cannot be reached")
    );
}

#[test]
fn a_row_that_could_not_work_is_refused() {
    let row = |key: String, url: &str| Witness {
        name: "w".to_owned(),
        key,
        url: url.to_owned(),
    };
    let good = row(
        cosigner(9).verifier().to_string(),
        "https://witness.example",
    );
    assert!(keys(std::slice::from_ref(&good)).is_ok());
    assert!(matches!(
        keys(&[good.clone(), good.clone()]),
        Err(WitnessError::Twice(_))
    ));
    let of_a_log = row(signer().verifier().to_string(), "https://witness.example");
    assert!(matches!(keys(&[of_a_log]), Err(WitnessError::Key(_))));
    let plain = row(good.key, "http://witness.example");
    assert!(matches!(keys(&[plain]), Err(WitnessError::Url(_))));
}
