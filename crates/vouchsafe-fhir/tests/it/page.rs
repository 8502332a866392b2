//! `docs/fhir.md` says what is served: types, addresses, limits, statuses. It is held to the service here.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};
use vouchsafe::ids::Version;
use vouchsafe_fhir::{ROUTES, failure};
use vouchsafe_records::engine::{About, Failure};

use crate::service::{Service, on_both, patient};
use crate::transactions::bundle;

on_both!(
    limits_are_those_of_the_page,
    limits_of_a_request_are_those_of_the_page,
    what_the_page_names_is_taken_or_refused
);

const PATIENT: &str = "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fhir.md");
    std::fs::read_to_string(path).unwrap()
}

/// The page as one line, so that a sentence may be broken anywhere.
fn line() -> String {
    page().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn between(text: &str, from: &str, to: &str) -> String {
    let (_, after) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from:?}"));
    after
        .split_once(to)
        .unwrap_or_else(|| panic!("no {to:?}"))
        .0
        .to_owned()
}

/// The number that stands between these words.
fn number(from: &str, to: &str) -> usize {
    let text = between(&line(), from, to).replace(',', "");
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{from} {text} {to}"))
}

/// The cells of the rows of a table below that heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let (_, after) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let lines = after.lines().skip_while(|line| !line.starts_with('|'));
    let table = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    table.map(cells).collect()
}

fn quoted(text: &str) -> Vec<String> {
    let odd = text.split('`').skip(1).step_by(2);
    odd.map(str::to_owned).collect()
}

