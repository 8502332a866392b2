//! Conditional creates.

use serde_json::{Value, json};

use crate::service::{Service, patient};

const CONDITION: (&str, &str) = ("if-none-exist", "identifier=urn:mrn|mrn-A");

#[tokio::test]
async fn the_first_is_made_and_the_second_finds_it() {
    let service = Service::new().await;
    let caller = service.integration();
    let made = service
        .send_with(&caller, "POST Patient", &[CONDITION], &patient("A"))
        .await;
    let made = made.expect(201);
    let found = service
        .send_with(&caller, "POST Patient", &[CONDITION], &patient("A"))
        .await;
    let found = found.expect(200);
    assert_eq!(found.id(), made.id());
    assert_eq!(found.header("etag"), "W/\"1\"");
    assert_eq!(found.header("content-location"), made.header("location"));
    // The same in a query, as some clients say it.
    let line = "POST Patient?identifier=urn:mrn%7Cmrn-A&_format=json";
    let asked = service.send(&caller, line, &patient("A")).await.expect(200);
    assert_eq!(asked.id(), made.id());
    let minimal = [CONDITION, ("prefer", "return=minimal")];
    let asked = service
        .send_with(&caller, "POST Patient", &minimal, &patient("A"))
        .await;
    assert!(asked.expect(200).text.is_empty());
    let line = "POST Patient?identifier=urn:mrn%7Cmrn-B";
    service.send(&caller, line, &patient("B")).await.expect(201);
}

#[tokio::test]
async fn several_are_too_many() {
    let service = Service::new().await;
    let caller = service.integration();
    service.patient("A").await;
    service.patient("A").await;
    let before = service.log.len();
    let answer = service
        .send_with(&caller, "POST Patient", &[CONDITION], &patient("A"))
        .await;
    assert_eq!(answer.error(), (412, "multiple-matches".to_owned()));
    assert!(service.log.len() > before);
}

#[tokio::test]
async fn a_condition_that_is_none_makes_nothing() {
    let service = Service::new().await;
    let caller = service.integration();
    for condition in [
        "",
        "?",
        "&",
        "identifier=%zz",
        "_count=5",
        "unheard=of",
        "name:exact=x",
    ] {
        let headers = [("if-none-exist", condition)];
        let answer = service
            .send_with(&caller, "POST Patient", &headers, &patient("A"))
            .await;
        assert_eq!(answer.error().0, 400, "{condition}");
    }
    let line = "POST Patient?identifier=urn:mrn%7Cmrn-A";
    let twice = service
        .send_with(&caller, line, &[CONDITION], &patient("A"))
        .await;
    assert_eq!(twice.error().0, 400);
    let none = service.get(&caller, "Patient?family=A").await.expect(200);
    assert_eq!(none.json()["total"], 0);
}

#[tokio::test]
async fn matching_takes_a_right_of_its_own() {
    let service = Service::new().await;
    service.patient("A").await;
    let clinician = service.clinician(&[]).await;
    let answer = service
        .send_with(&clinician, "POST Patient", &[CONDITION], &patient("A"))
        .await;
    assert_eq!(answer.error(), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn conditional_references_find_their_targets() {
    let service = Service::new().await;
    let caller = service.integration();
    let doctor = json!({
        "resourceType": "Practitioner",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "99"}],
    });
    let doctor = service
        .send(&caller, "POST Practitioner", &doctor)
        .await
        .expect(201)
        .id();
    let mut own = patient("A");
    own["generalPractitioner"] = json!([{
        "reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99",
    }]);
    let made = service
        .send(&caller, "POST Patient", &own)
        .await
        .expect(201)
        .json();
    let reference = &made["generalPractitioner"][0]["reference"];
    assert_eq!(*reference, format!("Practitioner/{doctor}"));
    own["generalPractitioner"][0]["reference"] = json!("Practitioner?identifier=x|98");
    let answer = service.send(&caller, "POST Patient", &own).await;
    assert_eq!(answer.error(), (422, "not-found".to_owned()));
    own["generalPractitioner"][0]["reference"] = Value::from(format!("urn:uuid:{doctor}"));
    let answer = service.send(&caller, "POST Patient", &own).await;
    assert_eq!(answer.error(), (422, "not-found".to_owned()));
}
