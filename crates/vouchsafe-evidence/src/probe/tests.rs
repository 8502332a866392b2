//! Probes of real servers: `openssl s_server` in each version, and servers of plain HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;

use super::dial::{PATIENCE, Target};
use super::plaintext::Plaintext;
use super::suites::Version;
use super::tls::{Offer, TlsProbe, probe};

/// `openssl s_server` on a free port, with a certificate of its own; it ends when it is dropped.
struct Server {
    child: Child,
    target: Target,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts it; none where there is no openssl.
    fn start(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !certificate(folder.path()) {
            println!("skipped: openssl is not there");
            return None;
        }
        let mut child = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-naccept",
                "1000",
                "-www",
            ])
            .args(["-cert", "cert.pem", "-key", "key.pem"])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // `ACCEPT 127.0.0.1:34567`
        let accept =
            lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned));
        let target = Target::parse(&accept.expect("the server listens")).unwrap();
        // What it prints must be read, or it waits.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            target,
            _folder: folder,
        })
    }

    fn probe(&self, name: &str) -> TlsProbe {
        probe(&self.target, name, Timestamp::now(), PATIENCE).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificate(folder: &Path) -> bool {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=api.example.org",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:api.example.org,DNS:*.eu.example.org,IP:127.0.0.1",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}

fn accepted(probe: &TlsProbe) -> Vec<Version> {
    let taken = |offer: &&Offer| matches!(offer, Offer::Accepted { .. });
    let versions = probe.versions.iter().filter(|(_, offer)| taken(offer));
    versions.map(|(version, _)| *version).collect()
}

fn suites(probe: &TlsProbe, version: Version) -> Vec<String> {
    match &probe.versions[&version] {
        Offer::Accepted { suites, all } => {
            assert!(all, "{probe:?}");
            suites.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_version_is_seen_and_the_others_are_refused() {
    // Old versions need the lowest level of security in the server.
    let cases = [
        ("-tls1", Version::Tls10),
        ("-tls1_1", Version::Tls11),
        ("-tls1_2", Version::Tls12),
        ("-tls1_3", Version::Tls13),
    ];
    for (flag, version) in cases {
        let Some(server) = Server::start(&[flag, "-cipher", "ALL:@SECLEVEL=0"]) else {
            return;
        };
        let probe = server.probe("api.example.org");
        assert_eq!(accepted(&probe), [version], "{probe:?}");
        for (other, offer) in &probe.versions {
            // An older server takes what it has for what it is offered; this one does not know SSL 3.0 and closes.
            let refused = |how: &str| how.starts_with("alert") || how == "another version";
            match offer {
                Offer::Accepted { .. } => assert_eq!(*other, version),
                Offer::Refused { how } => {
                    assert!(refused(how) || *other == Version::Ssl30, "{probe:?}");
                }
                Offer::Silent => panic!("{probe:?}"),
            }
        }
        assert_eq!(probe.plaintext, Plaintext::Refused);
    }
}

#[test]
fn every_suite_of_a_server_is_found_and_no_other() {
    let list = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:AES256-SHA:NULL-SHA256:@SECLEVEL=0";
    let Some(server) = Server::start(&["-cipher", list, "-ciphersuites", "TLS_AES_256_GCM_SHA384"])
    else {
        return;
    };
    let probe = server.probe("api.example.org");
    let mut found = suites(&probe, Version::Tls12);
    found.sort_unstable();
    let expected = [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_NULL_SHA256",
    ];
    assert_eq!(found, expected);
    assert_eq!(suites(&probe, Version::Tls13), ["TLS_AES_256_GCM_SHA384"]);
}

#[test]
fn the_certificate_is_read_and_not_trusted_when_nobody_signed_it() {
    for flag in ["-tls1_2", "-tls1_3"] {
        let Some(server) = Server::start(&[flag]) else {
            return;
        };
        let named = |name: &str| server.probe(name).certificate.unwrap();
        let certificate = named("api.example.org");
        assert_eq!(
            certificate.names,
            ["*.eu.example.org", "127.0.0.1", "api.example.org"]
        );
        assert!(certificate.named && certificate.proved && !certificate.trusted);
        let days = certificate
            .until
            .duration_since(certificate.from)
            .as_hours()
            / 24;
        assert_eq!(days, 30);
        assert!(named("x.eu.example.org").named && named("127.0.0.1").named);
        assert!(!named("www.example.org").named);
    }
}

#[test]
fn a_server_of_plain_http_is_not_taken_for_one_that_refuses() {
    let answers = [
        ("HTTP/1.1 200 OK\r\n\r\nhello", Plaintext::Served),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Plaintext::Served),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", Plaintext::Served),
        (
            "HTTP/1.1 301 Moved\r\nLocation: https://x\r\n\r\n",
            Plaintext::Redirected,
        ),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", Plaintext::Refused),
    ];
    for (answer, plaintext) in answers {
        let probe = probe(&http(answer), "api.example.org", Timestamp::now(), PATIENCE).unwrap();
        assert_eq!(probe.plaintext, plaintext, "{answer}");
        assert!(accepted(&probe).is_empty());
        assert!(probe.certificate.is_none() && probe.no_certificate.is_some());
        let how = |version| &probe.versions[version];
        let foreign = Offer::Refused {
            how: "no TLS".to_owned(),
        };
        assert!(
            Version::ALL.iter().all(|version| *how(version) == foreign),
            "{probe:?}"
        );
    }
}

#[test]
fn silence_is_no_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    // It listens, and never answers: the connections wait in the queue.
    let probe = probe(
        &target,
        "api.example.org",
        Timestamp::now(),
        Duration::from_millis(50),
    )
    .unwrap();
    assert!(
        probe.versions.values().all(|offer| *offer == Offer::Silent),
        "{probe:?}"
    );
    assert_eq!(probe.plaintext, Plaintext::Silent);
    drop(listener);
}

#[test]
fn nobody_there_is_no_probe() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    drop(listener);
    probe(&target, "api.example.org", Timestamp::now(), PATIENCE).unwrap_err();
}

/// A server that answers whatever comes with one text.
fn http(answer: &'static str) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Target::parse(&address).unwrap()
}

#[test]
fn probes_are_taken_by_the_log() {
    let look = |schema: &str, text: &str| {
        let detector = vouchsafe_scan::detect::Detector::default();
        crate::collect::look_for_phi(&detector, schema, text.as_bytes())
    };
    let tls = probe(
        &http("HTTP/1.1 200 OK\r\n\r\n"),
        "api.example.org",
        Timestamp::now(),
        PATIENCE,
    );
    look(super::TLS, &serde_json::to_string(&tls.unwrap()).unwrap()).unwrap();
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkiLCJleHAiOjE3OTYwMDA5MDB9.";
    let read = super::token::read(token, "access token", Timestamp::now()).unwrap();
    look(super::TOKEN, &serde_json::to_string(&read).unwrap()).unwrap();
    // The token itself would not be.
    look(super::TOKEN, &format!("{token}c2lnbmF0dXJl")).unwrap_err();
}