#[test]
fn types_are_those_of_the_pack_and_of_metadata() {
    let pack = vouchsafe_fhir::pack().unwrap();
    let served: BTreeSet<String> = pack
        .types()
        .map(|one| one.record_type().to_string())
        .collect();
    let named = between(&line(), "Types: those of the pack `packs/fhir-r4`:", ".");
    let named: Vec<String> = named
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    assert_eq!(named.len(), served.len());
    assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), served);
    let statement = vouchsafe_fhir::capability_statement(&pack, "", Timestamp::UNIX_EPOCH);
    let told: Vec<&Value> = statement["rest"][0]["resource"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let told: BTreeSet<String> = told
        .iter()
        .map(|one| one["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, served);
}

#[test]
fn addresses_are_those_of_the_routes() {
    let mut named = BTreeSet::from(["POST /".to_owned()]);
    for row in rows("## What is served") {
        for request in quoted(&row[1]) {
            if let Some((method, path)) = request.split_once(' ') {
                let path = path.split('?').next().unwrap();
                let path = path.replace('[', "{").replace(']', "}");
                named.insert(format!("{method} /{path}"));
            }
        }
    }
    let routes: BTreeSet<String> = ROUTES
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(named, routes);
}

#[test]
fn every_failure_is_in_the_table_of_errors() {
    let about = || About {
        path: "Observation.subject".to_owned(),
        types: Vec::new(),
    };
    let failures = [
        Failure::NotFound,
        Failure::Gone(Version::FIRST),
        Failure::Forbidden,
        Failure::Invalid(Vec::new()),
        Failure::UnknownType,
        Failure::UnknownReference(about()),
        Failure::SubjectMissing(about()),
        Failure::SubjectForeign(about()),
        Failure::SubjectChanged,
        Failure::VersionConflict,
        Failure::Several,
        Failure::Unsupported(String::new()),
        Failure::BadParam(String::new()),
        Failure::BadCursor,
        Failure::SelfRelation,
        Failure::IdempotencyMismatch,
        Failure::Duplicate,
        Failure::Unavailable,
        Failure::OutcomeUnknown,
        Failure::Busy,
        Failure::TooCostly,
        Failure::Damaged,
    ];
    let rows = rows("## Errors");
    for one in failures {
        let response = failure(&one);
        let status = response.status().as_str().to_owned();
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let code = body["issue"][0]["code"].as_str().unwrap().to_owned();
        let named = rows
            .iter()
            .any(|row| row[0].contains(&status) && quoted(&row[1]).contains(&code));
        assert!(named, "{one:?}: {status} {code}");
    }
}

async fn limits_are_those_of_the_page(service: &Service) {
    let caller = service.integration();
    let post = async |body: &Value| service.send(&caller, "POST /", body).await.status.as_u16();
    let of = |count: usize, entry: &Value| bundle("batch", &vec![entry.clone(); count]);
    let entries = number("## Batches and transactions At most", "entries and 16 MiB");
    let empty = json!({});
    assert_eq!(post(&of(entries, &empty)).await, 200);
    assert_eq!(post(&of(entries + 1, &empty)).await, 413);
    let looks = number("of these at most", "`GET`");
    let read = json!({"request": {"method": "GET", "url": "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01"}});
    assert_eq!(post(&of(looks, &read)).await, 200);
    assert_eq!(post(&of(looks + 1, &read)).await, 400);
    let (most, usual) = (
        number("`_count` | 0 to", ","),
        number("0 to 500,", "by default"),
    );
    let organization = json!({"resourceType": "Organization", "name": "A"});
    let entry =
        json!({"resource": organization, "request": {"method": "POST", "url": "Organization"}});
    assert_eq!(post(&of(most + 1, &entry)).await, 200);
    for (query, count) in [("", usual), ("?_count=9999", most)] {
        let found = service.get(&caller, &format!("Organization{query}")).await;
        let found = found.expect(200).json();
        assert_eq!(found["entry"].as_array().unwrap().len(), count);
    }
}

async fn limits_of_a_request_are_those_of_the_page(service: &Service) {
    let caller = service.integration();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let mib = number("64 levels at most,", "MiB at most");
    let mut text = patient("A").to_string();
    text.push_str(&" ".repeat(mib * 1024 * 1024 - text.len()));
    let whole = service.raw(&caller, "POST Patient", &headers, text.clone().into());
    whole.await.expect(201);
    text.push(' ');
    let more = service.raw(&caller, "POST Patient", &headers, text.into());
    more.await.expect(413);
    let levels = number("no lone surrogate,", "levels at most");
    for (depth, status) in [(levels, 201), (levels + 1, 400)] {
        // The resource is one level.
        let deep = format!("{}1{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let text = patient("A")
            .to_string()
            .replacen('{', &format!("{{\"unheardOf\":{deep},"), 1);
        let answer = service.raw(&caller, "POST Patient", &headers, text.into());
        answer.await.expect(status);
    }

    let parameters = number(
        "a parameter said twice must hold twice, at most",
        "parameters",
    );
    let asked = |count| format!("Patient?{}", vec!["family=Aa"; count].join("&"));
    service.get(&caller, &asked(parameters)).await.expect(200);
    service
        .get(&caller, &asked(parameters + 1))
        .await
        .expect(400);
    let longest = number("`Idempotency-Key` | 1 to", "characters");
    for (length, status) in [(longest, 201), (longest + 1, 400)] {
        let key = "k".repeat(length);
        let headers = [("idempotency-key", key.as_str())];
        let body = patient("A");
        let answer = service.send_with(&caller, "POST Patient", &headers, &body);
        answer.await.expect(status);
    }
    let told = number("each element is named,", "at most");
    let wrong = json!({"resourceType": "Patient", "name": vec![json!({"family": 1}); told + 10]});
    let answer = service
        .send(&caller, "POST Patient", &wrong)
        .await
        .expect(422);
    assert_eq!(answer.json()["issue"].as_array().unwrap().len(), told);
}

/// The parameters of every search. Another table of the section says what indexes serve.
fn of_all_searches() -> Vec<String> {
    let rows = rows("## Search");
    let names = rows.iter().flat_map(|row| quoted(&row[0]));
    let names = names.map(|name| name.split('=').next().unwrap().to_owned());
    names.filter(|name| name.starts_with('_')).collect()
}

async fn what_the_page_names_is_taken_or_refused(service: &Service) {
    let caller = service.integration();
    for name in of_all_searches() {
        let value = match &*name {
            "_count" => "1",
            "_summary" => "false",
            "_total" => "none",
            "_sort" => "_id",
            "_format" => "json",
            "_pretty" => "true",
            "_cursor" => continue,
            other => panic!("{other} is new: say here what it takes"),
        };
        let query = format!("Organization?{name}={value}");
        service.get(&caller, &query).await.expect(200);
    }
    let unserved = between(&line(), "**Not served**:", "A request that is not served");
    for name in quoted(&unserved) {
        let Some(stem) = name.strip_prefix('_') else {
            continue;
        };
        if stem.starts_with("history") || stem.starts_with("summary") {
            continue;
        }
        let answer = service.get(&caller, &format!("Patient?{name}=x")).await;
        assert_eq!(answer.error(), (400, "not-supported".to_owned()), "{name}");
    }
    // What metadata lists is taken, of every type.
    let statement = service.get(&caller, "metadata").await.expect(200).json();
    for one in statement["rest"][0]["resource"].as_array().unwrap() {
        let name = one["type"].as_str().unwrap();
        let parameters = one["searchParam"].as_array().unwrap();
        let names: BTreeSet<&str> = parameters
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.len(), parameters.len(), "{name}");
        for one in parameters {
            let (kind, parameter) = (one["type"].as_str().unwrap(), one["name"].as_str().unwrap());
            let value = match (kind, parameter) {
                ("date", _) => "2026-11-24",
                ("string", _) => "xx",
                ("reference", "patient" | "subject" | "beneficiary") => PATIENT,
                ("reference", _) => "Practitioner/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
                _ => "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
            };
            let mut query = format!("{name}?{parameter}={value}");
            // Within one patient, where there is one: across all of them an index must serve it.
            if names.contains("patient") {
                query.push_str(&format!("&patient={PATIENT}"));
            } else if parameter == "_lastUpdated" {
                query.push_str("&_id=0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01");
            }
            let answer = service.get(&caller, &query).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        }
    }
}
