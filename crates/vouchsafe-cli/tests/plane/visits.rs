//! People of each role at work, over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vouchsafe_installation::Installation;

use super::home::{Home, on_both};
use super::plane::{PASSWORD, Plane, code, integration_token, invite, opening};

on_both!(
    each_role_sees_its_part_and_no_more,
    a_partial_writer_leaves_what_they_cannot_see
);

fn patient(family: &str, ssn: &str) -> Vec<u8> {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": ssn}],
        "name": [{"family": family, "given": ["Test"]}],
        "birthDate": "1970-05-06",
        "gender": "female",
        "address": [{"line": ["1 Test Street"], "city": "Testville"}],
    })
    .to_string()
    .into_bytes()
}

async fn created(plane: &Plane, record_type: &str, body: Vec<u8>) -> String {
    let path = format!("/{record_type}");
    let response = plane
        .fhir(&plane.integration, Method::POST, &path, Some(body))
        .await;
    let status = response.status();
    assert!(response.headers().contains_key("vouchsafe-receipt"));
    let text = response.text().await.expect("text");
    assert_eq!(status, StatusCode::CREATED, "{text}");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    body["id"].as_str().expect("an id").to_owned()
}

async fn token(plane: &Plane, link: &str, login: &str) -> String {
    let secret = plane.enrol(link).await;
    let once = code(&secret, 0);
    let response = plane.sign_in(login, PASSWORD, &once).await;
    assert_eq!(response.status(), StatusCode::OK);
    // The same code is valid once.
    let replayed = plane.sign_in(login, PASSWORD, &once).await;
    assert_eq!(replayed.status(), StatusCode::UNAUTHORIZED);
    let body: Value = response.json().await.expect("JSON");
    assert!(body["expires_in"].as_i64().expect("a number") <= 1800);
    body["access_token"].as_str().expect("a token").to_owned()
}

