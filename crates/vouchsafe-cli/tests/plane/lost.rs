//! The database of records is put back to an older copy.

use reqwest::StatusCode;
use serde_json::json;
use vouchsafe_installation::recovery::{Lost, Recover};
use vouchsafe_installation::{Installation, OpenError};

use super::home::{Home, on_both};
use super::plane::{Plane, opening};

on_both!(an_older_copy_is_refused_until_somebody_accepts_what_it_lacks);

async fn write(plane: &Plane) {
    let body = json!({"resourceType": "Organization", "active": true}).to_string();
    let response = plane
        .client
        .post(format!("{}/fhir/R4/Organization", plane.base))
        .bearer_auth(&plane.integration)
        .header("content-type", "application/fhir+json")
        .body(body)
        .send()
        .await
        .expect("answers");
    assert_eq!(response.status(), StatusCode::CREATED);
}

fn accept() -> Recover {
    Recover {
        lost: Lost::Database,
        by: "os-user/tester".to_owned(),
        reason: "the server was lost".to_owned(),
    }
}

async fn an_older_copy_is_refused_until_somebody_accepts_what_it_lacks(home: Home) {
    let plane = Plane::open(home).await;
    write(&plane).await;
    let integration = plane.integration.clone();
    let home = plane.stop().await;
    home.copy_records();
    let installation = Installation::open(opening(&home)).await;
    let installation = installation.expect("opens").installation;
    let plane = Plane::serve(installation, home, integration).await;
    for _ in 0..3 {
        write(&plane).await;
    }
    let home = plane.stop().await;
    // Nothing is lost yet.
    let refused = Installation::recover(opening(&home), accept()).await;
    let refused = refused.expect_err("nothing is lost");
    assert!(matches!(refused, OpenError::NothingLost(_)), "{refused}");

    home.put_copy_back();
    for _ in 0..2 {
        let refused = Installation::open(opening(&home)).await;
        let refused = refused.expect_err("writes are missing");
        let OpenError::Behind(missing) = &refused else {
            panic!("{refused}");
        };
        assert_eq!(missing.count, 3, "{refused}");
    }
    let recovered = Installation::recover(opening(&home), accept()).await;
    let installation = recovered.expect("opens").installation;
    let [recovery] = installation.recoveries() else {
        panic!("{:?}", installation.recoveries());
    };
    assert!(recovery.found.contains("3 writes"), "{}", recovery.found);
    let entry = recovery.entry.expect("it is in the log");
    let log = installation.published_log_with(entry).await;
    let report = log.expect("a log").expect("published").verify();
    assert!(report.is_sound());
    let told: Vec<_> = report.recovered.iter().map(|found| found.index).collect();
    assert_eq!(told, [entry]);
    installation.close().await;
    // It was said once, and stays said.
    let again = Installation::open(opening(&home)).await;
    let installation = again.expect("opens").installation;
    assert_eq!(installation.recoveries().len(), 1);
    installation.close().await;
}
