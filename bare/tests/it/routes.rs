//! Create, read, search.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::program::Program;

async fn json_of(response: reqwest::Response) -> Value {
    response.json().await.unwrap()
}

/// Creates a patient with a value of its own, reads it, finds it both ways.
async fn round_trip(program: &Program, client: &Client) {
    let value = uuid::Uuid::new_v4().to_string();
    let identifier = json!([{"system": "urn:test", "value": value}]);
    let sent =
        json!({"resourceType": "Patient", "identifier": identifier, "birthDate": "1970-01-01"});
    let created = client
        .post(program.url(""))
        .json(&sent)
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let created = json_of(created).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(location, format!("/fhir/R4/Patient/{id}/_history/1"));

    let read = client
        .get(program.url(&format!("/{id}")))
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(read).await, created);

    for token in [format!("urn:test|{value}"), value.clone()] {
        let query = program.url(&format!("?identifier={}", token.replace('|', "%7C")));
        let found = json_of(client.get(query).send().await.unwrap()).await;
        assert_eq!(found["entry"][0]["resource"], created);
        assert_eq!(found["total"], 1);
    }
    let form = client
        .post(program.url("/_search"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("identifier=urn%3Atest%7C{value}"));
    assert_eq!(
        json_of(form.send().await.unwrap()).await["entry"][0]["resource"],
        created
    );
    let other = program.url(&format!("?identifier=urn:other%7C{value}"));
    assert_eq!(
        json_of(client.get(other).send().await.unwrap()).await["total"],
        0
    );
}

#[tokio::test]
async fn a_round_trip_on_sqlite() {
    let program = Program::start(None, &["--plain"]);
    round_trip(&program, &Client::new()).await;
}

#[tokio::test]
async fn a_round_trip_on_postgresql() {
    let (Ok(url), Ok(ca)) = (
        std::env::var("VOUCHSAFE_TEST_PG"),
        std::env::var("VOUCHSAFE_TEST_PG_CA"),
    ) else {
        eprintln!("not run: VOUCHSAFE_TEST_PG is not set (./test sets it)");
        return;
    };
    let url = format!("{url}?sslmode=verify-full&sslrootcert={ca}");
    let program = Program::start(Some(&url), &["--plain"]);
    round_trip(&program, &Client::new()).await;
}

#[tokio::test]
async fn a_round_trip_over_tls_with_its_own_certificate() {
    let program = Program::start(None, &[]);
    let pem = std::fs::read(program.certificate()).unwrap();
    let certificate = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = Client::builder()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    round_trip(&program, &client).await;
}

#[tokio::test]
async fn what_is_no_patient_and_what_is_not_there() {
    let program = Program::start(None, &["--plain"]);
    let client = Client::new();
    let refused = client.post(program.url("")).body("{").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    for id in ["x", "00000000-0000-4000-8000-000000000000"] {
        let absent = client
            .get(program.url(&format!("/{id}")))
            .send()
            .await
            .unwrap();
        assert_eq!(absent.status(), StatusCode::NOT_FOUND);
        assert_eq!(json_of(absent).await["resourceType"], "OperationOutcome");
    }
}
