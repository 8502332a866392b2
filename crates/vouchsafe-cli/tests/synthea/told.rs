//! The program's output about stored patients: log lines, metrics, refusals, commands.
//!
//! A demo with imported real bundles, at the most detailed log level; then every value of several patients in every
//! position of a request that the service refuses.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::bundles;
use super::installation::Place;
use super::leaks::{Scanner, array, needles};
use super::world::{Serving, World, free_port};

/// Number of patients whose values are sent.
const PATIENTS: usize = 3;

pub(crate) fn run(place: &Place) {
    let Some(files) = bundles::files() else {
        eprintln!("SKIPPED: ../shared/data/synthea is not there");
        return;
    };
    let bundles: Vec<Value> = files
        .iter()
        .map(|file| serde_json::from_slice(&bundles::text(file)).expect("JSON"))
        .collect();
    let resources = || {
        bundles
            .iter()
            .flat_map(|bundle| array(bundle, "entry"))
            .map(|entry| &entry["resource"])
    };
    let mut scanner = Scanner::new(&needles(resources()));
    let world = World::new();
    let demo = Demo::start(&world, place);
    scanner.look("what the import said", &demo.import(&bundles::folder()));

    let mut patients = resources().filter(|resource| resource["resourceType"] == "Patient");
    for patient in patients.by_ref().take(PATIENTS) {
        demo.holds(patient, &scanner);
        for value in needles(std::iter::once(patient)) {
            for (request, body) in demo.refuse(&value) {
                scanner.look(&request, &body);
            }
            demo.answer(&value);
        }
        demo.import_what_is_wrong(patient, &mut scanner);
    }
    for (what, said) in demo.tell() {
        scanner.look(&what, &said);
    }
    let (folder, log) = demo.stop();
    let answered = log.matches("\"answered\"").count();
    assert!(answered > 500, "every request was told: {answered}");
    assert!(log.contains("status=422") && log.contains("status=401"));
    scanner.look("the log", log.as_bytes());
    scanner.look_below(&folder);
    for dump in place.dumps() {
        scanner.look("pg_dump", &dump);
    }
    scanner.end(5_000_000);
}

/// A running demo, with a signed-in person for each role.
struct Demo<'w> {
    world: &'w World,
    serving: Serving,
    variables: Vec<(String, String)>,
    operations: String,
}

