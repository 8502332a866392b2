//! Dates: what is taken, what it stands for, and what a search by date finds, are one thing on every road.

use serde_json::{Value, json};
use vouchsafe::access::Purpose;

use crate::searches::ids;
use crate::service::{Service, observation, on_both};

on_both!(
    care_without_an_end_does_not_end_before_it_began,
    the_last_year_is_a_year_as_any_other,
    a_day_is_the_one_that_was_written,
    what_was_written_is_found_by_its_own_text,
    a_time_that_is_not_whole_is_refused_where_it_is_stored,
    a_partial_date_is_found_by_all_that_it_may_be,
    days_that_no_index_serves_are_refused_by_name,
);

async fn care_without_an_end_does_not_end_before_it_began(service: &Service) {
    let integration = service.integration();
    let encounter = |patient: &str, doctor: &str, end: &str| {
        json!({
            "resourceType": "Encounter", "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": format!("Patient/{patient}")},
            "participant": [{"individual": {"reference": doctor}}],
            "period": {"start": "2026-11-01", "end": end},
        })
    };
    for end in [
        "9999-12-31",
        "9999-12",
        "9999",
        "9998-12-31",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59.999999999-14:00",
        "9999-12-31T23:59:59+14:00",
    ] {
        let patient = service.patient("A").await;
        let clinician = service.clinician(&[]).await;
        let doctor = crate::service::record_of(&clinician);
        let body = encounter(&patient, &doctor, end);
        let made = service.send(&integration, "POST Encounter", &body).await;
        let made = made.expect(201).id();
        service
            .get(&clinician, &format!("Patient/{patient}"))
            .await
            .expect(200);
        for date in ["ge2026-06-01", "ge9998-12-01", &format!("le{end}")] {
            let address = format!(
                "Encounter?patient={patient}&date={}",
                date.replace('+', "%2B")
            );
            let found = service.get(&clinician, &address).await.expect(200).json();
            assert_eq!(ids(&found), [made.as_str()], "{end} {date}");
        }
    }
    // What is over is over.
    let patient = service.patient("A").await;
    let clinician = service.clinician(&[]).await;
    let doctor = crate::service::record_of(&clinician);
    let body = encounter(&patient, &doctor, "2026-11-02");
    let made = service.send(&integration, "POST Encounter", &body).await;
    made.expect(201);
    let hidden = service.get(&clinician, &format!("Patient/{patient}")).await;
    hidden.expect(404);
}

async fn the_last_year_is_a_year_as_any_other(service: &Service) {
    let caller = service.integration();
    let mut made = Vec::new();
    let patient = service.patient("A").await;
    for date in ["9998", "9999", "9999-12", "9999-12-31"] {
        let mut body = observation(&format!("Patient/{patient}"));
        body["effectiveDateTime"] = json!(date);
        let answer = service.send(&caller, "POST Observation", &body).await;
        made.push(answer.expect(201).id());
    }
    for (query, expected) in [
        ("9998", vec![0]),
        ("9999", vec![1, 2, 3]),
        ("9999-12", vec![2, 3]),
        ("9999-12-31", vec![3]),
        ("gt9998", vec![1, 2, 3]),
        ("sa9999-11", vec![2, 3]),
        ("lt9999", vec![0]),
        ("le9999-12-31", vec![0, 1, 2, 3]),
        ("gt9999-12-31", vec![]),
        ("ge9999-12-31T12:00:00Z", vec![1, 2, 3]),
    ] {
        let address = format!("Observation?patient={patient}&date={query}");
        let found = service.get(&caller, &address).await.expect(200).json();
        assert_eq!(
            sorted(ids(&found)),
            sorted(pick(&made, &expected)),
            "{query}"
        );
    }
    for query in ["_lastUpdated=le9999-12-31", "_lastUpdated=lt9999"] {
        let address = format!("Observation?patient={patient}&{query}");
        let found = service.get(&caller, &address).await.expect(200).json();
        assert_eq!(ids(&found).len(), 4, "{query}");
    }
    let address = format!("Observation?patient={patient}&_lastUpdated=ge9999-12-31T23:59:59Z");
    let found = service.get(&caller, &address).await.expect(200).json();
    assert!(ids(&found).is_empty());
}

