//! Care that appointments give, by whoever may book; and what a record's references must not tell.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vouchsafe::access::Purpose;
use vouchsafe_records::engine::Caller;

use crate::service::{Service, now, observation, on_both, record_of};

on_both!(
    care_begins_and_ends_with_the_appointment_that_the_desk_books,
    nobody_books_care_for_themselves_by_another_name,
    a_reference_tells_nobody_whose_a_hidden_record_is,
    whoever_is_named_by_a_search_stands_in_the_log,
    a_write_of_a_part_says_that_it_is_one,
);

fn appointment(patient: &str, practitioner: &str, status: &str) -> Value {
    let at = |hours: i64| (now() + SignedDuration::from_hours(hours)).to_string();
    json!({
        "resourceType": "Appointment", "status": status, "start": at(-1), "end": at(1),
        "participant": [
            {"actor": {"reference": format!("Patient/{patient}")}, "status": "accepted"},
            {"actor": {"reference": practitioner}, "status": "accepted"},
        ],
    })
}

fn desk(service: &Service) -> Caller {
    service.caller("front-desk", Purpose::Operations, &[])
}

async fn sees(service: &Service, caller: &Caller, patient: &str) -> bool {
    let answer = service.get(caller, &format!("Patient/{patient}")).await;
    answer.status == 200
}

async fn care_begins_and_ends_with_the_appointment_that_the_desk_books(service: &Service) {
    let patient = service.patient("A").await;
    let clinician = service.clinician(&[]).await;
    let other = service.clinician(&[]).await;
    let desk = desk(service);
    assert!(!sees(service, &clinician, &patient).await);
    // What only others may see of it is theirs, and in nobody's way.
    let mut booked = appointment(&patient, &record_of(&clinician), "booked");
    booked["reasonCode"] = json!([{"text": "why"}]);
    let id = service
        .send(&service.integration(), "POST Appointment", &booked)
        .await
        .expect(201)
        .id();
    assert!(sees(service, &clinician, &patient).await);
    let put = format!("PUT Appointment/{id}");
    for (who, status, care) in [
        (&clinician, "cancelled", [false, false]),
        (&clinician, "booked", [true, false]),
        (&other, "booked", [false, true]),
        (&other, "cancelled", [false, false]),
    ] {
        let mut changed = appointment(&patient, &record_of(who), status);
        changed["id"] = json!(id);
        service.send(&desk, &put, &changed).await.expect(200);
        for (caller, care) in [&clinician, &other].into_iter().zip(care) {
            assert_eq!(sees(service, caller, &patient).await, care, "{status}");
        }
    }
    // One that the desk makes from nothing gives care as well, for as long as it lasts.
    let new = appointment(&patient, &record_of(&clinician), "booked");
    service
        .send(&desk, "POST Appointment", &new)
        .await
        .expect(201);
    assert!(sees(service, &clinician, &patient).await);
    let kept = service
        .get(&service.integration(), &format!("Appointment/{id}"))
        .await;
    assert_eq!(kept.json()["reasonCode"][0]["text"], "why");
}

async fn nobody_books_care_for_themselves_by_another_name(service: &Service) {
    let patient = service.patient("A").await;
    let mut both = desk(service);
    let clinician = service.clinician(&[]).await;
    both.rights = both
        .rights
        .iter()
        .chain(&*clinician.rights)
        .cloned()
        .collect();
    both.links = clinician.links;
    let me = record_of(&both);
    for name in [me.clone(), format!("{me}/_history/1")] {
        let booked = appointment(&patient, &name, "booked");
        let refused = service.send(&both, "POST Appointment", &booked).await;
        assert_eq!(refused.error().0, 403, "{name}");
    }
    both.purpose = Purpose::Treatment;
    assert!(!sees(service, &both, &patient).await);
}

async fn a_reference_tells_nobody_whose_a_hidden_record_is(service: &Service) {
    let (patient, other) = (service.patient("A").await, service.patient("B").await);
    let integration = service.integration();
    let about = observation(&format!("Patient/{patient}"));
    let hidden = service
        .send(&integration, "POST Observation", &about)
        .await
        .expect(201)
        .id();
    let booked = appointment(
        &patient,
        "Practitioner/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
        "booked",
    );
    service
        .send(&integration, "POST Appointment", &booked)
        .await
        .expect(201);
    let desk = desk(service);
    // By the patient, the desk finds it; by a record that they may not see, nobody does.
    let found = |id: String| async move {
        let page = service
            .get(&desk, &format!("Appointment?patient={id}"))
            .await;
        page.expect(200).json()["entry"]
            .as_array()
            .map_or(0, Vec::len)
    };
    let names = [
        (format!("Patient/{patient}"), 1),
        (format!("Observation/{hidden}"), 0),
        (
            "Observation/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01".to_owned(),
            0,
        ),
        ("Nothing/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01".to_owned(), 0),
    ];
    for (name, expected) in names {
        assert_eq!(found.clone()(name.clone()).await, expected, "{name}");
    }
    // Of two patients or of one who is not there: the same answer.
    let clinician = service.clinician(&[&patient]).await;
    let with = |second: &str| {
        let mut booked = appointment(
            &patient,
            "Practitioner/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
            "booked",
        );
        booked["participant"][1]["actor"]["reference"] = json!(format!("Patient/{second}"));
        booked
    };
    let mut told = Vec::new();
    for second in [other.as_str(), "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01"] {
        let answer = service
            .send(&clinician, "POST Appointment", &with(second))
            .await;
        assert_eq!(answer.error().0, 422);
        told.push(answer.text);
    }
    assert_eq!(told[0], told[1]);
}

async fn whoever_is_named_by_a_search_stands_in_the_log(service: &Service) {
    let (own, other) = (service.patient("A").await, service.patient("B").await);
    let clinician = service.clinician(&[&own]).await;
    let subjects = |entries: &[Value]| {
        let named = |entry: &Value| entry["subject"].as_str().map(str::to_owned);
        let mut subjects: Vec<_> = entries.iter().filter_map(named).collect();
        subjects.sort();
        subjects.dedup();
        subjects
    };
    for (caller, query, named) in [
        (&clinician, format!("Observation?patient={own}"), 1),
        (&clinician, format!("Observation?patient={own},{other}"), 2),
        (&clinician, format!("Observation?patient={other}"), 1),
        (&desk(service), format!("Appointment?patient={own}"), 1),
        (
            &desk(service),
            format!("Appointment?patient={own},{other}"),
            2,
        ),
    ] {
        let before = service.log.len();
        let page = service.get(caller, &query).await.expect(200);
        assert!(page.json().get("entry").is_none(), "{query}");
        let entries = service.log.since(before);
        assert_eq!(subjects(&entries).len(), named, "{query}: {entries:?}");
    }
}

async fn a_write_of_a_part_says_that_it_is_one(service: &Service) {
    let patient = service.patient("A").await;
    let practitioner = record_of(&service.clinician(&[]).await);
    let mut booked = appointment(&patient, &practitioner, "booked");
    booked["reasonCode"] = json!([{"text": "why"}]);
    let id = service
        .send(&service.integration(), "POST Appointment", &booked)
        .await
        .expect(201)
        .id();
    let mut changed = appointment(&patient, &practitioner, "arrived");
    changed["id"] = json!(id);
    let put = format!("PUT Appointment/{id}");
    let answer = service
        .send(&desk(service), &put, &changed)
        .await
        .expect(200);
    assert!(answer.text.contains("SUBSETTED"), "{}", answer.text);
    let whole = service.send(&service.integration(), &put, &changed).await;
    assert!(!whole.text.contains("SUBSETTED"), "{}", whole.text);
}
