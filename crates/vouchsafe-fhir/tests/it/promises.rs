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
    any_version_and_one_of_several_are_heeded,
    what_is_not_there_has_no_version,
    what_is_deleted_is_deleted_again,
    what_is_deleted_and_hidden_is_absent,
    what_is_not_served_is_said_to_be_so,
    a_parameter_of_r4_is_named,
    what_no_index_serves_is_in_the_log,
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

async fn any_version_and_one_of_several_are_heeded(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let line = format!("PUT Patient/{id}");
    let mut body = patient("A");
    body["id"] = json!(id);
    let put = async |tags: &str| {
        let headers = [("if-match", tags)];
        let answer = service.send_with(&caller, &line, &headers, &body).await;
        answer.status.as_u16()
    };
    assert_eq!(put("*").await, 200);
    assert_eq!(put("W/\"1\", W/\"2\"").await, 200);
    assert_eq!(put("\"3\",W/\"7\"").await, 200);
    assert_eq!(put("W/\"1\", W/\"2\"").await, 412);
    assert_eq!(put("\"other\", W/\"4\"").await, 200);
    assert_eq!(put("\"other\"").await, 412);
    for wrong in ["", "x", "*, W/\"5\"", "W/\"5\" W/\"6\"", "\"5", "5\"", ","] {
        assert_eq!(put(wrong).await, 400, "{wrong}");
    }
    let many = vec!["W/\"5\""; 200].join(",");
    assert_eq!(put(&many).await, 400);
    // Several lines of a header are one list.
    let mut headers = http::HeaderMap::new();
    headers.insert(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    for tag in ["W/\"1\"", "W/\"5\""] {
        headers.append("if-match", http::HeaderValue::from_static(tag));
    }
    let answer = service.raw(&caller, &line, &headers, body.to_string().into());
    answer.await.expect(200);
}

async fn what_is_not_there_has_no_version(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let mut body = patient("A");
    body["id"] = json!(id);
    // In entries as well.
    for (tags, status) in [
        ("*", "200"),
        ("W/\"1\", W/\"2\"", "200"),
        ("W/\"1\"", "412"),
    ] {
        let request = json!({"method": "PUT", "url": format!("Patient/{id}"), "ifMatch": tags});
        let entry = json!({"resource": body, "request": request});
        let answer = service
            .send(&caller, "POST /", &bundle("batch", &[entry]))
            .await;
        let answer = answer.expect(200).json();
        assert_eq!(answer["entry"][0]["response"]["status"], status, "{tags}");
    }
    // What is not there has no version.
    let absent = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    body["id"] = json!(absent);
    for tags in ["*", "W/\"1\", W/\"2\""] {
        let headers = [("if-match", tags)];
        let line = format!("PUT Patient/{absent}");
        service
            .send_with(&caller, &line, &headers, &body)
            .await
            .expect(412);
    }
    let line = format!("DELETE Patient/{id}");
    let delete = async |tags: &str| {
        let headers = [("if-match", tags)];
        service
            .send_with(&caller, &line, &headers, &Value::Null)
            .await
            .status
            .as_u16()
    };
    assert_eq!(delete("W/\"1\", W/\"2\"").await, 412);
    assert_eq!(delete("*").await, 204);
    // It has no version any more, but that which says so.
    assert_eq!(delete("*").await, 412);
    assert_eq!(delete("W/\"3\"").await, 412);
    assert_eq!(delete("W/\"4\"").await, 204);
    body["id"] = json!(id);
    let again = [("if-match", "*")];
    let line = format!("PUT Patient/{id}");
    service
        .send_with(&caller, &line, &again, &body)
        .await
        .expect(412);
}

async fn what_is_deleted_is_deleted_again(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let at = format!("Patient/{id}");
    let made = service
        .send(&caller, "POST Observation", &observation(&at))
        .await;
    let own = format!("Observation/{}", made.expect(201).id());
    let line = format!("DELETE {own}");
    let first = service.send(&caller, &line, &Value::Null).await.expect(204);
    let before = service.log.len();
    let second = service.send(&caller, &line, &Value::Null).await.expect(204);
    assert_eq!(second.header("etag"), first.header("etag"));
    assert!(second.header("vouchsafe-receipt") != first.header("vouchsafe-receipt"));
    assert!(!second.header("vouchsafe-receipt").is_empty());
    assert_eq!(service.log.since(before).len(), 1);
    for kind in ["transaction", "batch"] {
        let deleted = json!({"request": {"method": "DELETE", "url": own}});
        let read = json!({"request": {"method": "GET", "url": at}});
        let answer = service
            .send(&caller, "POST /", &bundle(kind, &[read, deleted]))
            .await;
        let answer = answer.expect(200).json();
        assert_eq!(answer["entry"][1]["response"]["status"], "204", "{kind}");
        assert_eq!(answer["entry"][1]["response"]["etag"], "W/\"2\"");
    }
    // Beside others that are written.
    let deleted = json!({"request": {"method": "DELETE", "url": own}});
    let entries = [
        crate::transactions::post("urn:uuid:a", &observation(&at)),
        deleted,
    ];
    let answer = service
        .send(&caller, "POST /", &bundle("transaction", &entries))
        .await;
    let answer = answer.expect(200).json();
    let statuses: Vec<_> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["201", "204"]);
    let gone = service.get(&caller, &format!("{own}/_history/3")).await;
    assert_eq!(gone.error().0, 404);
}

