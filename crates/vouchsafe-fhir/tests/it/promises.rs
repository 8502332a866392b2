//! What a client states and relies on is heeded or refused, never passed over.

use serde_json::{Value, json};
use vouchsafe::access::Purpose;

use crate::service::{Service, observation, on_both, patient};
use crate::transactions::bundle;

on_both!(
    preconditions_of_entries_are_not_passed_over,
    modifiers_that_are_none_are_refused,
    a_search_that_cannot_look_everywhere_does_not_answer_nothing,
    a_conditional_create_under_a_key_is_told_again,
    what_is_no_text_is_refused,
);

async fn preconditions_of_entries_are_not_passed_over(service: &Service) {
    let id = service.patient("A").await;
    let integration = service.integration();
    let mut changed = patient("B");
    changed["id"] = json!(id);
    let url = format!("Patient/{id}");
    let put = json!({"method": "PUT", "url": url});
    let cases = [
        (put.clone(), "ifNoneMatch", "*", &changed),
        (
            put.clone(),
            "ifModifiedSince",
            "2020-01-01T00:00:00Z",
            &changed,
        ),
        (put, "ifNoneExist", "family=A", &changed),
        (
            json!({"method": "POST", "url": "Patient"}),
            "ifMatch",
            "W/\"7\"",
            &changed,
        ),
        (
            json!({"method": "DELETE", "url": url}),
            "ifModifiedSince",
            "2020-01-01T00:00:00Z",
            &Value::Null,
        ),
    ];
    for kind in ["transaction", "batch"] {
        for (request, name, value, resource) in &cases {
            let mut request = request.clone();
            request[*name] = json!(value);
            let mut entry = json!({"request": request});
            if !resource.is_null() {
                entry["resource"] = (*resource).clone();
            }
            let answer = service
                .send(&integration, "POST /", &bundle(kind, &[entry]))
                .await;
            assert!(
                answer.text.contains("precondition"),
                "{kind} {name}: {}",
                answer.text
            );
        }
    }
    let now = service.get(&integration, &format!("Patient/{id}")).await;
    assert_eq!(now.json()["meta"]["versionId"], "1");
}

async fn modifiers_that_are_none_are_refused(service: &Service) {
    let id = service.patient("A").await;
    let clinician = service.clinician(&[&id]).await;
    for name in ["patient:foo", "patient:exact", "performer:not"] {
        let query = format!("Observation?{name}={id}");
        let refused = service.get(&clinician, &query).await;
        assert_eq!(refused.error().0, 400, "{name}");
    }
    let query = format!("Observation?subject:Patient={id}");
    service.get(&clinician, &query).await.expect(200);
}

/// The desk that registers people would make them a second time.
async fn a_search_that_cannot_look_everywhere_does_not_answer_nothing(service: &Service) {
    service.patient("A").await;
    let clerk = service.caller("registration", Purpose::Operations, &[]);
    let found = service
        .get(&clerk, "Patient?birthdate=1970-02")
        .await
        .expect(200);
    assert_eq!(found.json()["total"], 1);
    for query in ["birthdate=1970", "birthdate=ge1970", "family:contains=A"] {
        let refused = service.get(&clerk, &format!("Patient?{query}")).await;
        assert_eq!(refused.error().0, 400, "{query}: {}", refused.text);
    }
}

async fn a_conditional_create_under_a_key_is_told_again(service: &Service) {
    let integration = service.integration();
    let headers = [
        ("if-none-exist", "identifier=urn:mrn|mrn-A"),
        ("idempotency-key", "a-key"),
    ];
    let create = async |body: &Value| {
        service
            .send_with(&integration, "POST Patient", &headers, body)
            .await
    };
    let first = create(&patient("A")).await.expect(201);
    let before = service.log.len();
    let again = create(&patient("A")).await.expect(201);
    assert_eq!(first.header("location"), again.header("location"));
    let told = service.log.since(before);
    assert!(
        told.iter().any(|entry| entry["reason"] == "repeated"),
        "{told:?}"
    );
    // Also when somebody else meets the condition by now; and another request is refused.
    service.patient("A").await;
    create(&patient("A")).await.expect(201);
    assert_eq!(create(&patient("B")).await.error().0, 422);
}

async fn what_is_no_text_is_refused(service: &Service) {
    let id = service.patient("A").await;
    for (text, status) in [("a\u{0}b", 422), ("a\u{1b}b", 422), ("a\tb\r\nc", 201)] {
        let mut about = observation(&format!("Patient/{id}"));
        about["code"]["text"] = json!(text);
        let answer = service
            .send(&service.integration(), "POST Observation", &about)
            .await;
        assert_eq!(answer.status, status, "{text:?}");
    }
}
