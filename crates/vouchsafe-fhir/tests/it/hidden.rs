//! Another's patient is not there.

use serde_json::{Value, json};
use vouchsafe::access::Purpose;

use crate::service::{Answer, CANARY, Service, observation, on_both, patient};

on_both!(
    hidden_and_absent_answer_alike,
    hidden_patients_are_in_no_search_and_no_reference,
    each_role_sees_its_classes_and_keeps_the_others,
    patients_see_themselves,
    a_hidden_subject_is_no_other_than_an_absent_one,
    a_hidden_subject_beside_others_is_an_absent_one,
    who_is_hidden_and_named_has_an_entry_of_it,
);

/// Absent: no record of ours has this id.
const ABSENT: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

fn same(hidden: &Answer, absent: &Answer, line: &str) {
    assert_eq!(hidden.status, absent.status, "{line}");
    assert_eq!(hidden.text, absent.text, "{line}");
    assert_eq!(hidden.headers, absent.headers, "{line}");
}

async fn hidden_and_absent_answer_alike(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let own = service.patient("Own").await;
    let clinician = service.clinician(&[&own]).await;
    service
        .get(&clinician, &format!("Patient/{own}"))
        .await
        .expect(200);
    for line in [
        "GET Patient/$",
        "GET Patient/$/_history/1",
        "DELETE Patient/$",
        "PUT Patient/$",
    ] {
        let mut answers = Vec::new();
        for id in [hidden.as_str(), ABSENT] {
            let mut body = patient("X");
            body["id"] = json!(id);
            let body = if line.starts_with("PUT") {
                body
            } else {
                Value::Null
            };
            let before = service.log.len();
            answers.push(
                service
                    .send(&clinician, &line.replace('$', id), &body)
                    .await,
            );
            let refused = service.log.since(before);
            assert!(
                refused.iter().any(|entry| entry["outcome"] == "refused"),
                "{line}: {refused:?}"
            );
        }
        assert_eq!(answers[0].error(), (404, "not-found".to_owned()), "{line}");
        same(&answers[0], &answers[1], line);
    }
}

async fn hidden_patients_are_in_no_search_and_no_reference(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let clinician = service.clinician(&[]).await;
    for query in [
        format!("Patient?_id={hidden}"),
        format!("Patient?family={CANARY}"),
        format!("Patient?identifier=urn:mrn|mrn-{CANARY}"),
        format!("Observation?patient={hidden}"),
        "Patient".to_owned(),
    ] {
        let page = service.get(&clinician, &query).await.expect(200);
        assert!(page.json().get("entry").is_none(), "{query}");
        assert!(
            !page.text.contains(CANARY) && !page.text.contains(&hidden),
            "{query}"
        );
    }
    let about = |id: &str| observation(&format!("Patient/{id}"));
    let one = service
        .send(&clinician, "POST Observation", &about(&hidden))
        .await;
    let other = service
        .send(&clinician, "POST Observation", &about(ABSENT))
        .await;
    assert_eq!(one.error().0, 422);
    same(&one, &other, "POST Observation");
}

