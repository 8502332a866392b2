//! The requests of a bundle's entries: addresses, queries, conditions, versions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use vouchsafe_fhir::parse_bundle;
use vouchsafe_fuzz::{marked, no_echo, until};

// A method, an address with its query, a condition, a version, each on a line; an empty one is not said.
fuzz_target!(|bytes: &[u8]| {
    let bytes = marked(bytes);
    let mut rest = &bytes[..];
    let mut request = json!({});
    for name in ["method", "url", "ifNoneExist", "ifMatch", "ifNoneMatch"] {
        let value = String::from_utf8_lossy(until(&mut rest, b'\n'));
        if !value.is_empty() {
            request[name] = value.into();
        }
    }
    let type_of = |url: &str| {
        url.trim_start_matches('/')
            .split(['?', '/'])
            .next()
            .map(str::to_owned)
    };
    let record_type = request["url"].as_str().and_then(type_of);
    let id = request["url"]
        .as_str()
        .and_then(|url| url.rsplit('/').next());
    let resource = json!({"resourceType": record_type, "id": id});
    let entry = json!({"request": request, "resource": resource});
    let bundle = |kind: &str, entries: &[&serde_json::Value]| {
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": entries});
        parse_bundle(bundle.to_string().as_bytes())
    };
    // A batch takes every entry: one that is none fails alone. A transaction says what is wrong with it.
    assert_eq!(
        bundle("batch", &[&entry]).expect("a batch is read").len(),
        1
    );
    match bundle("transaction", &[&entry, &entry]) {
        Ok(read) => assert_eq!(read.len(), 2),
        Err(refused) => {
            assert_eq!(refused.entry, Some(0));
            let (_, text, path) = refused.failure();
            no_echo(text);
            assert!(path.expect("it has a place").starts_with("Bundle.entry[0]"));
            no_echo(&format!("{refused:?}"));
        }
    }
});