async fn a_day_is_the_one_that_was_written(service: &Service) {
    let integration = service.integration();
    let desk = service.caller("front-desk", Purpose::Operations, &[]);
    let patient = service.patient("A").await;
    let mut made = Vec::new();
    for start in [
        "2026-11-24T17:30:00-08:00",
        "2026-11-24T00:30:00+14:00",
        "2026-11-24T23:59:60.5Z",
        "2026-11-25T00:00:00+05:30",
    ] {
        let body = appointment(&patient, start);
        let answer = service.send(&integration, "POST Appointment", &body).await;
        made.push(answer.expect(201).id());
    }
    for (date, expected) in [
        ("date=2026-11-24", vec![0, 1, 2]),
        ("date=2026-11-25", vec![3]),
        ("date=2026-11-23", vec![]),
        ("date=ge2026-11-24&date=le2026-11-24", vec![0, 1, 2]),
        ("date=sa2026-11-24&date=lt2026-11-26", vec![3]),
        // Moments are compared as moments.
        ("date=2026-11-25T01:30:00Z", vec![0]),
        ("date=2026-11-23T10:30:00Z", vec![1]),
        ("date=2026-11-24T20:30:00%2B02:00", vec![3]),
        ("date=2026-11-24T20:30:00Z", vec![]),
        ("date=2026-11-24T18:30Z", vec![3]),
        (
            "date=ge2026-11-24T18:00:00Z&date=lt2026-11-25T02:00:00Z",
            vec![0, 2, 3],
        ),
    ] {
        let found = service.get(&desk, &format!("Appointment?{date}")).await;
        let found = found.expect(200).json();
        assert_eq!(
            sorted(ids(&found)),
            sorted(pick(&made, &expected)),
            "{date}"
        );
    }
}

async fn what_was_written_is_found_by_its_own_text(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    for start in [
        "2026-11-24T10:00:00Z",
        "2026-11-24T10:00:00.5Z",
        "2026-11-24T10:00:00.12Z",
        "2026-11-24T10:00:00.1234567891Z",
        "2026-11-24T10:00:00.000-05:00",
        "2026-11-24T23:59:60Z",
        "2026-11-24T00:00:00+14:00",
        "0001-01-01T00:00:00+14:00",
    ] {
        let body = appointment(&patient, start);
        let answer = service.send(&caller, "POST Appointment", &body).await;
        let made = answer.expect(201).id();
        for (op, found) in [
            ("", true),
            ("eq", true),
            ("ne", false),
            ("le", true),
            ("ge", true),
        ] {
            let start = start.replace('+', "%2B");
            let address = format!("Appointment?patient={patient}&date={op}{start}");
            let page = service.get(&caller, &address).await.expect(200).json();
            assert_eq!(ids(&page).contains(&made), found, "{address}");
        }
        let by_index = format!("Appointment?date={}", start.replace('+', "%2B"));
        let page = service.get(&caller, &by_index).await.expect(200).json();
        assert!(ids(&page).contains(&made), "{by_index}");
    }
}

async fn a_time_that_is_not_whole_is_refused_where_it_is_stored(service: &Service) {
    let caller = service.integration();
    let patient = service.patient("A").await;
    let condition = |date: &str| {
        json!({
            "resourceType": "Condition", "subject": {"reference": format!("Patient/{patient}")},
            "recordedDate": date,
        })
    };
    for date in [
        "2026-11-24T10:00Z",
        "2026-11-24T10:00:00.Z",
        "2026-11-24T10:00:00",
        "2026-11-24T10:00:61Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T10:00:00+14:01",
        "2026-11-24T10:00:00+15:00",
        "2026-11-24T10:00:00z",
        "2026-11-24t10:00:00Z",
        "2026-11-24T10:00:00,5Z",
        "2026-11-31",
        "2026-13",
        "0000",
        "10000",
    ] {
        let refused = service
            .send(&caller, "POST Condition", &condition(date))
            .await;
        assert_eq!(refused.error(), (422, "value".to_owned()), "{date}");
        let outcome = refused.json();
        assert_eq!(
            outcome["issue"][0]["expression"][0],
            "Condition.recordedDate"
        );
    }
    for date in [
        "2024-02-29",
        "2026",
        "2026-11-24T10:00:00.0Z",
        "2016-12-31T23:59:60Z",
    ] {
        let made = service
            .send(&caller, "POST Condition", &condition(date))
            .await;
        made.expect(201);
    }
    for asked in [
        "2026-11-24T10:00:00.Z",
        "2026-11-24T10Z",
        "2026-11-24T10:00:75Z",
    ] {
        let address = format!("Condition?patient={patient}&recorded-date={asked}");
        let refused = service.get(&caller, &address).await;
        assert_eq!(refused.error(), (400, "value".to_owned()), "{asked}");
    }
}

