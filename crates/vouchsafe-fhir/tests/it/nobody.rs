//! Records that are about nobody, and those that must be about somebody.

use serde_json::{Value, json};

use crate::service::{Service, observation, on_both};
use crate::transactions::{bundle, post};

on_both!(
    records_about_nobody_have_extensions_everywhere,
    what_is_no_element_is_refused_by_its_place,
    a_record_says_whom_it_is_about,
    several_subjects_are_told_by_their_element,
    orders_and_coverages_are_served,
);

async fn records_about_nobody_have_extensions_everywhere(service: &Service) {
    let caller = service.integration();
    let extension = json!([{
        "url": "http://example.com/a",
        "extension": [{"url": "b", "valueReference": {"display": "x"}}],
    }, {
        "url": "http://example.com/c",
        "valueDecimal": 1.5,
        "_valueDecimal": {"extension": [{"url": "d", "valueCode": "x"}]},
    }]);
    let about = json!({"reference": "Practitioner/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01"});
    let plan = json!([{"coding": [{"system": "urn:x", "code": "a", "extension": extension}]}]);
    let resources = [
        json!({"resourceType": "Organization", "name": "A", "telecom": [{"value": "1", "extension": extension}],
            "contact": [{"purpose": plan[0], "extension": extension, "modifierExtension": extension}]}),
        json!({"resourceType": "Practitioner", "name": [{"family": "A", "_family": {"extension": extension}}],
            "qualification": [{"code": plan[0], "extension": extension}]}),
        json!({"resourceType": "PractitionerRole", "active": true, "code": plan}),
        json!({"resourceType": "Location", "name": "A", "position": {"longitude": 1.0, "latitude": 2.0, "extension": extension}}),
        json!({"resourceType": "Schedule", "actor": [about], "planningHorizon": {"start": "2026-11-24", "_start": {"extension": extension}}}),
        json!({"resourceType": "Slot", "schedule": {"reference": "Schedule/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01", "extension": extension},
            "status": "free", "start": "2026-11-24T09:00:00Z", "end": "2026-11-24T10:00:00Z"}),
        json!({"resourceType": "Medication", "code": plan[0], "ingredient": [{"itemCodeableConcept": plan[0], "extension": extension}]}),
    ];
    let clinician = service.clinician(&[]).await;
    for mut own in resources {
        own["extension"] = extension.clone();
        own["modifierExtension"] = extension.clone();
        let name = own["resourceType"].as_str().unwrap().to_owned();
        let made = service.send(&caller, &format!("POST {name}"), &own).await;
        let made = made.expect(201).id();
        // All of them read all of it.
        for reader in [&caller, &clinician] {
            let read = service.get(reader, &format!("{name}/{made}")).await;
            let mut read = read.expect(200).json();
            assert_eq!(read["meta"].get("tag"), None, "{name}");
            let members = read.as_object_mut().unwrap();
            members.remove("id");
            members.remove("meta");
            assert_eq!(read, own, "{name}");
        }
    }
    // An extension is one: it has its address, and one value.
    for wrong in [
        json!([{}]),
        json!([{"valueString": "x"}]),
        json!({"url": "x"}),
        json!(["x"]),
    ] {
        let own = json!({"resourceType": "Organization", "name": "A", "extension": wrong});
        service
            .send(&caller, "POST Organization", &own)
            .await
            .expect(422);
    }
}

async fn what_is_no_element_is_refused_by_its_place(service: &Service) {
    let caller = service.integration();
    for (own, path) in [
        (
            json!({"resourceType": "Organization", "name": "A", "unheardOf": 1}),
            "Organization",
        ),
        (
            json!({"resourceType": "Organization", "name": "A", "contact": [{"name": {"family": "A"}}, {"unheardOf": 1}]}),
            "Organization.contact[1]",
        ),
        (
            json!({"resourceType": "Organization", "name": "A", "contained": [{"resourceType": "Patient", "id": "a", "birthDate": "1970-01-01"}]}),
            "Organization.contained[0].resourceType",
        ),
        (
            json!({"resourceType": "Organization", "name": "A", "contained": [{"resourceType": "Unheard", "id": "a"}]}),
            "Organization.contained[0]",
        ),
    ] {
        let answer = service.send(&caller, "POST Organization", &own).await;
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        let issue = answer.json()["issue"][0].clone();
        assert_eq!(issue["expression"][0], path, "{issue}");
        assert!(!answer.text.contains("which patient"), "{issue}");
        assert!(!answer.text.contains("unheardOf"), "{issue}");
    }
}

