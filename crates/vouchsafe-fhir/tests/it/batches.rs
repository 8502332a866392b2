//! Batches: each entry for itself.

use serde_json::{Value, json};
use vouchsafe_fhir::{execute, parse_bundle};

use crate::service::{CANARY, Service, observation, on_both, patient};
use crate::transactions::{bundle, place, post};

on_both!(
    one_failing_entry_fails_alone,
    a_refused_entry_does_not_take_its_neighbours_along,
    entries_of_a_batch_do_not_count_on_one_another,
    conditions_are_each_entrys_own,
    a_repeated_batch_is_done_once,
    what_was_written_comes_back_when_it_is_asked_for,
    lines_are_stored_under_their_ids,
    an_import_is_told_where_it_stopped,
    what_failed_the_first_time_is_tried_again_and_nothing_else,
    many_failures_are_told_apart,
);

fn statuses(answer: &Value) -> Vec<String> {
    let entries = answer["entry"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap().to_owned())
        .collect()
}

async fn one_failing_entry_fails_alone(service: &Service) {
    let caller = service.integration();
    let mut invalid = patient(CANARY);
    invalid["birthDate"] = json!(CANARY);
    let entries = [
        post("urn:uuid:a", &patient("A")),
        post("urn:uuid:b", &invalid),
        json!({"request": {"method": "POST", "url": CANARY}, "resource": patient(CANARY)}),
        json!({"request": {"method": "GET", "url": "Patient?family:exact=A"}}),
        post("urn:uuid:c", &patient("C")),
    ];
    let answer = service
        .send(&caller, "POST /", &bundle("batch", &entries))
        .await
        .expect(200);
    assert!(!answer.text.contains(CANARY), "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["type"], "batch-response");
    assert_eq!(statuses(&answer), ["201", "422", "404", "200", "201"]);
    let outcome = &answer["entry"][1]["response"]["outcome"];
    assert_eq!(outcome["issue"][0]["expression"][0], "Patient.birthDate");
    assert_eq!(answer["entry"][3]["resource"]["total"], 1);
}

async fn a_refused_entry_does_not_take_its_neighbours_along(service: &Service) {
    let own = service.patient("Own").await;
    let hidden = service.patient(CANARY).await;
    let clinician = service.clinician(&[&own]).await;
    let entries: Vec<Value> = (0..30)
        .map(|place| {
            let about = if place % 3 == 1 { &hidden } else { &own };
            post(
                &format!("urn:uuid:{place}"),
                &observation(&format!("Patient/{about}")),
            )
        })
        .collect();
    let answer = service
        .send(&clinician, "POST /", &bundle("batch", &entries))
        .await
        .expect(200);
    for (place, status) in statuses(&answer.json()).iter().enumerate() {
        assert_eq!(
            status,
            if place % 3 == 1 { "422" } else { "201" },
            "{place}"
        );
    }
}

async fn entries_of_a_batch_do_not_count_on_one_another(service: &Service) {
    let caller = service.integration();
    let urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
    let entries = [
        post(urn, &patient("A")),
        post("urn:uuid:b", &observation(urn)),
    ];
    let answer = service
        .send(&caller, "POST /", &bundle("batch", &entries))
        .await
        .expect(200);
    assert_eq!(statuses(&answer.json()), ["201", "422"]);
}

async fn conditions_are_each_entrys_own(service: &Service) {
    let caller = service.integration();
    service.patient("Twice").await;
    service.patient("Twice").await;
    let conditional = |family: &str, resource: &Value| {
        let mut entry = post(&format!("urn:uuid:{family}"), resource);
        entry["request"]["ifNoneExist"] = json!(format!("identifier=urn:mrn|mrn-{family}"));
        entry.as_object_mut().unwrap().remove("fullUrl");
        entry
    };
    let mut invalid = patient("Invalid");
    invalid["active"] = json!("yes");
    let entries = [
        conditional("New", &patient("New")),
        conditional("New", &patient("New")),
        conditional("Twice", &patient("Twice")),
        conditional("Invalid", &invalid),
        conditional("Invalid", &patient("Invalid")),
    ];
    let body = bundle("batch", &entries);
    let answer = service
        .send(&caller, "POST /", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(statuses(&answer), ["201", "200", "412", "422", "422"]);
    assert_eq!(place(&answer["entry"][0]), place(&answer["entry"][1]));
    let again = service
        .send(&caller, "POST /", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(statuses(&again), ["200", "200", "412", "422", "422"]);
}

async fn a_repeated_batch_is_done_once(service: &Service) {
    let caller = service.integration();
    let body = bundle(
        "batch",
        &[
            post("urn:uuid:a", &patient("A")),
            post("urn:uuid:b", &patient("B")),
        ],
    );
    let headers = [("idempotency-key", "load-2")];
    let first = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    let again = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    assert_eq!(first, again);
}

async fn what_was_written_comes_back_when_it_is_asked_for(service: &Service) {
    let caller = service.integration();
    let body = bundle("batch", &[post("urn:uuid:a", &patient("A"))]);
    let headers = [("prefer", "return=representation")];
    let answer = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["entry"][0]["resource"]["name"][0]["family"], "A");
}

async fn lines_are_stored_under_their_ids(service: &Service) {
    let caller = service.integration();
    let id = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let mut own = patient("A");
    own["id"] = json!(id);
    // The order of entries is not that of references.
    let entry = |resource: Value, method: &str, url: &str| json!({"resource": resource, "request": {"method": method, "url": url}});
    let entries = [
        entry(observation(&format!("Patient/{id}")), "POST", "Observation"),
        entry(own, "PUT", &format!("Patient/{id}")),
        entry(observation("Patient/17"), "POST", "Observation"),
    ];
    let body = bundle("batch", &entries);
    let bundle = parse_bundle(body.to_string().as_bytes()).unwrap();
    assert_eq!(bundle.len(), 3);
    let outcomes = execute(&service.engine, &caller, bundle, None)
        .await
        .unwrap();
    let failed: Vec<bool> = outcomes
        .iter()
        .map(|outcome| outcome.failure().is_some())
        .collect();
    assert_eq!(failed[1..], [false, true]);
    service
        .get(&caller, &format!("Patient/{id}"))
        .await
        .expect(200);
}

async fn an_import_is_told_where_it_stopped(service: &Service) {
    let caller = service.integration();
    let mut invalid = patient(CANARY);
    invalid["birthDate"] = json!(CANARY);
    let body = bundle(
        "transaction",
        &[
            post("urn:uuid:a", &patient("A")),
            post("urn:uuid:b", &invalid),
        ],
    );
    let bundle = parse_bundle(body.to_string().as_bytes()).unwrap();
    let refused = execute(&service.engine, &caller, bundle, None)
        .await
        .unwrap_err();
    assert_eq!(refused.entry, Some(1));
    let (code, text, path) = refused.failure();
    assert_eq!(
        (code, path),
        ("value", Some("Bundle.entry[1].resource.birthDate"))
    );
    assert!(!text.contains(CANARY) && !refused.is_transient());
}

async fn what_failed_the_first_time_is_tried_again_and_nothing_else(service: &Service) {
    let caller = service.integration();
    let id = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let about = observation(&format!("Patient/{id}"));
    let entries: Vec<Value> = (0..20)
        .map(|place| match place % 10 {
            3 => post(&format!("urn:uuid:{place}"), &about),
            _ => post(&format!("urn:uuid:{place}"), &patient(&format!("P{place}"))),
        })
        .collect();
    let body = bundle("batch", &entries);
    let headers = [("idempotency-key", "load-3")];
    let first = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    let failed = |place: usize| place % 10 == 3;
    for (place, status) in statuses(&first).iter().enumerate() {
        assert_eq!(status, if failed(place) { "422" } else { "201" }, "{place}");
    }
    let mut own = patient("Late");
    own["id"] = json!(id);
    service
        .send(&caller, &format!("PUT Patient/{id}"), &own)
        .await
        .expect(201);
    let again = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    for (place, status) in statuses(&again).iter().enumerate() {
        assert_eq!(status, "201", "{place}");
        if !failed(place) {
            assert_eq!(first["entry"][place], again["entry"][place]);
        }
    }
    let third = service
        .send_with(&caller, "POST /", &headers, &body)
        .await
        .expect(200)
        .json();
    assert_eq!(again, third);
    let found = service
        .get(&caller, "Patient?family=P0")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 1);
}

async fn many_failures_are_told_apart(service: &Service) {
    let caller = service.integration();
    let mut invalid = patient("I");
    invalid["active"] = json!("no");
    let entries: Vec<Value> = (0..60)
        .map(|place| {
            let resource = if place % 2 == 1 {
                invalid.clone()
            } else {
                patient("V")
            };
            post(&format!("urn:uuid:{place}"), &resource)
        })
        .collect();
    let body = bundle("batch", &entries);
    for headers in [&[][..], &[("idempotency-key", "many")][..]] {
        let answer = service
            .send_with(&caller, "POST /", headers, &body)
            .await
            .expect(200)
            .json();
        for (place, status) in statuses(&answer).iter().enumerate() {
            assert_eq!(
                status,
                if place % 2 == 1 { "422" } else { "201" },
                "{place}"
            );
        }
    }
    let found = service
        .get(&caller, "Patient?family:exact=V&_summary=count")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 60);
}
