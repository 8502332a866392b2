//! The log lines of each level, none of which contain callers' data.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::process::child_of;
use crate::world::{Serving, World};

/// Values of a request, in every position: the log must contain none of them.
const NEEDLES: [&str; 6] = [
    "quackenbush",
    "078-05-1120",
    "1931-02-03",
    "555-0142",
    "chlamydia",
    "correct horse battery",
];

/// A demo at the most detailed level, with a signed-in person for each role.
struct Told {
    serving: Serving,
    fhir: String,
    base: String,
    ca: String,
}

impl Told {
    fn start(level: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .args(["demo", "--json", "--port", "0"])
            .env_remove("VOUCHSAFE_DATA")
            .env("VOUCHSAFE_LOG_LEVEL", level)
            // Libraries' variables do not apply to us.
            .env("RUST_LOG", "trace");
        let serving = Serving::start(command);
        let text = |name: &str| serving.said[name].as_str().unwrap().to_owned();
        Self {
            fhir: text("fhir"),
            base: text("base"),
            ca: text("cacert"),
            serving,
        }
    }

    /// Sends a request as a person of a role, or without authentication; returns the status.
    fn ask(&self, role: Option<&str>, url: &str, with: &[&str]) -> u16 {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--output", "/dev/null", "--globoff"])
            .args(["--write-out", "%{http_code}", "--cacert", &self.ca]);
        if let Some(role) = role {
            let file = self.serving.said["token_files"][role].as_str().unwrap();
            command.args(["--header", &format!("@{file}")]);
        }
        let output = command.args(with).arg(url).output().expect("curl");
        let status = String::from_utf8(output.stdout).unwrap();
        status.parse().unwrap()
    }
}

/// Requests of callers, and the number of answered ones.
struct Callers<'a> {
    told: &'a Told,
    answered: u32,
}

impl Callers<'_> {
    fn ask(&mut self, role: Option<&str>, url: &str, with: &[&str], status: u16) {
        assert_eq!(self.told.ask(role, url, with), status, "{url} {with:?}");
        self.answered += 1;
    }

    fn fhir(&mut self, role: &str, path: &str, with: &[&str], status: u16) {
        let url = format!("{}/{path}", self.told.fhir);
        self.ask(Some(role), &url, with, status);
    }

    fn write(&mut self) {
        let patient = r#"{"resourceType":"Patient","name":[{"family":"Quackenbush"}],
            "birthDate":"1931-02-03","telecom":[{"system":"phone","value":"555-0142"}],
            "identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"078-05-1120"}]}"#;
        let wrong = r#"{"resourceType":"Patient","birthDate":"Quackenbush","chlamydia":true}"#;
        let url = format!("{}/Patient", self.told.fhir);
        for (body, status) in [(patient, 201), (wrong, 422), ("Quackenbush {", 400)] {
            let with = ["-H", "Content-Type: application/fhir+json", "--data", body];
            self.ask(Some("integration"), &url, &with, status);
            self.ask(None, &url, &with, 401);
        }
    }

    fn look(&mut self) {
        let search = "Patient?family=Quackenbush&birthdate=1931-02-03";
        self.fhir("registration", search, &[], 200);
        self.fhir("clinician", "Patient?quackenbush=555-0142", &[], 400);
        self.fhir("clinician", "Patient/Quackenbush", &[], 400);
        self.fhir("clinician", "Quackenbush/chlamydia", &[], 400);
        let elsewhere = format!("{}/quackenbush/078-05-1120", self.told.base);
        self.ask(Some("auditor"), &elsewhere, &[], 404);
        self.fhir("clinician", "Patient", &["-X", "QUACKENBUSH"], 405);
    }

    fn send_headers(&mut self) {
        let url = format!("{}/Patient", self.told.fhir);
        for header in [
            "Authorization: Bearer Quackenbush.078-05-1120.chlamydia",
            "Authorization: Basic UXVhY2tlbmJ1c2g=",
            "Cookie: name=Quackenbush",
        ] {
            self.ask(None, &url, &["-H", header], 401);
        }
        for (header, status) in [
            ("Vouchsafe-Purpose: Quackenbush", 400),
            ("X-Request-Id: Quackenbush", 200),
            ("User-Agent: Quackenbush/078-05-1120", 200),
            ("Accept: text/chlamydia", 406),
        ] {
            self.fhir("clinician", "Patient", &["-H", header], status);
        }
    }

    fn sign_in(&mut self) {
        let sign_in = r#"{"login":"quackenbush@example.org","password":"correct horse battery","code":"555014"}"#;
        let link = r#"{"token":"Quackenbush"}"#;
        for (path, body, status) in [("sign-in", sign_in, 401), ("enrolment", link, 404)] {
            let url = format!("{}/auth/{path}", self.told.base);
            self.ask(None, &url, &["--data", body], status);
        }
    }
}