async fn a_record_says_whom_it_is_about(service: &Service) {
    let caller = service.integration();
    service.patient("A").await;
    let absent = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let mut without = observation("x");
    without.as_object_mut().unwrap().remove("subject");
    let mut own = vec![(without, "required")];
    for (reference, code) in [
        (format!("Device/{absent}"), "value"),
        (format!("Group/{absent}"), "value"),
        (format!("Practitioner/{absent}"), "value"),
        ("#p".to_owned(), "value"),
        ("Patient/17".to_owned(), "value"),
        ("http://other.example/Patient/1".to_owned(), "value"),
        (format!("Patient/{absent}"), "not-found"),
    ] {
        own.push((observation(&reference), code));
    }
    let mut logical = observation("x");
    logical["subject"] =
        json!({"identifier": {"system": "urn:mrn", "value": "mrn-A"}, "display": "A"});
    own.push((logical, "value"));
    for (resource, code) in &own {
        let answer = service.send(&caller, "POST Observation", resource).await;
        assert_eq!(answer.error(), (422, (*code).to_owned()), "{resource}");
        let issue = answer.json()["issue"][0].clone();
        assert_eq!(issue["expression"][0], "Observation.subject", "{resource}");
        let text = issue["diagnostics"].as_str().unwrap();
        assert!(
            text.starts_with("Observation.subject must be a Patient of this service"),
            "{text}"
        );
        let body = bundle("transaction", &[post("urn:uuid:a", resource)]);
        let answer = service.send(&caller, "POST /", &body).await;
        let path = answer.json()["issue"][0]["expression"][0].clone();
        assert_eq!(path, "Bundle.entry[0].resource.subject", "{resource}");
        // As an update, too.
        let mut put = resource.clone();
        put["id"] = json!(absent);
        let answer = service
            .send(&caller, &format!("PUT Observation/{absent}"), &put)
            .await;
        assert_eq!(
            answer.json()["issue"][0]["expression"][0],
            "Observation.subject"
        );
    }
}

/// Which of several is to blame is not told.
async fn several_subjects_are_told_by_their_element(service: &Service) {
    let caller = service.integration();
    let known = service.patient("A").await;
    let absent = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    let other = service.patient("B").await;
    let actor =
        |id: &str| json!({"actor": {"reference": format!("Patient/{id}")}, "status": "accepted"});
    let appointment = json!({"resourceType": "Appointment", "status": "booked",
        "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T11:00:00Z",
        "participant": [actor(&known), actor(&other)]});
    let answer = service
        .send(&caller, "POST Appointment", &appointment)
        .await;
    assert_eq!(answer.error().0, 422);
    assert_eq!(
        answer.json()["issue"][0]["expression"][0],
        "Appointment.participant.actor"
    );
    let provenance = json!({"resourceType": "Provenance", "recorded": "2026-11-24T09:00:00Z",
        "target": [{"reference": format!("Patient/{known}")}, {"reference": format!("Observation/{absent}")}],
        "agent": [{"who": {"display": "x"}}]});
    let answer = service.send(&caller, "POST Provenance", &provenance).await;
    assert_eq!(answer.error(), (422, "not-found".to_owned()));
    assert_eq!(
        answer.json()["issue"][0]["expression"][0],
        "Provenance.target"
    );
    let eob = service
        .send(
            &caller,
            "POST Condition",
            &json!({"resourceType": "Condition", "subject": {"reference": "Device/1"}}),
        )
        .await;
    let text = eob.json()["issue"][0]["diagnostics"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        text.starts_with("Condition.subject must be a Patient"),
        "{text}"
    );
}

async fn orders_and_coverages_are_served(service: &Service) {
    let caller = service.integration();
    let id = service.patient("A").await;
    let about = json!({"reference": format!("Patient/{id}")});
    let order = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": about, "code": {"coding": [{"system": "http://loinc.org", "code": "24331-1"}]},
        "authoredOn": "2026-11-20T10:00:00Z"});
    let coverage = json!({"resourceType": "Coverage", "status": "active", "beneficiary": about,
        "payor": [{"display": "x"}], "subscriberId": "S-1"});
    let clinician = service.clinician(&[&id]).await;
    for (own, query) in [
        (&order, "code=24331-1&authored=2026-11-20&intent=order"),
        (&coverage, "status=active&beneficiary=Patient/$"),
    ] {
        let name = own["resourceType"].as_str().unwrap();
        let made = service
            .send(&caller, &format!("POST {name}"), own)
            .await
            .expect(201)
            .id();
        let read = service
            .get(&caller, &format!("{name}/{made}"))
            .await
            .expect(200);
        let mut read: Value = read.json();
        let members = read.as_object_mut().unwrap();
        members.remove("id");
        members.remove("meta");
        assert_eq!(read, *own);
        let query = format!("{name}?patient={id}&{}", query.replace('$', &id));
        let found = service.get(&caller, &query).await.expect(200).json();
        assert_eq!(found["total"], 1, "{query}");
        // Who treats the patient sees the order, and not who pays.
        let seen = service.get(&clinician, &format!("{name}/{made}")).await;
        match name {
            "Coverage" => assert!(!seen.text.contains("\"beneficiary\""), "{}", seen.text),
            _ => assert!(seen.text.contains("24331-1"), "{}", seen.text),
        }
    }
    let nobody = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": {"reference": "Location/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01"}});
    let answer = service.send(&caller, "POST ServiceRequest", &nobody).await;
    assert_eq!(
        answer.json()["issue"][0]["expression"][0],
        "ServiceRequest.subject"
    );
}
