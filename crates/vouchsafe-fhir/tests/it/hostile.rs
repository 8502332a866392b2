//! Requests that mean harm, or nothing at all.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::Value;
use vouchsafe_fhir::{FhirRequest, Interaction, ROUTES, Subject};

use crate::service::{CANARY, Service, on_both, patient};

on_both!(
    any_request_has_an_answer,
    what_is_refused_is_not_told_again_and_is_in_the_log,
    hostile_headers_are_refused,
    hostile_bodies_are_refused,
);

const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

async fn what_is_refused_is_not_told_again_and_is_in_the_log(service: &Service) {
    let caller = service.integration();
    let lines = [
        format!("GET Patient/{CANARY}"),
        format!("GET {CANARY}/{ID}"),
        format!("GET Zebra/{ID}"),
        format!("GET Patient/{ID}/_history/{CANARY}"),
        format!("GET Patient/{ID}?{CANARY}=1"),
        format!("GET Patient/{ID}?_format={CANARY}"),
        format!("GET Patient?{CANARY}={CANARY}"),
        format!("GET Patient?birthdate={CANARY}"),
        format!("GET Patient?_count={CANARY}"),
        format!("GET Patient?_cursor={CANARY}"),
        format!("GET Patient?family=%{CANARY}"),
        format!("GET {CANARY}?family=x"),
        format!("POST {CANARY}"),
        format!("POST Patient?{CANARY}=1"),
        format!("PUT Patient/{CANARY}"),
        format!("PUT Patient/{ID}?{CANARY}=1"),
        format!("DELETE Patient/{CANARY}"),
        "POST /".to_owned(),
    ];
    for line in lines {
        let before = service.log.len();
        let answer = service.send(&caller, &line, &patient(CANARY)).await;
        assert!(answer.status.is_client_error(), "{line}: {}", answer.text);
        let entries = service.log.since(before);
        assert!(
            entries.iter().any(|entry| entry["outcome"] == "refused"),
            "{line}: {entries:?}"
        );
    }
}

async fn hostile_headers_are_refused(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let long = "k".repeat(300);
    let cases: [(&str, &str, &str, u16); 9] = [
        ("GET Patient/$", "accept", "application/fhir+xml", 406),
        ("POST Patient", "content-type", "application/fhir+xml", 415),
        ("POST Patient", "if-match", "W/\"1\"", 400),
        ("PUT Patient/$", "if-match", CANARY, 400),
        ("PUT Patient/$", "if-none-match", "*", 400),
        (
            "PUT Patient/$",
            "if-unmodified-since",
            "Tue, 24 Nov 2026 09:00:00 GMT",
            400,
        ),
        ("DELETE Patient/$", "if-match", "*, W/\"1\"", 400),
        ("POST Patient", "if-none-exist", CANARY, 400),
        ("POST Patient", "idempotency-key", &long, 400),
    ];
    for (line, name, value, status) in cases {
        let line = line.replace('$', &id);
        let answer = service
            .send_with(&caller, &line, &[(name, value)], &patient("A"))
            .await;
        assert_eq!(answer.error().0, status, "{line} {name}");
    }
}

async fn hostile_bodies_are_refused(service: &Service) {
    let caller = service.integration();
    let deep = format!(
        "{{\"resourceType\":\"Patient\",\"a\":{}1{}}}",
        "[".repeat(99),
        "]".repeat(99)
    );
    let bodies: Vec<Bytes> = vec![
        Bytes::new(),
        Bytes::from_static(b"null"),
        Bytes::from_static(b"[]"),
        Bytes::from_static(b"{}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\"} x"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"active\":1e999999999}"),
        Bytes::from_static(b"{\"resourceType\":[\"Patient\"]}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"meta\":\"x\"}"),
        Bytes::from_static(b"{\"resourceType\":\"Patient\",\"meta\":{\"tag\":{}}}"),
        deep.into(),
        Bytes::from(vec![b' '; 16 * 1024 * 1024 + 1]),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/fhir+json"),
    );
    for (place, body) in bodies.into_iter().enumerate() {
        for line in ["POST Patient", "POST /"] {
            let answer = service.raw(&caller, line, &headers, body.clone()).await;
            assert!(
                answer.status.is_client_error(),
                "{place} {line}: {}",
                answer.text
            );
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Patient".to_owned()),
        Just("Observation".to_owned()),
        Just(ID.to_owned()),
        Just("1".to_owned()),
        ".{0,12}",
    ]
}

fn query() -> impl Strategy<Value = String> {
    let pair = prop_oneof![
        ".{0,16}",
        Just("_count=0".to_owned()),
        Just(format!("patient={ID}")),
        Just("birthdate=ge2020".to_owned()),
        "_[a-z]{1,8}=[a-z0-9|,:\\\\-]{0,8}",
        "(family|given|identifier|birthdate|_id|_sort|_lastUpdated)(:[a-z]{1,8})?=.{0,8}",
    ];
    prop::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        Just(patient("A").to_string().into_bytes()),
        word().prop_map(
            |word| format!("{{\"resourceType\":\"{word}\",\"id\":\"{ID}\"}}").into_bytes()
        ),
        (word(), word(), word()).prop_map(|(method, url, name)| {
            let resource = serde_json::json!({"resourceType": name, "id": ID});
            let entry = serde_json::json!({
                "request": {"method": method, "url": url},
                "resource": resource,
            });
            crate::transactions::bundle("batch", &[entry])
                .to_string()
                .into_bytes()
        }),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop::sample::select(vec![
        "accept",
        "content-type",
        "prefer",
        "if-match",
        "if-none-match",
        "if-none-exist",
        "idempotency-key",
    ]);
    let value = prop_oneof![
        Just(b"application/fhir+json".to_vec()),
        Just(b"W/\"1\"".to_vec()),
        Just(b"identifier=a|b".to_vec()),
        prop::collection::vec(0x20_u8..=0xff, 0..12),
    ];
    prop::collection::vec((name, value), 0..3).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/fhir+json"),
        );
        for (name, value) in pairs {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    })
}

/// Whatever is asked, there is an answer of FHIR's form, and no fault of ours.
async fn any_request_has_an_answer(service: &Service) {
    let runtime = tokio::runtime::Handle::current();
    let caller = service.integration();
    let routes: Vec<Interaction> = ROUTES.iter().map(|route| route.interaction).collect();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let any = (
        prop::sample::select(routes),
        (word(), word(), word()),
        query(),
        headers(),
        body(),
    );
    runner
        .run(
            &any,
            |(interaction, (name, id, version), query, headers, body)| {
                let request = FhirRequest {
                    subject: Subject {
                        record_type: Some(&name),
                        id: Some(&id),
                        version: (interaction == Interaction::VersionRead)
                            .then_some(version.as_str()),
                    },
                    query: &query,
                    headers: &headers,
                    body: body.into(),
                };
                let handled = service.handle(interaction, request, &caller);
                let answer = tokio::task::block_in_place(|| runtime.block_on(handled));
                prop_assert!(!answer.status.is_server_error(), "{}", answer.text);
                if !answer.text.is_empty() {
                    prop_assert!(serde_json::from_str::<Value>(&answer.text).is_ok());
                }
                Ok(())
            },
        )
        .unwrap();
}
