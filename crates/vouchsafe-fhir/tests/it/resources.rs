//! One resource: create, read, versions, update, delete.

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::service::{BASE, CANARY, Service, observation, on_both, patient};

on_both!(
    what_is_created_is_read_as_it_was_sent,
    number_text_and_what_is_unknown_are_kept,
    versions_follow_one_another_to_the_end,
    an_update_makes_what_is_not_there,
    the_caller_says_what_comes_back,
    the_same_request_under_one_key_is_done_once,
    what_the_server_sets_is_never_the_callers,
    validation_says_where_and_what,
    nothing_is_told_when_it_cannot_be_recorded,
    nothing_is_written_without_a_key_and_the_log_says_so,
    metadata_says_what_there_is,
);

async fn what_is_created_is_read_as_it_was_sent(service: &Service) {
    let caller = service.integration();
    let created = service
        .send(&caller, "POST Patient", &patient(CANARY))
        .await
        .expect(201);
    let id = created.id();
    assert_eq!(
        created.header("location"),
        format!("{BASE}/Patient/{id}/_history/1")
    );
    assert_eq!(created.header("etag"), "W/\"1\"");
    assert_eq!(
        created.header("last-modified"),
        "Tue, 24 Nov 2026 09:00:00 GMT"
    );
    assert!(
        created
            .header("vouchsafe-receipt")
            .starts_with("origin=\"log.example/phi\", index=")
    );

    let read = service
        .get(&caller, &format!("Patient/{id}"))
        .await
        .expect(200);
    assert!(read.text.starts_with(&format!(
        "{{\"resourceType\":\"Patient\",\"id\":\"{id}\",\"meta\":{{\"versionId\":\"1\""
    )));
    let mut resource = read.json();
    let members = resource.as_object_mut().unwrap();
    members.remove("id");
    members.remove("meta");
    assert_eq!(resource, patient(CANARY));
}

async fn number_text_and_what_is_unknown_are_kept(service: &Service) {
    let caller = service.integration();
    let id = service.patient(CANARY).await;
    let text = observation(&format!("Patient/{id}"))
        .to_string()
        .replace("120.5", "120.50")
        .replace("\"status\"", "\"unheardOf\":{\"a\":[1e2,null]},\"status\"");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let created = service
        .raw(&caller, "POST Observation", &headers, text.into())
        .await
        .expect(201);
    let read = service
        .get(&caller, &format!("Observation/{}", created.id()))
        .await
        .expect(200);
    assert!(read.text.contains("120.50") && read.text.contains("\"unheardOf\":{\"a\":[1e2,null]}"));
}

async fn versions_follow_one_another_to_the_end(service: &Service) {
    let caller = service.integration();
    let id = service.patient("First").await;
    let at = format!("Patient/{id}");
    let mut second = patient("Second");
    second["id"] = json!(id);
    let put = format!("PUT {at}");
    let updated = service
        .send_with(&caller, &put, &[("if-match", "W/\"1\"")], &second)
        .await;
    let updated = updated.expect(200);
    assert_eq!(updated.header("etag"), "W/\"2\"");
    assert_eq!(
        updated.header("content-location"),
        format!("{BASE}/{at}/_history/2")
    );

    let stale = service
        .send_with(&caller, &put, &[("if-match", "W/\"1\"")], &second)
        .await;
    assert_eq!(stale.error(), (412, "conflict".to_owned()));

    let first = service.get(&caller, &format!("{at}/_history/1")).await;
    assert_eq!(first.expect(200).json()["name"][0]["family"], "First");
    let unchanged = [("if-none-match", "W/\"2\"")];
    let line = format!("GET {at}");
    let same = service
        .send_with(&caller, &line, &unchanged, &Value::Null)
        .await
        .expect(304);
    assert!(same.text.is_empty() && !same.header("vouchsafe-receipt").is_empty());
    assert_eq!(same.header("etag"), "W/\"2\"");
    let changed = [("if-none-match", "W/\"1\"")];
    service
        .send_with(&caller, &line, &changed, &Value::Null)
        .await
        .expect(200);

    let deleted = service
        .send(&caller, &format!("DELETE {at}"), &Value::Null)
        .await
        .expect(204);
    assert!(deleted.text.is_empty());
    assert_eq!(deleted.header("etag"), "W/\"3\"");
    let gone = service.get(&caller, &at).await;
    assert_eq!(gone.error(), (410, "deleted".to_owned()));
    service
        .get(&caller, &format!("{at}/_history/2"))
        .await
        .expect(200);
    service
        .get(&caller, &format!("{at}/_history/3"))
        .await
        .expect(410);
    service
        .get(&caller, &format!("{at}/_history/4"))
        .await
        .expect(404);
    service.send(&caller, &put, &second).await.expect(201);
    let back = service.get(&caller, &at).await.expect(200);
    assert_eq!(back.header("etag"), "W/\"4\"");
}

async fn an_update_makes_what_is_not_there(service: &Service) {
    let caller = service.integration();
    let id = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let mut own = patient("Own");
    own["id"] = json!(id);
    let put = format!("PUT Patient/{id}");
    let expected = [("if-match", "W/\"1\"")];
    service
        .send_with(&caller, &put, &expected, &own)
        .await
        .expect(412);
    let made = service.send(&caller, &put, &own).await.expect(201);
    assert_eq!(
        made.header("location"),
        format!("{BASE}/Patient/{id}/_history/1")
    );
    let other = id.replace('0', "1");
    service
        .send(&caller, &format!("PUT Patient/{other}"), &own)
        .await
        .expect(400);
    own.as_object_mut().unwrap().remove("id");
    service.send(&caller, &put, &own).await.expect(400);
}