/// Of whom one may not see that it was deleted, it was never there.
async fn what_is_deleted_and_hidden_is_absent(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let own = observation(&format!("Patient/{id}"));
    let made = service.send(&caller, "POST Observation", &own).await;
    let own = format!("Observation/{}", made.expect(201).id());
    let line = format!("DELETE {own}");
    service.send(&caller, &line, &Value::Null).await.expect(204);
    let stranger = service.clinician(&[]).await;
    let absent = "DELETE Observation/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let hidden = service
        .send(&stranger, &line, &Value::Null)
        .await
        .expect(404);
    let absent = service
        .send(&stranger, absent, &Value::Null)
        .await
        .expect(404);
    assert_eq!(hidden.text, absent.text);
    // Who is told that it is deleted when they read it is told so when they delete it: nothing is done.
    let clerk = service.caller("registration", Purpose::Operations, &[]);
    let read = service.get(&clerk, &own).await.status.as_u16();
    let told = service
        .send(&clerk, &line, &Value::Null)
        .await
        .status
        .as_u16();
    assert!(
        [(410, 204), (404, 404)].contains(&(read, told)),
        "{read} {told}"
    );
}

async fn what_is_not_served_is_said_to_be_so(service: &Service) {
    let caller = service.integration();
    for line in [
        "GET Patient/_history",
        "GET Patient/$everything",
        "GET Patient/_search",
        "GET Patient/metadata",
        "DELETE Patient/_history",
    ] {
        let answer = service.send(&caller, line, &Value::Null).await;
        if line.ends_with("metadata") {
            assert_eq!(answer.error(), (400, "value".to_owned()), "{line}");
        } else {
            assert_eq!(answer.error(), (404, "not-supported".to_owned()), "{line}");
        }
    }
    for url in [
        "Patient/_history",
        "_history",
        "Patient/$everything",
        "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01/_history",
    ] {
        let entry = json!({"request": {"method": "GET", "url": url}});
        let answer = service
            .send(&caller, "POST /", &bundle("batch", &[entry]))
            .await;
        let answer = answer.expect(200).json();
        let response = &answer["entry"][0]["response"];
        assert_eq!(response["status"], "404", "{url}: {response}");
        assert_eq!(
            response["outcome"]["issue"][0]["code"], "not-supported",
            "{url}"
        );
    }
}

async fn a_parameter_of_r4_is_named(service: &Service) {
    let id = service.patient("A").await;
    let clinician = service.clinician(&[&id]).await;
    for (query, name) in [
        ("Patient?name=x", "name"),
        ("Patient?phone=x", "phone"),
        ("Patient?general-practitioner=x", "general-practitioner"),
        ("Observation?value-quantity=5", "value-quantity"),
        ("Observation?code:below=x", "code"),
        ("Patient?_has:Observation:patient:code=x", "_has"),
        ("Observation?patient.name=x", "patient"),
        ("Patient?_include=x", "_include"),
        ("Patient?_revinclude:iterate=x", "_revinclude"),
    ] {
        let refused = service.get(&clinician, query).await;
        assert_eq!(
            refused.error(),
            (400, "not-supported".to_owned()),
            "{query}"
        );
        let issue = refused.json()["issue"][0].clone();
        assert_eq!(issue["expression"][0], format!("http.{name}"), "{query}");
    }
    for query in ["Patient?unheard-of=x", "Patient?Smith=x"] {
        let refused = service.get(&clinician, query).await;
        assert_eq!(refused.error().0, 400);
        assert!(refused.json()["issue"][0].get("expression").is_none());
    }
}

/// A refusal is in the log before it is told.
async fn what_no_index_serves_is_in_the_log(service: &Service) {
    service.patient("A").await;
    let clerk = service.caller("registration", Purpose::Operations, &[]);
    let desk = service.caller("front-desk", Purpose::Operations, &[]);
    let long = format!("Patient?family={}", "x".repeat(17_000));
    for (caller, query) in [
        (&clerk, "Condition"),
        (&clerk, "Patient"),
        (&desk, "Patient"),
        (&clerk, "Patient?birthdate=1970"),
        (&clerk, long.as_str()),
        (&clerk, "Patient?name=x"),
        (&clerk, "Patient?birthdate=x"),
        (&clerk, "Patient/_history"),
        (&clerk, "Unheard"),
    ] {
        let before = service.log.len();
        let answer = service.get(caller, query).await;
        if answer.status.is_client_error() {
            let told = service.log.since(before);
            assert!(
                told.iter().any(|entry| entry["outcome"] == "refused"),
                "{query}: {told:?}"
            );
        }
        let before = service.log.len();
        let entry = json!({"request": {"method": "GET", "url": query}});
        let answer = service
            .send(caller, "POST /", &bundle("batch", &[entry]))
            .await;
        let answer = answer.expect(200).json();
        if answer["entry"][0]["response"]["status"]
            .as_str()
            .unwrap()
            .starts_with('4')
        {
            let told = service.log.since(before);
            assert!(
                told.iter().any(|entry| entry["outcome"] == "refused"),
                "{query}: {told:?}"
            );
        }
    }
}