async fn get(plane: &Plane, token: &str, path: &str) -> (StatusCode, Value) {
    let response = plane.fhir(token, Method::GET, path, None).await;
    let status = response.status();
    let receipt = response.headers().contains_key("vouchsafe-receipt");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(receipt, status == StatusCode::OK, "{status} {body}");
    (status, body)
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn each_role_sees_its_part_and_no_more(home: Home) {
    let plane = Plane::open(home).await;
    let ours = created(&plane, "Patient", patient("Inside", "900-00-0001")).await;
    let other = created(&plane, "Patient", patient("Outside", "900-00-0002")).await;
    let doctor = created(
        &plane,
        "Practitioner",
        json!({"resourceType": "Practitioner", "name": [{"family": "Medic"}]})
            .to_string()
            .into_bytes(),
    )
    .await;
    let until = "2099-01-01T00:00:00Z";
    created(
        &plane,
        "CareTeam",
        json!({
            "resourceType": "CareTeam", "status": "active",
            "subject": {"reference": format!("Patient/{ours}")},
            "participant": [{"member": {"reference": format!("Practitioner/{doctor}")},
                "period": {"start": "2020-01-01T00:00:00Z", "end": until}}],
        })
        .to_string()
        .into_bytes(),
    )
    .await;
    let appointment = created(
        &plane,
        "Appointment",
        json!({
            "resourceType": "Appointment", "status": "booked",
            "start": "2030-01-02T09:00:00Z", "end": "2030-01-02T09:30:00Z",
            "reasonCode": [{"text": "knee"}],
            "participant": [
                {"actor": {"reference": format!("Patient/{other}"), "display": "Outside, Test"}, "status": "accepted"},
            ],
        })
        .to_string()
        .into_bytes(),
    )
    .await;
    let integration = plane.integration.clone();
    let home = plane.stop().await;
    // A second start finds everything, also the people that were added meanwhile.
    let installation = Installation::open(opening(&home))
        .await
        .expect("a second start")
        .installation;
    let practitioner = format!("Practitioner/{doctor}");
    let clinician = invite(
        &installation,
        "doc@example.org",
        "clinician",
        Some(&practitioner),
    )
    .await;
    let desk = invite(&installation, "desk@example.org", "front-desk", None).await;
    let registrar = invite(&installation, "reg@example.org", "registration", None).await;
    let own = format!("Patient/{ours}");
    let subject = invite(&installation, "me@example.org", "patient", Some(&own)).await;
    let fresh = integration_token(&installation).await;
    let plane = Plane::serve(installation, home, fresh).await;
    let clinician = token(&plane, &clinician, "doc@example.org").await;
    let desk = token(&plane, &desk, "desk@example.org").await;
    let registrar = token(&plane, &registrar, "reg@example.org").await;
    let subject = token(&plane, &subject, "me@example.org").await;

    let (status, body) = get(&plane, &clinician, &format!("/Patient/{ours}")).await;
    assert_eq!(
        (status, &body["name"][0]["family"]),
        (StatusCode::OK, &json!("Inside"))
    );
    let (status, hidden) = get(&plane, &clinician, &format!("/Patient/{other}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let absent = format!("/Patient/{}", uuid::Uuid::new_v4());
    let (status, nothing) = get(&plane, &clinician, &absent).await;
    assert_eq!(
        (status, &nothing),
        (StatusCode::NOT_FOUND, &hidden),
        "absent and hidden look alike"
    );
    let (status, found) = get(&plane, &clinician, "/Patient?family=outside").await;
    assert_eq!((status, found["entry"].as_array()), (StatusCode::OK, None));
    let (status, found) = get(&plane, &clinician, "/Patient?family=inside").await;
    assert_eq!(
        (status, found["entry"].as_array().map(Vec::len)),
        (StatusCode::OK, Some(1))
    );
    let (_, by_reference) = get(&plane, &clinician, &format!("/CareTeam?patient={other}")).await;
    assert_eq!(by_reference["entry"].as_array(), None);
    let (status, _) = get(&plane, &clinician, &format!("/Patient/{other}/_history/1")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let (status, seen) = get(&plane, &desk, &format!("/Appointment/{appointment}")).await;
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
    let (status, _) = get(&plane, &desk, &format!("/Patient/{ours}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let (status, seen) = get(&plane, &registrar, &format!("/Patient/{other}")).await;
    assert_eq!(
        (status, &seen["birthDate"]),
        (StatusCode::OK, &json!("1970-05-06"))
    );
    let (status, seen) = get(&plane, &registrar, &format!("/Appointment/{appointment}")).await;
    assert!(status == StatusCode::NOT_FOUND || !seen.to_string().contains("knee"));

    let (status, _) = get(&plane, &subject, &format!("/Patient/{ours}")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = get(&plane, &subject, &format!("/Patient/{other}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // Nobody can give themselves care.
    let self_care = json!({
        "resourceType": "CareTeam", "status": "active",
        "subject": {"reference": format!("Patient/{other}")},
        "participant": [{"member": {"reference": practitioner}}],
    });
    let response = plane
        .fhir(
            &clinician,
            Method::POST,
            "/CareTeam",
            Some(self_care.to_string().into_bytes()),
        )
        .await;
    assert!(response.status().is_client_error(), "{}", response.status());
    let (status, _) = get(&plane, &clinician, &format!("/Patient/{other}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // Signing out ends the session at once.
    let url = format!("{}/auth/sign-out", plane.base);
    let out = plane
        .client
        .post(url)
        .bearer_auth(&desk)
        .send()
        .await
        .expect("answers");
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let response = plane
        .fhir(
            &desk,
            Method::GET,
            &format!("/Appointment/{appointment}"),
            None,
        )
        .await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    // The token from before the restart is still valid, since its session is in the database.
    let response = plane
        .fhir(&integration, Method::GET, &format!("/Patient/{ours}"), None)
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    plane.stop().await;
}

async fn a_partial_writer_leaves_what_they_cannot_see(home: Home) {
    let plane = Plane::open(home).await;
    let subject = created(&plane, "Patient", patient("Partial", "900-00-0003")).await;
    let appointment = json!({
        "resourceType": "Appointment", "status": "booked",
        "start": "2031-01-02T09:00:00Z", "end": "2031-01-02T09:30:00Z",
        "reasonCode": [{"text": "secret knee"}],
        "participant": [{"actor": {"reference": format!("Patient/{subject}"), "display": "Partial, Test"},
            "status": "accepted"}],
    });
    let id = created(&plane, "Appointment", appointment.to_string().into_bytes()).await;
    let home = plane.stop().await;
    let installation = Installation::open(opening(&home))
        .await
        .expect("opens")
        .installation;
    let desk = invite(&installation, "desk@example.org", "front-desk", None).await;
    let fresh = integration_token(&installation).await;
    let plane = Plane::serve(installation, home, fresh).await;
    let desk = token(&plane, &desk, "desk@example.org").await;
    let path = format!("/Appointment/{id}");
    let (_, mut seen) = get(&plane, &desk, &path).await;
    seen["start"] = json!("2031-01-02T10:00:00Z");
    seen["end"] = json!("2031-01-02T10:30:00Z");
    let response = plane
        .fhir(
            &desk,
            Method::PUT,
            &path,
            Some(seen.to_string().into_bytes()),
        )
        .await;
    let status = response.status();
    let text = response.text().await.expect("text");
    assert_eq!(status, StatusCode::OK, "{text}");
    // A class that the caller may not write is refused, whatever its value.
    seen["reasonCode"] = json!([{"text": "other"}]);
    let response = plane
        .fhir(
            &desk,
            Method::PUT,
            &path,
            Some(seen.to_string().into_bytes()),
        )
        .await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let (_, whole) = get(&plane, &plane.integration, &path).await;
    assert_eq!(whole["start"], json!("2031-01-02T10:00:00Z"));
    assert_eq!(whole["reasonCode"][0]["text"], json!("secret knee"));
    assert_eq!(
        whole["participant"][0]["actor"]["display"],
        json!("Partial, Test")
    );
    assert_eq!(whole["participant"].as_array().map(Vec::len), Some(1));
    plane.stop().await;
}
