//! Bundles as they should be, and as somebody may send them.

use proptest::prelude::*;
use serde_json::{Value, json};
use vouchsafe::ids::Version;

use super::*;

const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
/// What must not be told again, wherever it was sent.
const CANARY: &str = "zebra-secret";

fn bundle(kind: &str, entries: &Value) -> Result<BundleRequest, BundleError> {
    let body = json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    parse_bundle(body.to_string().as_bytes())
}

fn one(request: &Value, resource: &Value) -> Result<EntryVerb, Problem> {
    let entry = json!([{"request": request, "resource": resource}]);
    match bundle("transaction", &entry) {
        Ok(mut bundle) => Ok(bundle.entries.remove(0).verb),
        Err(error) => {
            assert_eq!(error.entry, Some(0));
            Err(error.problem)
        }
    }
}

fn patient() -> Value {
    json!({"resourceType": "Patient", "id": ID, "meta": {"versionId": "3"}, "active": true})
}

#[test]
fn a_create_is_read_with_its_condition() {
    for request in [
        json!({"method": "POST", "url": "Patient", "ifNoneExist": "identifier=a|b"}),
        json!({"method": "POST", "url": "/Patient", "ifNoneExist": "?identifier=a%7Cb"}),
        json!({"method": "POST", "url": "Patient?identifier=a|b"}),
    ] {
        let Ok(EntryVerb::Create {
            record_type,
            document,
            condition,
            own_id,
        }) = one(&request, &patient())
        else {
            panic!("not a create");
        };
        assert_eq!(record_type.as_str(), "Patient");
        assert_eq!(own_id.as_deref(), Some(ID));
        assert_eq!(
            condition.unwrap(),
            [("identifier".to_owned(), "a|b".to_owned())]
        );
        assert_eq!(
            document.to_json(),
            r#"{"resourceType":"Patient","active":true}"#
        );
    }
}

#[test]
fn updates_deletes_and_reads_are_read() {
    let url = format!("Patient/{ID}");
    let verb = one(
        &json!({"method": "PUT", "url": url, "ifMatch": "W/\"3\""}),
        &patient(),
    );
    let Ok(EntryVerb::Update { id, if_match, .. }) = verb else {
        panic!("not an update")
    };
    let third = Version::new(3).map(|version| Expected::OneOf(vec![version]));
    assert_eq!((id.to_string().as_str(), if_match), (ID, third));
    let verb = one(&json!({"method": "DELETE", "url": url}), &patient());
    assert!(matches!(verb, Ok(EntryVerb::Delete { if_match: None, .. })));
    let verb = one(
        &json!({"method": "GET", "url": format!("{url}/_history/2")}),
        &patient(),
    );
    let Ok(EntryVerb::Read { version, .. }) = verb else {
        panic!("not a read")
    };
    assert_eq!(version.map(Version::number), Some(2));
    let verb = one(
        &json!({"method": "GET", "url": "Patient?family=x&_format=json"}),
        &patient(),
    );
    let Ok(EntryVerb::Search(asked)) = verb else {
        panic!("not a search")
    };
    assert_eq!(asked.search.params.len(), 1);
}

/// `request`, the issue's code and where it is; `$` stands for an id of ours.
const FAULTS: &str = r#"
{"method": "POST"} | required | request.url
{"method": "PATCH", "url": "Patient"} | not-supported | request.method
{"method": "HEAD", "url": "Patient"} | not-supported | request.method
{"method": "post", "url": "Patient"} | not-supported | request.method
{"method": "POST", "url": "Observation"} | invalid | resource
{"method": "POST", "url": "Pa tient"} | not-supported | request.url
{"method": "POST", "url": "Patient", "ifNoneExist": ""} | required | request.ifNoneExist
{"method": "POST", "url": "Patient", "ifNoneExist": 7} | value | request.ifNoneExist
{"method": "POST", "url": "Patient?a=b", "ifNoneExist": "a=b"} | value | request.ifNoneExist
{"method": "PUT", "url": "Patient"} | value | request.url
{"method": "PUT", "url": "Patient?a=b"} | not-supported | request.url
{"method": "PUT", "url": "Patient/1"} | value | request.url
{"method": "PUT", "url": "Patient/11111111-1111-4111-8111-111111111111"} | invalid | resource
{"method": "PUT", "url": "Patient/$", "ifMatch": "3"} | value | request.ifMatch
{"method": "DELETE", "url": "Patient?a=b"} | not-supported | request.url
{"method": "GET", "url": "Patient/$?_elements=id"} | not-supported | request.url
{"method": "GET", "url": "http://host/fhir/Patient"} | not-supported | request.url
"#;

#[test]
fn each_fault_has_its_code_and_place() {
    for line in FAULTS.trim().lines() {
        let mut cells = line.split(" | ");
        let request = cells.next().unwrap().replace('$', ID);
        let request: Value = serde_json::from_str(&request).unwrap();
        let problem = one(&request, &patient()).err().unwrap();
        let (code, _, path) = problem.first();
        assert_eq!(Some(code), cells.next(), "{line}");
        let place = cells.next().map(|path| format!("Bundle.entry[0].{path}"));
        assert_eq!(path, place.as_deref(), "{line}");
        assert!(problem.status.is_client_error());
    }
}

