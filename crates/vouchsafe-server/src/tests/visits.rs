//! People of each role at work.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{House, Place, on_both};

on_both!(
    each_role_sees_its_part_and_no_more,
    a_partial_writer_leaves_what_they_cannot_see,
);

fn patient(family: &str, ssn: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": ssn}],
        "name": [{"family": family, "given": ["Test"]}],
        "birthDate": "1970-05-06",
        "gender": "female",
        "address": [{"line": ["1 Test Street"], "city": "Testville"}],
    })
}

/// A read. It has a receipt if it shows something.
async fn get(house: &House, token: &str, path: &str) -> (StatusCode, Value) {
    let answer = house.get(token, path).await;
    let receipt = answer.headers.contains_key("vouchsafe-receipt");
    assert_eq!(receipt, answer.status == StatusCode::OK, "{}", answer.text);
    (answer.status, answer.json())
}

/// Two patients, and a practitioner who has care of the first until 2099.
struct Ward {
    house: House,
    integration: String,
    ours: String,
    other: String,
    practitioner: String,
    appointment: String,
}

async fn ward(place: Place) -> Ward {
    let house = House::open(place).await;
    let token = house.integration().await;
    let ours = house
        .created(&token, &patient("Inside", "900-00-0001"))
        .await;
    let other = house
        .created(&token, &patient("Outside", "900-00-0002"))
        .await;
    let doctor = json!({"resourceType": "Practitioner", "name": [{"family": "Medic"}]});
    let doctor = house.created(&token, &doctor).await;
    let practitioner = format!("Practitioner/{doctor}");
    let team = json!({
        "resourceType": "CareTeam", "status": "active",
        "subject": {"reference": format!("Patient/{ours}")},
        "participant": [{"member": {"reference": practitioner},
            "period": {"start": "2020-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}}],
    });
    house.created(&token, &team).await;
    let appointment = json!({
        "resourceType": "Appointment", "status": "booked",
        "start": "2030-01-02T09:00:00Z", "end": "2030-01-02T09:30:00Z",
        "reasonCode": [{"text": "knee"}],
        "participant": [
            {"actor": {"reference": format!("Patient/{other}"), "display": "Outside, Test"}, "status": "accepted"},
        ],
    });
    let appointment = house.created(&token, &appointment).await;
    // A second start finds everything, and the token lives on.
    Ward {
        house: house.again().await,
        integration: token,
        ours,
        other,
        practitioner,
        appointment,
    }
}

async fn each_role_sees_its_part_and_no_more(place: Place) {
    let ward = ward(place).await;
    let Ward {
        house,
        practitioner,
        ours,
        ..
    } = &ward;
    let clinician = house
        .person("doc@example.org", "clinician", Some(practitioner))
        .await;
    let desk = house.person("desk@example.org", "front-desk", None).await;
    let registrar = house.person("reg@example.org", "registration", None).await;
    let own = format!("Patient/{ours}");
    let subject = house.person("me@example.org", "patient", Some(&own)).await;
    a_clinician_sees_the_patients_in_their_care(&ward, &clinician).await;
    nobody_gives_themselves_care(&ward, &clinician).await;
    the_desk_sees_bookings_without_reasons(&ward, &desk).await;
    others_see_their_part(&ward, &registrar, &subject).await;
    // Signing out ends the session at once.
    let path = format!("/Appointment/{}", ward.appointment);
    let out = Request::post("/auth/sign-out").header("authorization", format!("Bearer {desk}"));
    let out = house.send(out.body(Body::empty()).unwrap()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let (status, _) = get(house, &desk, &path).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = get(house, &ward.integration, &path).await;
    assert_eq!(status, StatusCode::OK);
    ward.house.stop().await;
}

async fn a_clinician_sees_the_patients_in_their_care(ward: &Ward, clinician: &str) {
    let Ward {
        house, ours, other, ..
    } = ward;
    let (status, body) = get(house, clinician, &format!("/Patient/{ours}")).await;
    assert_eq!(
        (status, &body["name"][0]["family"]),
        (StatusCode::OK, &json!("Inside"))
    );
    let (status, hidden) = get(house, clinician, &format!("/Patient/{other}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let absent = format!("/Patient/{}", uuid::Uuid::new_v4());
    let (status, nothing) = get(house, clinician, &absent).await;
    assert_eq!(
        (status, &nothing),
        (StatusCode::NOT_FOUND, &hidden),
        "absent and hidden look alike"
    );
    for (search, found) in [
        ("/Patient?family=outside".to_owned(), None),
        ("/Patient?family=inside".to_owned(), Some(1)),
        (format!("/CareTeam?patient={other}"), None),
        (format!("/CareTeam?patient={ours}"), Some(1)),
    ] {
        let (status, body) = get(house, clinician, &search).await;
        let entries = body["entry"].as_array().map(Vec::len);
        assert_eq!((status, entries), (StatusCode::OK, found), "{search}");
    }
    let (status, _) = get(house, clinician, &format!("/Patient/{other}/_history/1")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn nobody_gives_themselves_care(ward: &Ward, clinician: &str) {
    let Ward {
        house,
        other,
        practitioner,
        ..
    } = ward;
    let team = json!({
        "resourceType": "CareTeam", "status": "active",
        "subject": {"reference": format!("Patient/{other}")},
        "participant": [{"member": {"reference": practitioner}}],
    });
    let team = Some(team.to_string().into_bytes());
    let answer = house.fhir(clinician, Method::POST, "/CareTeam", team).await;
    assert!(answer.status.is_client_error(), "{}", answer.text);
    let (status, _) = get(house, clinician, &format!("/Patient/{other}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn the_desk_sees_bookings_without_reasons(ward: &Ward, desk: &str) {
    let Ward {
        house,
        appointment,
        ours,
        ..
    } = ward;
    let (status, seen) = get(house, desk, &format!("/Appointment/{appointment}")).await;
    assert_eq!(
        (status, &seen["start"]),
        (StatusCode::OK, &json!("2030-01-02T09:00:00Z"))
    );
    let text = seen.to_string();
    assert!(
        !text.contains("Outside") && !text.contains("knee"),
        "{text}"
    );
    assert!(text.contains("SUBSETTED"));
    let (status, _) = get(house, desk, &format!("/Patient/{ours}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn others_see_their_part(ward: &Ward, registrar: &str, subject: &str) {
    let Ward {
        house,
        appointment,
        ours,
        other,
        ..
    } = ward;
    let (status, seen) = get(house, registrar, &format!("/Patient/{other}")).await;
    assert_eq!(
        (status, &seen["birthDate"]),
        (StatusCode::OK, &json!("1970-05-06"))
    );
    let (status, seen) = get(house, registrar, &format!("/Appointment/{appointment}")).await;
    assert!(status == StatusCode::NOT_FOUND || !seen.to_string().contains("knee"));
    for (patient, expected) in [(ours, StatusCode::OK), (other, StatusCode::NOT_FOUND)] {
        let (status, _) = get(house, subject, &format!("/Patient/{patient}")).await;
        assert_eq!(status, expected);
    }
}

async fn a_partial_writer_leaves_what_they_cannot_see(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let subject = house
        .created(&token, &patient("Partial", "900-00-0003"))
        .await;
    let appointment = json!({
        "resourceType": "Appointment", "status": "booked",
        "start": "2031-01-02T09:00:00Z", "end": "2031-01-02T09:30:00Z",
        "reasonCode": [{"text": "secret knee"}],
        "participant": [{"actor": {"reference": format!("Patient/{subject}"), "display": "Partial, Test"},
            "status": "accepted"}],
    });
    let path = format!("/Appointment/{}", house.created(&token, &appointment).await);
    let desk = house.person("desk@example.org", "front-desk", None).await;
    let put = async |document: &Value| {
        let body = Some(document.to_string().into_bytes());
        house.fhir(&desk, Method::PUT, &path, body).await
    };
    let (_, mut seen) = get(&house, &desk, &path).await;
    seen["start"] = json!("2031-01-02T10:00:00Z");
    seen["end"] = json!("2031-01-02T10:30:00Z");
    let answer = put(&seen).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // A class that they may not write is refused, whatever it says.
    seen["reasonCode"] = json!([{"text": "other"}]);
    assert_eq!(put(&seen).await.status, StatusCode::FORBIDDEN);
    let (_, whole) = get(&house, &token, &path).await;
    assert_eq!(whole["start"], json!("2031-01-02T10:00:00Z"));
    assert_eq!(whole["reasonCode"][0]["text"], json!("secret knee"));
    let participants = whole["participant"].as_array().unwrap();
    assert_eq!(participants.len(), 1);
    assert_eq!(participants[0]["actor"]["display"], json!("Partial, Test"));
    house.stop().await;
}
