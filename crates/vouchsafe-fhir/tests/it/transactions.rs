//! Transactions: all or nothing.

use serde_json::{Value, json};

use crate::service::{CANARY, Service, observation, on_both, patient, record_of};

on_both!(
    entries_refer_to_one_another,
    one_refused_entry_refuses_all,
    every_verb_in_one,
    a_condition_said_twice_makes_one,
    a_repeated_transaction_is_done_once,
    rights_are_decided_on_the_state_before,
);

const PATIENT: &str = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
const DOCTOR: &str = "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059";

pub(crate) fn post(full_url: &str, resource: &Value) -> Value {
    let name = resource["resourceType"].as_str().unwrap().to_owned();
    json!({
        "fullUrl": full_url,
        "resource": resource,
        "request": {"method": "POST", "url": name},
    })
}

pub(crate) fn bundle(kind: &str, entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn doctor() -> Value {
    json!({
        "resourceType": "Practitioner",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "99"}],
    })
}

/// Type and id of an entry of a response.
pub(crate) fn place(entry: &Value) -> String {
    let location = entry["response"]["location"].as_str().unwrap();
    location.split("/_history/").next().unwrap().to_owned()
}

async fn entries_refer_to_one_another(service: &Service) {
    let caller = service.integration();
    let mut own = patient("A");
    own["generalPractitioner"] = json!([{"reference": DOCTOR}]);
    let mut observed = observation(PATIENT);
    observed["performer"] = json!([{
        "reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99",
    }]);
    let known = service
        .send(&caller, "POST Practitioner", &doctor())
        .await
        .expect(201)
        .id();
    let mut conditional = post(DOCTOR, &doctor());
    conditional["request"]["ifNoneExist"] = json!("identifier=http://hl7.org/fhir/sid/us-npi|99");
    let entries = [
        post("urn:uuid:observation", &observed),
        post(PATIENT, &own),
        conditional,
    ];
    let answer = service
        .send(&caller, "POST /", &bundle("transaction", &entries))
        .await;
    let answer = answer.expect(200);
    assert!(!answer.header("vouchsafe-receipt").is_empty());
    let answer = answer.json();
    assert_eq!(answer["type"], "transaction-response");
    let entries = answer["entry"].as_array().unwrap();
    let statuses: Vec<_> = entries
        .iter()
        .map(|entry| &entry["response"]["status"])
        .collect();
    assert_eq!(statuses, ["201", "201", "200"]);
    assert_eq!(place(&entries[2]), format!("Practitioner/{known}"));
    assert_eq!(entries[0]["response"]["etag"], "W/\"1\"");
    let read = service
        .get(&caller, &place(&entries[0]))
        .await
        .expect(200)
        .json();
    assert_eq!(read["subject"]["reference"], place(&entries[1]));
    assert_eq!(
        read["performer"][0]["reference"],
        format!("Practitioner/{known}")
    );
    let read = service
        .get(&caller, &place(&entries[1]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        read["generalPractitioner"][0]["reference"],
        format!("Practitioner/{known}")
    );
}

async fn one_refused_entry_refuses_all(service: &Service) {
    let caller = service.integration();
    let good = post(PATIENT, &patient("A"));
    let mut invalid = observation(PATIENT);
    invalid["status"] = json!([CANARY]);
    let mut loose = observation(PATIENT);
    loose["performer"] = json!([{"reference": format!("Practitioner?identifier=x|{CANARY}")}]);
    let mut late = post("urn:uuid:late", &patient("B"));
    late["request"] =
        json!({"method": "DELETE", "url": "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01"});
    let cases = [
        (
            post("urn:uuid:x", &invalid),
            422,
            "Bundle.entry[1].resource.status",
        ),
        (
            post("urn:uuid:x", &loose),
            422,
            "Bundle.entry[1].resource.performer[0].reference",
        ),
        (
            post(
                "urn:uuid:x",
                &observation("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b"),
            ),
            422,
            "Bundle.entry[1].resource.subject.reference",
        ),
        (
            post("urn:uuid:x", &observation(&format!("Patient/{CANARY}"))),
            422,
            "Bundle.entry[1].resource.subject",
        ),
        (late, 422, "Bundle.entry[1]"),
        (
            json!({"request": {"method": "PUT", "url": CANARY}}),
            400,
            "Bundle.entry[1].request.url",
        ),
        (post(PATIENT, &patient("C")), 400, "Bundle.entry[1].fullUrl"),
    ];
    for (bad, status, path) in cases {
        let before = service.log.len();
        let body = bundle("transaction", &[good.clone(), bad]);
        let answer = service.send(&caller, "POST /", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert_eq!(answer.json()["issue"][0]["expression"][0], path);
        assert!(service.log.len() > before, "{path}: not in the log");
    }
    let none = service
        .get(&caller, "Patient?family:exact=A")
        .await
        .expect(200)
        .json();
    assert_eq!(none["total"], 0);
}

async fn every_verb_in_one(service: &Service) {
    let caller = service.integration();
    let (kept, gone) = (service.patient("Kept").await, service.patient("Gone").await);
    let mut changed = patient("Changed");
    changed["id"] = json!(kept);
    let entries = [
        json!({"request": {"method": "GET", "url": format!("Patient/{kept}")}}),
        json!({"request": {"method": "GET", "url": "Patient?family=Changed"}}),
        json!({
            "resource": changed,
            "request": {"method": "PUT", "url": format!("Patient/{kept}"), "ifMatch": "W/\"1\""},
        }),
        post(PATIENT, &patient("New")),
        json!({"request": {"method": "DELETE", "url": format!("Patient/{gone}")}}),
    ];
    let body = bundle("transaction", &entries);
    let answer = service
        .send(&caller, "POST /", &body)
        .await
        .expect(200)
        .json();
    let statuses: Vec<_> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["200", "200", "200", "201", "204"]);
    // What is read is read after the writes.
    assert_eq!(
        answer["entry"][0]["resource"]["name"][0]["family"],
        "Changed"
    );
    assert_eq!(answer["entry"][1]["resource"]["total"], 1);
    service
        .get(&caller, &format!("Patient/{gone}"))
        .await
        .expect(410);
    // The version has moved on, and what is gone is deleted already.
    let moved = service
        .send(&caller, "POST /", &bundle("transaction", &entries[2..3]))
        .await;
    assert_eq!(moved.error(), (412, "conflict".to_owned()));
    let gone = service
        .send(&caller, "POST /", &bundle("transaction", &entries[4..]))
        .await;
    let gone = gone.expect(200).json();
    assert_eq!(gone["entry"][0]["response"]["status"], "204");
}

async fn a_condition_said_twice_makes_one(service: &Service) {
    let caller = service.integration();
    let conditional = |url: &str| {
        let mut entry = post(url, &doctor());
        entry["request"]["ifNoneExist"] = json!("identifier=http://hl7.org/fhir/sid/us-npi|99");
        entry
    };
    let other = "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e050";
    let mut own = patient("A");
    own["generalPractitioner"] = json!([{"reference": DOCTOR}, {"reference": other}]);
    let entries = [conditional(DOCTOR), conditional(other), post(PATIENT, &own)];
    let body = bundle("transaction", &entries);
    let answer = service
        .send(&caller, "POST /", &body)
        .await
        .expect(200)
        .json();
    let entries = answer["entry"].as_array().unwrap();
    assert_eq!(entries[0]["response"]["status"], "201");
    assert_eq!(entries[1]["response"]["status"], "200");
    assert_eq!(place(&entries[0]), place(&entries[1]));
    let read = service
        .get(&caller, &place(&entries[2]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        read["generalPractitioner"][0],
        read["generalPractitioner"][1]
    );
}

async fn a_repeated_transaction_is_done_once(service: &Service) {
    let caller = service.integration();
    let mut conditional = post(DOCTOR, &doctor());
    conditional["request"]["ifNoneExist"] = json!("identifier=http://hl7.org/fhir/sid/us-npi|99");
    let body = bundle("transaction", &[conditional, post(PATIENT, &patient("A"))]);
    let headers = [("idempotency-key", "load-1")];
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
    let found = service
        .get(&caller, "Patient?family:exact=A")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 1);
}

async fn rights_are_decided_on_the_state_before(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let clinician = service.clinician(&[]).await;
    let team = json!({
        "resourceType": "CareTeam",
        "status": "active",
        "subject": {"reference": format!("Patient/{hidden}")},
        "participant": [{"member": {"reference": record_of(&clinician)}}],
    });
    let read = json!({"request": {"method": "GET", "url": format!("Patient/{hidden}")}});
    let body = bundle("transaction", &[post("urn:uuid:a", &team), read]);
    let answer = service.send(&clinician, "POST /", &body).await;
    assert!(answer.status.is_client_error(), "{}", answer.text);
    service
        .get(&clinician, &format!("Patient/{hidden}"))
        .await
        .expect(404);
}