#[test]
fn a_bundle_that_is_none_is_refused_whole() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "\"Bundle\"",
        r#"{"resourceType":"Patient"}"#,
        r#"{"resourceType":"Bundle"}"#,
        r#"{"resourceType":"Bundle","type":"searchset"}"#,
        r#"{"resourceType":"Bundle","type":"batch","entry":{}}"#,
        r#"{"resourceType":"Bundle","type":"batch","entry":null}"#,
        r#"{"resourceType":"Bundle","type":"batch","type":"transaction"}"#,
    ] {
        assert_eq!(
            parse_bundle(body.as_bytes()).unwrap_err().entry,
            None,
            "{body}"
        );
    }
    assert!(
        parse_bundle(br#"{"resourceType":"Bundle","type":"batch"}"#)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_full_url_is_that_of_one_entry() {
    let entry = |url: &str| json!({"fullUrl": url, "request": {"method": "POST", "url": "Patient"}, "resource": patient()});
    let twice = json!([
        entry(&format!("urn:uuid:{ID}")),
        entry(&format!("urn:uuid:{}", ID.to_uppercase()))
    ]);
    let refused = bundle("transaction", &twice).unwrap_err();
    assert_eq!((refused.entry, refused.failure().0), (Some(1), "duplicate"));
    // In a batch, the entry fails alone.
    let batch = bundle("batch", &twice).unwrap();
    assert!(matches!(batch.entries[1].verb, EntryVerb::Malformed(_)));
}

#[test]
fn bundles_have_a_bound() {
    let entry = json!({"request": {"method": "DELETE", "url": format!("Patient/{ID}")}});
    assert_eq!(
        bundle("batch", &json!(vec![entry.clone(); MAX_ENTRIES]))
            .unwrap()
            .len(),
        MAX_ENTRIES
    );
    let many = bundle("batch", &json!(vec![entry; MAX_ENTRIES + 1])).unwrap_err();
    assert_eq!(many.problem.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long = parse_bundle(&vec![b' '; MAX_BODY_BYTES + 1]).unwrap_err();
    assert_eq!(long.problem.status, StatusCode::PAYLOAD_TOO_LARGE);
    let look = json!({"request": {"method": "GET", "url": format!("Patient/{ID}")}});
    assert!(bundle("batch", &json!(vec![look; MAX_LOOKS + 1])).is_err());
}

#[test]
fn hostile_entries_are_told_without_their_values() {
    let entries = [
        json!(CANARY),
        json!(null),
        json!([CANARY]),
        json!({"request": CANARY}),
        json!({"request": {"method": CANARY, "url": CANARY}}),
        json!({"request": {"method": "POST", "url": CANARY}, "resource": patient()}),
        json!({"request": {"method": "POST", "url": "Patient"}, "resource": CANARY}),
        json!({"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": CANARY}}),
        json!({"request": {"method": "PUT", "url": format!("Patient/{CANARY}")}, "resource": patient()}),
        json!({"request": {"method": "GET", "url": format!("Patient?_count={CANARY}")}}),
        json!({"request": {"method": "GET", "url": format!("Patient?_{CANARY}=1")}}),
        json!({"request": {"method": "DELETE", "url": format!("Patient/{ID}"), "ifMatch": CANARY}}),
        json!({"fullUrl": [CANARY], "request": {"method": "POST", "url": "Patient"}, "resource": patient()}),
    ];
    for entry in entries {
        let error = bundle("transaction", &json!([entry])).unwrap_err();
        let body = error.problem.body().to_string();
        assert!(!body.contains(CANARY), "{body}");
        assert!(!format!("{error:?}").contains(CANARY));
        let batch = bundle("batch", &json!([entry])).unwrap();
        assert!(!format!("{batch:?}").contains(CANARY));
    }
}

/// JSON that often looks like a bundle.
fn anything() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just("Bundle".to_owned()),
        Just("Patient".to_owned()),
        Just("POST".to_owned()),
        Just("PUT".to_owned()),
        Just("GET".to_owned()),
        Just(format!("Patient/{ID}")),
        Just("Patient?identifier=a|b".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("resourceType"),
        Just("type"),
        Just("entry"),
        Just("request"),
        Just("resource"),
        Just("method"),
        Just("url"),
        Just("fullUrl"),
        Just("ifNoneExist"),
        Just("ifMatch"),
        Just("id"),
        Just("meta"),
        Just("tag"),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn reading_never_panics(entries in prop::collection::vec(anything(), 0..4), batch in any::<bool>()) {
        let _ = bundle(if batch { "batch" } else { "transaction" }, &Value::from(entries));
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_bundle(&bytes);
    }
}
