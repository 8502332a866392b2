//! Conditional creates.

use serde_json::{Value, json};

use crate::service::{Service, on_both, patient};
use crate::transactions::{bundle, post};

on_both!(
    simultaneous_creates_make_one,
    simultaneous_transactions_make_one,
    the_first_is_made_and_the_second_finds_it,
    several_are_too_many,
    a_condition_that_is_none_makes_nothing,
    matching_takes_a_right_of_its_own,
    conditional_references_find_their_targets,
);

const CONDITION: (&str, &str) = ("if-none-exist", "identifier=urn:mrn|mrn-A");

async fn the_first_is_made_and_the_second_finds_it(service: &Service) {
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

async fn several_are_too_many(service: &Service) {
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

async fn a_condition_that_is_none_makes_nothing(service: &Service) {
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

async fn matching_takes_a_right_of_its_own(service: &Service) {
    service.patient("A").await;
    let clinician = service.clinician(&[]).await;
    let answer = service
        .send_with(&clinician, "POST Patient", &[CONDITION], &patient("A"))
        .await;
    assert_eq!(answer.error(), (403, "forbidden".to_owned()));
}

async fn conditional_references_find_their_targets(service: &Service) {
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

/// As a retry that overtakes its first try, or two systems that admit the same patient.
async fn simultaneous_creates_make_one(service: &Service) {
    let caller = service.integration();
    for family in ["A", "C", "D"] {
        let condition = format!("identifier=urn:mrn|mrn-{family}");
        let headers = [("if-none-exist", condition.as_str())];
        let body = patient(family);
        let create = || service.send_with(&caller, "POST Patient", &headers, &body);
        let answers = tokio::join!(create(), create(), create(), create());
        let answers = [answers.0, answers.1, answers.2, answers.3];
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let found = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(
            (made, found),
            (1, 3),
            "{:?}",
            answers.map(|answer| answer.text)
        );
        let address = format!("Patient?{}", condition.replace('|', "%7C"));
        let all = service.get(&caller, &address).await.expect(200).json();
        assert_eq!(all["entry"].as_array().unwrap().len(), 1);
    }
}

async fn simultaneous_transactions_make_one(service: &Service) {
    let caller = service.integration();
    let mut entry = post(
        "urn:uuid:11111111-1111-4111-8111-111111111111",
        &patient("A"),
    );
    entry["request"]["ifNoneExist"] = json!("identifier=urn:mrn|mrn-A");
    let body = bundle("transaction", &[entry]);
    let send = || service.send(&caller, "POST /", &body);
    let answers = tokio::join!(send(), send(), send());
    for answer in [answers.0, answers.1, answers.2] {
        answer.expect(200);
    }
    let all = service
        .get(&caller, "Patient?identifier=urn:mrn%7Cmrn-A")
        .await;
    let all = all.expect(200).json();
    assert_eq!(all["entry"].as_array().unwrap().len(), 1);
}