async fn the_caller_says_what_comes_back(service: &Service) {
    let caller = service.integration();
    for (prefer, expected) in [
        ("return=minimal", ""),
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("handling=lenient", "Patient"),
    ] {
        let headers = [("prefer", prefer)];
        let answer = service
            .send_with(&caller, "POST Patient", &headers, &patient("A"))
            .await;
        let answer = answer.expect(201);
        match expected {
            "" => assert!(answer.text.is_empty()),
            name => assert_eq!(answer.json()["resourceType"], name),
        }
        assert!(answer.header("location").starts_with(BASE));
    }
}

async fn the_same_request_under_one_key_is_done_once(service: &Service) {
    let caller = service.integration();
    let headers = [("idempotency-key", "k-1")];
    let first = service
        .send_with(&caller, "POST Patient", &headers, &patient("A"))
        .await;
    let first = first.expect(201);
    let again = service
        .send_with(&caller, "POST Patient", &headers, &patient("A"))
        .await;
    let again = again.expect(201);
    assert_eq!(
        (first.id(), first.header("location")),
        (again.id(), again.header("location"))
    );
    let other = service
        .send_with(&caller, "POST Patient", &headers, &patient("B"))
        .await;
    assert_eq!(other.error(), (422, "business-rule".to_owned()));
    let found = service
        .get(&caller, "Patient?identifier=urn:mrn|mrn-A")
        .await
        .expect(200);
    assert_eq!(found.json()["entry"].as_array().map(Vec::len), Some(1));
}

async fn what_the_server_sets_is_never_the_callers(service: &Service) {
    let caller = service.integration();
    let mut own = patient("A");
    own["id"] = json!("my-own-id");
    own["meta"] = json!({
        "versionId": "99",
        "lastUpdated": "1999-01-01T00:00:00Z",
        "tag": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
            "code": "SUBSETTED",
        }],
    });
    let created = service
        .send(&caller, "POST Patient", &own)
        .await
        .expect(201);
    assert_ne!(created.id(), "my-own-id");
    let meta = json!({"versionId": "1", "lastUpdated": "2026-11-24T09:00:00.000Z"});
    assert_eq!(created.json()["meta"], meta);
    let read = service
        .get(&caller, &format!("Patient/{}", created.id()))
        .await
        .expect(200);
    assert_eq!(read.json()["meta"], meta);
}

async fn validation_says_where_and_what(service: &Service) {
    let caller = service.integration();
    let wrong = json!({
        "resourceType": "Patient",
        "name": [{"family": [CANARY]}],
        "birthDate": CANARY,
        "active": CANARY,
    });
    let answer = service
        .send(&caller, "POST Patient", &wrong)
        .await
        .expect(422);
    let outcome = answer.json();
    let issues: Vec<(&str, &str)> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| {
            (
                issue["code"].as_str().unwrap(),
                issue["expression"][0].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        issues,
        [
            ("structure", "Patient.name[0].family"),
            ("value", "Patient.birthDate"),
            ("structure", "Patient.active"),
        ]
    );
}

async fn nothing_is_told_when_it_cannot_be_recorded(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    service.log.fail(true);
    for line in [
        format!("GET Patient/{id}"),
        format!("DELETE Patient/{id}"),
        "GET Patient?family:exact=A".to_owned(),
        "GET Patient/nonsense".to_owned(),
        "POST Patient".to_owned(),
    ] {
        let answer = service.send(&caller, &line, &patient("B")).await;
        assert_eq!(answer.error(), (503, "transient".to_owned()), "{line}");
        assert_eq!(answer.header("retry-after"), "1");
    }
    service.log.fail(false);
    service
        .get(&caller, &format!("Patient/{id}"))
        .await
        .expect(200);
    let none = service
        .get(&caller, "Patient?family:exact=B")
        .await
        .expect(200);
    assert_eq!(none.json()["total"], 0);
}

/// The entries of a write are appended while the keys of its new subjects are stored.
async fn nothing_is_written_without_a_key_and_the_log_says_so(service: &Service) {
    let caller = service.integration();
    let before = service.log.len();
    service.keys.fail(true);
    let answer = service.send(&caller, "POST Patient", &patient("B")).await;
    assert_eq!(answer.error(), (503, "transient".to_owned()));
    service.keys.fail(false);
    let entries = service.log.since(before);
    let told: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["outcome"].as_str())
        .collect();
    assert_eq!(told, ["intent", "aborted"], "{entries:?}");
    let none = service
        .get(&caller, "Patient?family:exact=B")
        .await
        .expect(200);
    assert_eq!(none.json()["total"], 0);
}

async fn metadata_says_what_there_is(service: &Service) {
    let statement = service
        .get(&service.integration(), "metadata")
        .await
        .expect(200)
        .json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["fhirVersion"], "4.0.1");
    let types = statement["rest"][0]["resource"].as_array().unwrap();
    assert_eq!(types.len(), service.engine.pack().types().count());
    let patient = types.iter().find(|one| one["type"] == "Patient").unwrap();
    let params = patient["searchParam"].as_array().unwrap();
    assert!(
        params
            .iter()
            .any(|param| param["name"] == "birthdate" && param["type"] == "date")
    );
}