async fn a_partial_date_is_found_by_all_that_it_may_be(service: &Service) {
    let caller = service.integration();
    let mut made = Vec::new();
    for (family, date) in [
        ("Partial", "1980-05"),
        ("Partial", "1980"),
        ("Partial", "1980-05-11"),
        ("Other", "1980-05-11"),
        ("Other", "1980-06"),
    ] {
        let mut body = crate::service::patient(family);
        body["birthDate"] = json!(date);
        let answer = service.send(&caller, "POST Patient", &body).await;
        made.push(answer.expect(201).id());
    }
    let range = "birthdate=ge1980-05-01&birthdate=le1980-05-31";
    for (query, expected) in [
        ("family=Partial&birthdate=1980-05".to_owned(), vec![0, 2]),
        (format!("family=Partial&{range}"), vec![0, 1, 2]),
        ("birthdate=1980-05".to_owned(), vec![0, 2, 3]),
        (range.to_owned(), vec![0, 1, 2, 3]),
        ("birthdate=1980-05-11".to_owned(), vec![2, 3]),
        (
            "birthdate=ge1980-05-11&birthdate=lt1980-05-12".to_owned(),
            vec![0, 1, 2, 3],
        ),
        ("birthdate=1980-06,1980-05-11".to_owned(), vec![2, 3, 4]),
        ("family=Partial&birthdate=1980".to_owned(), vec![0, 1, 2]),
        ("family=Partial&birthdate=sa1980-05".to_owned(), vec![]),
        ("family=Other&birthdate=gt1980-05-11".to_owned(), vec![4]),
    ] {
        let found = service.get(&caller, &format!("Patient?{query}")).await;
        let found = found.expect(200).json();
        assert_eq!(
            sorted(ids(&found)),
            sorted(pick(&made, &expected)),
            "{query}"
        );
    }
}

async fn days_that_no_index_serves_are_refused_by_name(service: &Service) {
    let desk = service.caller("front-desk", Purpose::Operations, &[]);
    for (caller, query, name) in [
        (
            &service.integration(),
            "Patient?birthdate=1980",
            "birthdate",
        ),
        (
            &service.integration(),
            "Patient?birthdate=ge1980-05-01",
            "birthdate",
        ),
        (
            &service.integration(),
            "Patient?birthdate=ne1980-05-01",
            "birthdate",
        ),
        (
            &service.integration(),
            "Patient?birthdate:missing=true",
            "birthdate",
        ),
        (&desk, "Appointment?date=ge2026-11-24", "date"),
    ] {
        let refused = service.get(caller, query).await;
        assert_eq!(refused.error(), (400, "too-costly".to_owned()), "{query}");
        let issue = &refused.json()["issue"][0];
        assert_eq!(issue["expression"][0], format!("http.{name}"), "{query}");
    }
}

fn appointment(patient: &str, start: &str) -> Value {
    json!({
        "resourceType": "Appointment", "status": "booked", "start": start,
        "participant": [{"actor": {"reference": format!("Patient/{patient}")}, "status": "accepted"}],
    })
}

fn pick(made: &[String], places: &[usize]) -> Vec<String> {
    places.iter().map(|place| made[*place].clone()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}