async fn each_role_sees_its_classes_and_keeps_the_others(service: &Service) {
    let integration = service.integration();
    let mut whole = patient("A");
    whole["telecom"] = json!([{"system": "phone", "value": "555-0100"}]);
    let id = service
        .send(&integration, "POST Patient", &whole)
        .await
        .expect(201)
        .id();
    let clinician = service.clinician(&[&id]).await;
    let desk = service.caller("front-desk", Purpose::Operations, &[]);
    assert_eq!(
        service.get(&desk, &format!("Patient/{id}")).await.error().0,
        404
    );
    let observed = observation(&format!("Patient/{id}"));
    let observed = service
        .send(&clinician, "POST Observation", &observed)
        .await
        .expect(201)
        .id();
    let clerk = service.caller("registration", Purpose::Operations, &[]);
    let hidden = service
        .get(&clerk, &format!("Observation/{observed}"))
        .await;
    assert_eq!(hidden.error().0, 404);

    // The clerk sees a part, sends it back changed, and nothing of the rest is lost.
    let read = service
        .get(&clerk, &format!("Patient/{id}"))
        .await
        .expect(200);
    let mut part = read.json();
    part["name"][0]["family"] = json!("B");
    let put = service
        .send(&clerk, &format!("PUT Patient/{id}"), &part)
        .await
        .expect(200);
    assert_eq!(put.json()["name"][0]["family"], "B");
    let after = service
        .get(&integration, &format!("Patient/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(after["name"][0]["family"], "B");
    assert_eq!(after["telecom"], whole["telecom"]);
    assert_eq!(after["multipleBirthInteger"], whole["multipleBirthInteger"]);
    let tags = after["meta"].get("tag");
    assert!(tags.is_none(), "{tags:?}");
}

async fn patients_see_themselves(service: &Service) {
    let own = service.patient("Own").await;
    let other = service.patient(CANARY).await;
    let links = [format!("Patient/{own}")];
    let caller = service.caller("patient", Purpose::PatientRequest, &links);
    service
        .get(&caller, &format!("Patient/{own}"))
        .await
        .expect(200);
    assert_eq!(
        service
            .get(&caller, &format!("Patient/{other}"))
            .await
            .error()
            .0,
        404
    );
    let mut changed = patient("New");
    changed["id"] = json!(own);
    let refused = service
        .send(&caller, &format!("PUT Patient/{own}"), &changed)
        .await;
    assert_eq!(refused.error(), (403, "forbidden".to_owned()));
}

/// Also of a resource that is there, and would be moved.
async fn a_hidden_subject_is_no_other_than_an_absent_one(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let own = service.patient("Own").await;
    let second = service.patient("Second").await;
    let clinician = service.clinician(&[&own, &second]).await;
    let made = observation(&format!("Patient/{own}"));
    let made = service.send(&clinician, "POST Observation", &made).await;
    let id = made.expect(201).id();
    let line = format!("PUT Observation/{id}");
    let mut answers = Vec::new();
    for about in [hidden.as_str(), ABSENT, second.as_str()] {
        let mut moved = observation(&format!("Patient/{about}"));
        moved["id"] = json!(id);
        let before = service.log.len();
        answers.push(service.send(&clinician, &line, &moved).await);
        let told = service.log.since(before);
        assert!(
            told.iter().any(|entry| entry["outcome"] == "refused"),
            "{told:?}"
        );
    }
    same(&answers[0], &answers[1], &line);
    assert_eq!(answers[0].error(), (422, "not-found".to_owned()));
    // Of whom one knows, one is told what is wrong.
    assert_eq!(answers[2].error(), (422, "business-rule".to_owned()));
    // In transactions and batches, too.
    for kind in ["transaction", "batch"] {
        let mut answers = Vec::new();
        for about in [hidden.as_str(), ABSENT] {
            let mut moved = observation(&format!("Patient/{about}"));
            moved["id"] = json!(id);
            let entry = json!({
                "resource": moved,
                "request": {"method": "PUT", "url": format!("Observation/{id}")},
            });
            let body = crate::transactions::bundle(kind, &[entry]);
            answers.push(service.send(&clinician, "POST /", &body).await);
        }
        assert_eq!(answers[0].text, answers[1].text, "{kind}");
    }
}

async fn a_hidden_subject_beside_others_is_an_absent_one(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let own = service.patient("Own").await;
    let clinician = service.clinician(&[&own]).await;
    // Beside another patient, in whatever place.
    for order in [[0, 1], [1, 0]] {
        let mut answers = Vec::new();
        for about in [hidden.as_str(), ABSENT] {
            let both = [own.as_str(), about];
            let actor = |place: usize| json!({"actor": {"reference": format!("Patient/{}", both[place])}, "status": "accepted"});
            let booked = json!({
                "resourceType": "Appointment", "status": "booked", "description": "x",
                "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T11:00:00Z",
                "participant": order.map(actor),
            });
            answers.push(service.send(&clinician, "POST Appointment", &booked).await);
        }
        same(&answers[0], &answers[1], "POST Appointment");
        assert_eq!(answers[0].error().0, 422);
    }
    // After an entry that is refused for itself.
    let mut restricted = observation(&format!("Patient/{own}"));
    restricted["unheardOf"] = json!(1);
    let mut answers = Vec::new();
    for about in [hidden.as_str(), ABSENT] {
        let entries = [
            crate::transactions::post("urn:uuid:a", &restricted),
            crate::transactions::post("urn:uuid:b", &observation(&format!("Patient/{about}"))),
        ];
        let body = crate::transactions::bundle("transaction", &entries);
        answers.push(service.send(&clinician, "POST /", &body).await);
    }
    same(&answers[0], &answers[1], "transaction");
}

async fn who_is_hidden_and_named_has_an_entry_of_it(service: &Service) {
    let hidden = service.patient(CANARY).await;
    let own = service.patient("Own").await;
    let clinician = service.clinician(&[&own]).await;
    let made = observation(&format!("Patient/{own}"));
    let made = service.send(&clinician, "POST Observation", &made).await;
    let id = made.expect(201).id();
    let line = format!("PUT Observation/{id}");
    let before = service.log.len();
    let mut moved = observation(&format!("Patient/{hidden}"));
    moved["id"] = json!(id);
    service.send(&clinician, &line, &moved).await.expect(422);
    let tokens: Vec<Value> = service
        .log
        .since(before)
        .iter()
        .map(|entry| entry["subject"].clone())
        .collect();
    let before = service.log.len();
    service
        .get(&clinician, &format!("Patient/{hidden}"))
        .await
        .expect(404);
    let of_hidden = service.log.since(before)[0]["subject"].clone();
    assert!(
        !of_hidden.is_null() && tokens.contains(&of_hidden),
        "{tokens:?}"
    );
}