/// Input that never becomes a request: another name, another protocol, not HTTP.
fn as_strangers_do(told: &Told) {
    let address = told.base.strip_prefix("https://").unwrap();
    let port = address.rsplit(':').next().unwrap();
    let resolve = format!("quackenbush.example:{port}:127.0.0.1");
    let url = format!("https://quackenbush.example:{port}/chlamydia");
    told.ask(None, &url, &["--insecure", "--resolve", &resolve]);
    let mut plain = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    plain
        .write_all(b"GET /Quackenbush HTTP/1.1\r\nX: 078-05-1120\r\n\r\n")
        .unwrap();
    drop(plain);
    for target in ["quackenbush 555-0142", "/quackenbush\u{1}", "*"] {
        told.ask(None, &told.base, &["--http1.1", "--request-target", target]);
    }
}

#[test]
fn at_debug_level_every_request_is_told_and_nothing_of_what_it_said() {
    let told = Told::start("debug");
    let mut callers = Callers {
        told: &told,
        answered: 0,
    };
    callers.write();
    callers.look();
    callers.send_headers();
    callers.sign_in();
    let answered = callers.answered;
    as_strangers_do(&told);
    let err = told.serving.err();
    let small = err.to_lowercase();
    for needle in NEEDLES {
        assert!(!small.contains(needle), "{needle} in {err}");
    }
    let lines: Vec<Value> = err
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for line in &lines {
        let line = line.as_object().unwrap();
        for (name, value) in line {
            match name.as_str() {
                "timestamp" | "level" => {}
                "target" => assert!(value.as_str().unwrap().starts_with("vouchsafe"), "{line:?}"),
                "fields" => {}
                _ => panic!("{name} in {line:?}"),
            }
        }
    }
    let of = |message: &str| {
        let mut count = 0;
        for line in &lines {
            count += u32::from(line["fields"]["message"] == message);
        }
        count
    };
    assert!(of("answered") >= answered, "{err}");
    assert!(of("refused before it was known who asks") > 0, "{err}");
    assert!(of("a connection did not come to speak TLS") > 0, "{err}");
    let route = "method=GET route=/{type}/{id} status=400";
    assert!(err.contains(route), "{err}");
    // Other lines are the demo's own messages about its end.
    let other: Vec<&str> = err.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(other, ["stopping; a second signal ends at once"]);
}

#[test]
fn at_other_levels_requests_are_not_told() {
    for level in ["info", "error"] {
        let told = Told::start(level);
        told.ask(Some("clinician"), &format!("{}/Patient", told.fhir), &[]);
        told.ask(None, &format!("{}/Patient", told.fhir), &[]);
        let err = told.serving.err();
        assert!(!err.contains("answered") && !err.contains("DEBUG"), "{err}");
    }
}

/// A caller gets 503 and no more. The log has the reason.
#[test]
fn why_something_is_not_available_is_told_to_the_operator() {
    let told = Told::start("warn");
    let patients = format!("{}/Patient", told.fhir);
    let recorder = child_of(told.serving.id()).expect("a recorder").to_string();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &recorder]).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    let status = told.ask(Some("clinician"), &patients, &[]);
    signal("-CONT");
    assert_eq!(status, 503);
    let err = told.serving.err();
    assert!(err.contains("entries were not appended"), "{err}");
    assert!(
        err.contains("the audit log did not answer in time"),
        "{err}"
    );
    assert!(NEEDLES.iter().all(|needle| !err.contains(needle)), "{err}");
}

#[test]
fn a_level_that_is_none_is_refused_before_anything_is_made() {
    let world = World::with("log_level = \"loud\"\n");
    let ran = world.run(&["serve"]);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.err().contains("log_level"), "{}", ran.err());
    assert!(!world.data().join("installation.json").exists());
}