impl<'w> Demo<'w> {
    fn start(world: &'w World, place: &Place) -> Self {
        let mut variables = place.variables();
        let operations = format!("127.0.0.1:{}", free_port());
        for (name, value) in [
            ("VOUCHSAFE_OPERATIONS_LISTEN", operations.as_str()),
            ("VOUCHSAFE_LOG_LEVEL", "debug"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        let folder = world.path("demo");
        let mut command = world.command(&["demo", "--json", "--port", "0", "--data"]);
        command.arg(&folder).envs(variables.clone());
        Self {
            world,
            serving: Serving::start(command),
            variables,
            operations,
        }
    }

    fn folder(&self) -> PathBuf {
        self.world.path("demo")
    }

    fn said(&self, name: &str) -> &str {
        self.serving.said[name].as_str().expect("a text")
    }

    /// The whole output of a command on the demo's installation, and whether it succeeded.
    fn command(&self, args: &[&str]) -> (bool, Vec<u8>) {
        let mut command = self.world.command(args);
        command
            .env("VOUCHSAFE_DATA", self.folder())
            .envs(self.variables.clone());
        let output = command.output().expect("the program");
        (
            output.status.success(),
            [output.stdout, output.stderr].concat(),
        )
    }

    fn import(&self, folder: &Path) -> Vec<u8> {
        let (done, said) = self.command(&["import", folder.to_str().expect("a path"), "--json"]);
        let text = String::from_utf8_lossy(&said);
        assert!(done, "{text}");
        let summary = text.lines().find(|line| line.starts_with('{'));
        let summary: Value = serde_json::from_str(summary.expect("a summary")).expect("JSON");
        assert_eq!(summary["created"], 7_223, "{text}");
        said
    }

    /// Sends a request with curl; returns the status, and the whole answer with its headers.
    fn ask(&self, role: Option<&str>, url: &str, with: &[&str]) -> (u16, Vec<u8>) {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--include", "--globoff"])
            .args(["--write-out", "\n%{http_code}"])
            .args(["--cacert", self.said("cacert")]);
        if let Some(role) = role {
            let file = self.serving.said["token_files"][role].as_str();
            command.args(["--header", &format!("@{}", file.expect("a role"))]);
        }
        let output = command.args(with).arg(url).output().expect("curl");
        let (answer, status) = output.stdout.split_at(output.stdout.len() - 3);
        let status = std::str::from_utf8(status).expect("digits").parse();
        (status.expect("a status"), answer.to_vec())
    }

    /// The patient is stored, and a caller who may see them sees the values of the scanner.
    fn holds(&self, patient: &Value, scanner: &Scanner) {
        let family = patient["name"][0]["family"].as_str().expect("a name");
        let url = format!("{}/Patient?family={}", self.said("fhir"), encoded(family));
        let (status, body) = self.ask(Some("registration"), &url, &[]);
        assert_eq!(status, 200);
        assert!(scanner.finds(&body), "it holds the patient");
    }

    /// The answers to refused requests with a value in them.
    fn refuse(&self, value: &str) -> Vec<(String, Vec<u8>)> {
        let fhir = self.said("fhir");
        let mut told = Vec::new();
        let mut ask = |role: Option<&str>, url: String, with: &[&str]| {
            let (status, body) = self.ask(role, &url, with);
            let name = format!("{role:?} {url} {with:?}");
            let text = String::from_utf8_lossy(&body);
            assert!((400..500).contains(&status), "{name}: {status} {text}");
            told.push((name, body));
        };
        let part = encoded(value);
        for (role, path) in [
            ("clinician", format!("Patient/{part}")),
            ("clinician", format!("Patient/{part}/_history/1")),
            ("clinician", format!("Patient?{part}=1")),
            ("registration", format!("Patient?birthdate=x{part}")),
            ("auditor", format!("{part}/1")),
            ("front-desk", format!("Patient?identifier={part}")),
            ("clinician", format!("Patient?_cursor={part}")),
        ] {
            ask(Some(role), format!("{fhir}/{path}"), &[]);
        }
        ask(
            Some("auditor"),
            format!("{}/{part}", self.said("base")),
            &[],
        );
        let patient = format!("{fhir}/Patient");
        ask(
            Some("integration"),
            format!("{patient}/{part}"),
            &["-X", "DELETE"],
        );
        for header in [
            format!("Vouchsafe-Purpose: {value}"),
            format!("Accept: text/{value}"),
        ] {
            ask(Some("clinician"), patient.clone(), &["-H", &header]);
        }
        let bearer = format!("Authorization: Bearer {value}");
        ask(None, patient, &["-H", &bearer]);
        for (path, body) in [
            (
                "sign-in",
                json!({"login": value, "password": value, "code": "000000"}),
            ),
            ("enrolment", json!({"token": value})),
        ] {
            let url = format!("{}/auth/{path}", self.said("base"));
            ask(None, url, &["--data", &body.to_string()]);
        }
        for (path, header, body) in hostile(value) {
            let with = ["-H", "Content-Type: application/fhir+json", "-H", &header];
            let data = ["--data-binary", &body];
            let with = [&with[..], &data[..]].concat();
            ask(Some("integration"), format!("{fhir}/{path}"), &with);
        }
        told
    }

    /// A request that succeeds: its answer may repeat the question, and it is logged all the same.
    fn answer(&self, value: &str) {
        let url = format!("{}/Patient?family={}", self.said("fhir"), encoded(value));
        let headers = [
            format!("User-Agent: {value}"),
            format!("X-Request-Id: {value}"),
        ];
        let with = ["-H", &headers[0], "-H", &headers[1]];
        assert_eq!(self.ask(Some("registration"), &url, &with).0, 200);
    }

    /// Files that cannot be loaded, with all values of a patient in them.
    fn import_what_is_wrong(&self, patient: &Value, scanner: &mut Scanner) {
        let folder = self.world.path("wrong");
        let _ = std::fs::create_dir(&folder);
        let mut patient = patient.clone();
        // As in many exports, the id is the patient's number.
        patient["id"] = patient["identifier"][2]["value"].clone();
        let mut wrong = patient.clone();
        wrong["gender"] = json!([patient["name"]]);
        let cut = patient.to_string();
        let cut = cut.split_at(cut.len() - 3).0;
        let mut elsewhere = patient.clone();
        elsewhere["managingOrganization"] = json!({"reference": patient["address"][0]["line"][0]});
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": wrong, "request": {"method": "POST", "url": "Patient"}}]});
        let lines = format!("{wrong}\n{cut}\n{elsewhere}\n");
        for (name, text) in [
            ("a.ndjson", lines),
            ("b.json", bundle.to_string()),
            ("c.json", cut.to_owned()),
        ] {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let (done, said) = self.command(&["import", folder.to_str().expect("a path")]);
        let text = String::from_utf8_lossy(&said);
        assert!(!done && text.contains("b.json"), "{text}");
        scanner.look("what an import that failed said", &said);
    }

    /// Its output for operators.
    fn tell(&self) -> Vec<(String, Vec<u8>)> {
        let mut told = Vec::new();
        for path in ["metrics", "livez", "readyz"] {
            let url = format!("https://{}/{path}", self.operations);
            let (status, body) = self.ask(None, &url, &["--insecure"]);
            assert_eq!(status, 200, "{path}");
            told.push((path.to_owned(), body));
        }
        for args in [
            &[
                "audit", "show", "--from", "0", "--limit", "1000000", "--json",
            ][..],
            &["audit", "show"],
            &["audit", "verify"],
            &["check", "--json"],
            &["person", "list"],
        ] {
            let (done, said) = self.command(args);
            assert!(done, "{args:?}: {}", String::from_utf8_lossy(&said));
            told.push((args.join(" "), said));
        }
        told
    }

    /// Its folder, and everything that it and its recorder logged.
    fn stop(self) -> (PathBuf, String) {
        (self.folder(), self.serving.err())
    }
}

/// Refused requests, with the value in every position: path, a header, body.
fn hostile(value: &str) -> Vec<(&'static str, String, String)> {
    let none = || "X-Nothing: 1".to_owned();
    let patient = json!({"resourceType": "Patient"}).to_string();
    let about = |reference: String| {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": value},
            "subject": {"reference": reference, "display": value}})
        .to_string()
    };
    let bundle = |kind: &str, method: &str, url: &str| {
        json!({"resourceType": "Bundle", "type": kind, "entry": [{"fullUrl": value,
            "resource": {"resourceType": "Patient", "language": value, "gender": value},
            "request": {"method": method, "url": url, "ifMatch": value}}]})
        .to_string()
    };
    vec![
        ("Patient", none(), format!("{value} {{")),
        ("Patient", none(), format!("{{\"{value}\": 1e}}")),
        (
            "Patient",
            none(),
            json!({"resourceType": "Patient", "gender": [value], "birthDate": format!("{value}x")})
                .to_string(),
        ),
        (
            "Patient",
            none(),
            json!({"resourceType": value}).to_string(),
        ),
        (
            "Patient",
            none(),
            json!({"resourceType": "Patient", "id": value, "name": value}).to_string(),
        ),
        ("Observation", none(), about(format!("Patient/{value}"))),
        (
            "Observation",
            none(),
            about(format!("Patient?identifier=x{value}")),
        ),
        ("Observation", none(), about(value.to_owned())),
        (
            "Patient",
            format!("If-None-Exist: {value}={value}"),
            patient.clone(),
        ),
        (
            "Patient",
            format!("Idempotency-Key: {value}{value}{value}"),
            format!("{value}["),
        ),
        ("Patient", format!("Content-Encoding: {value}"), patient),
        ("", none(), bundle(value, "POST", "Patient")),
        ("", none(), bundle("transaction", value, "Patient")),
        (
            "",
            none(),
            bundle("transaction", "PUT", &format!("Patient/{value}")),
        ),
        ("", none(), bundle("transaction", "POST", value)),
    ]
}

/// Encoded as a part of a URL.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
