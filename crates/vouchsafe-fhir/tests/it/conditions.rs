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
    what_is_made_meets_its_own_condition,
    a_condition_is_met_as_it_must_be_written,
    a_condition_may_name_its_type,
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
    let none = service
        .get(&caller, "Patient?family:exact=A")
        .await
        .expect(200);
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

/// Or each try would make another.
async fn what_is_made_meets_its_own_condition(service: &Service) {
    let caller = service.integration();
    let of = |value: &str| {
        let mut own = patient("A");
        own["identifier"] = json!([{"system": "urn:t", "value": value}]);
        own
    };
    let none = json!({"resourceType": "Patient", "name": [{"family": "A"}]});
    let id = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let cases = [
        ("identifier=urn:t|a,b".to_owned(), of("a,b")),
        ("identifier=urn:t|a+b".to_owned(), of("a+b")),
        ("identifier=urn:t|a%20".to_owned(), of("a")),
        ("identifier=urn:t|a%20b".to_owned(), of("a  b")),
        ("identifier=urn:t|a".to_owned(), none.clone()),
        ("identifier=urn:t|a".to_owned(), of("b")),
        ("identifier=urn:u|a".to_owned(), of("a")),
        ("identifier=urn:t|a&family:exact=B".to_owned(), of("a")),
        ("family:exact=B".to_owned(), of("a")),
        ("birthdate=1970-02-04".to_owned(), of("a")),
        (format!("_id={id}"), of("a")),
        (
            "identifier=urn:t|a&_lastUpdated=lt2020-01-01".to_owned(),
            of("a"),
        ),
    ];
    for (condition, body) in &cases {
        let headers = [("if-none-exist", condition.as_str())];
        let answer = service
            .send_with(&caller, "POST Patient", &headers, body)
            .await;
        assert_eq!(
            answer.error(),
            (422, "business-rule".to_owned()),
            "{condition}"
        );
        for kind in ["transaction", "batch"] {
            let mut entry = post("urn:uuid:a", body);
            entry["request"]["ifNoneExist"] = json!(condition);
            let answer = service
                .send(&caller, "POST /", &bundle(kind, &[entry]))
                .await;
            assert!(
                answer.text.contains("own condition"),
                "{kind} {}",
                answer.text
            );
        }
    }
    for query in [
        "family:exact=A",
        "identifier=urn:t%7Ca",
        "identifier=urn:t%7Cb",
    ] {
        let found = service.get(&caller, &format!("Patient?{query}")).await;
        assert_eq!(found.expect(200).json()["total"], 0, "{query}");
    }
}

async fn a_condition_is_met_as_it_must_be_written(service: &Service) {
    let caller = service.integration();
    let of = |value: &str| {
        let mut own = patient("A");
        own["identifier"] = json!([{"system": "urn:t", "value": value}]);
        own
    };
    let none = json!({"resourceType": "Patient", "name": [{"family": "A"}]});
    for (condition, body) in [
        ("identifier=urn:t|a%5C,b", of("a,b")),
        ("identifier=urn:t|c%2Bd", of("c+d")),
        ("identifier=urn:t|e,urn:t|f", of("f")),
        ("identifier=urn:t|g&family=A", of("g")),
    ] {
        let headers = [("if-none-exist", condition)];
        for status in [201, 200] {
            service
                .send_with(&caller, "POST Patient", &headers, &body)
                .await
                .expect(status);
        }
        // Who is there already is found, whatever is sent.
        service
            .send_with(&caller, "POST Patient", &headers, &none)
            .await
            .expect(200);
    }
}

async fn a_condition_may_name_its_type(service: &Service) {
    let caller = service.integration();
    let body = patient("A");
    let mut made = 0;
    for condition in [
        "Patient?identifier=urn:mrn|mrn-A",
        "?identifier=urn:mrn|mrn-A",
        "identifier=urn:mrn|mrn-A",
        " Patient?identifier=urn:mrn|mrn-A",
    ] {
        let headers = [("if-none-exist", condition)];
        let answer = service
            .send_with(&caller, "POST Patient", &headers, &body)
            .await;
        made += usize::from(answer.status == 201);
        assert!(answer.status.is_success(), "{condition}: {}", answer.text);
        let mut entry = post("urn:uuid:a", &body);
        entry["request"]["ifNoneExist"] = json!(condition);
        let answer = service
            .send(&caller, "POST /", &bundle("transaction", &[entry]))
            .await;
        assert_eq!(
            answer.expect(200).json()["entry"][0]["response"]["status"],
            "200"
        );
    }
    assert_eq!(made, 1);
    for condition in [
        "Practitioner?identifier=urn:mrn|mrn-B",
        "patient?identifier=urn:mrn|mrn-B",
        "Patient/_search?identifier=urn:mrn|mrn-B",
        "/Patient?identifier=urn:mrn|mrn-B",
        "https://other.example/fhir/R4/Patient?identifier=urn:mrn|mrn-B",
    ] {
        let headers = [("if-none-exist", condition)];
        let answer = service
            .send_with(&caller, "POST Patient", &headers, &patient("B"))
            .await;
        assert_eq!(answer.error(), (400, "value".to_owned()), "{condition}");
        assert!(answer.text.contains("type"), "{condition}: {}", answer.text);
        let mut entry = post("urn:uuid:a", &patient("B"));
        entry["request"]["ifNoneExist"] = json!(condition);
        let answer = service
            .send(&caller, "POST /", &bundle("transaction", &[entry]))
            .await;
        let path = answer.json()["issue"][0]["expression"][0].clone();
        assert_eq!(path, "Bundle.entry[0].request.ifNoneExist");
        assert_eq!(answer.error(), (400, "value".to_owned()), "{condition}");
    }
    // The value may have a question mark of its own.
    let mut own = patient("C");
    own["identifier"] = json!([{"system": "http://x.example?a", "value": "1"}]);
    let headers = [("if-none-exist", "identifier=http://x.example?a|1")];
    for status in [201, 200] {
        service
            .send_with(&caller, "POST Patient", &headers, &own)
            .await
            .expect(status);
    }
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
