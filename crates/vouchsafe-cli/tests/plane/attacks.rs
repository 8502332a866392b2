//! An upload that must be refused while it is still being sent, over real connections.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use vouchsafe_ledger::reader::Log;

use super::home::{Home, on_both};
use super::plane::Plane;

on_both!(a_client_that_sends_too_much_sees_its_answer);

async fn a_client_that_sends_too_much_sees_its_answer(home: Home) {
    let plane = Plane::open(home).await;
    let sent = plane
        .client
        .post(format!("{}/fhir/R4/Patient", plane.base))
        .bearer_auth(&plane.integration)
        .header("content-type", "application/fhir+json")
        .body(vec![b' '; 17 * 1024 * 1024])
        .timeout(Duration::from_secs(30))
        .send()
        .await;
    let response = sent.expect("an answer, and no reset");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let home = plane.stop().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let refused = log
        .entries(0)
        .expect("entries")
        .map(|entry| serde_json::from_str(&entry.expect("an entry").json).expect("JSON"))
        .filter(|entry: &Value| entry["reason"] == "too-long")
        .count();
    assert_eq!(refused, 1);
}
