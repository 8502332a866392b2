//! What a service asks a database every second.

use std::time::Duration;

use vouchsafe_database::{Create, Database, DatabaseError};

use crate::fixture::{Fixture, administer, on_both};

on_both!(a_pulse_needs_no_place_among_the_connections);

async fn a_pulse_needs_no_place_among_the_connections(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    assert_eq!(database.pulse().await, Ok(()));
    // Somebody writes for long, and all who read are busy.
    let writing = database.begin().await.unwrap();
    let mut readers = Vec::new();
    let busy = Duration::from_millis(200);
    while let Ok(Ok(reader)) = tokio::time::timeout(busy, database.reader()).await {
        readers.push(reader);
    }
    assert!(readers.len() > 1);
    let asked = tokio::time::timeout(Duration::from_secs(2), database.pulse()).await;
    assert_eq!(asked, Ok(Ok(())));
    drop(readers);
    writing.roll_back().await.unwrap();
    assert_eq!(database.pulse().await, Ok(()));
    database.close().await;
}

/// What the pulse says in the end.
async fn in_the_end(database: &Database, wanted: Result<(), DatabaseError>) {
    let said = async {
        while database.pulse().await != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let said = tokio::time::timeout(Duration::from_secs(10), said).await;
    said.unwrap_or_else(|_| panic!("not {wanted:?}"));
}

/// As after a failover: the server answers, and takes no writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_has_no_pulse_until_it_does() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let database = fixture.open(Create::IfMissing).await.unwrap();
    in_the_end(&database, Ok(())).await;
    let name = fixture.name().to_owned();
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    administer(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ))
    .await;
    administer(&end).await;
    in_the_end(&database, Err(DatabaseError::ReadOnly)).await;
    administer(&format!(
        "ALTER DATABASE {name} RESET default_transaction_read_only"
    ))
    .await;
    administer(&end).await;
    in_the_end(&database, Ok(())).await;
    database.close().await;
    fixture.remove().await;
}
