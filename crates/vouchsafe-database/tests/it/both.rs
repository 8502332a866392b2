//! One behaviour on both databases.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use vouchsafe_database::{
    Create, Database, DatabaseError, Location, query, query_as, reading, writing,
};

use crate::fixture::{Fixture, SCHEMA, on_both};

on_both!(
    a_missing_database_is_never_made_in_passing,
    tables_of_a_newer_program_are_refused,
    tables_that_were_changed_are_refused,
    a_fresh_database_is_sound,
    a_transaction_that_ends_early_leaves_nothing_and_holds_nothing,
    a_caller_that_goes_away_holds_nothing,
    writes_beside_each_other_all_come_to_be,
    a_check_that_is_given_up_holds_nothing,
);

async fn insert(database: &Database, text: &str, and_then_fail: bool) -> Result<(), DatabaseError> {
    writing!(database, on => {
        query("INSERT INTO lines (text) VALUES ($1)")
            .bind(text)
            .execute(&mut *on)
            .await?;
        if and_then_fail {
            return Err(DatabaseError::Failed);
        }
    });
    Ok(())
}

async fn count(database: &Database) -> Result<i64, DatabaseError> {
    reading!(database, on => query_as("SELECT COUNT(*) FROM lines").fetch_one(on))
}

async fn a_missing_database_is_never_made_in_passing(fixture: &Fixture) {
    for _ in 0..2 {
        let missing = fixture.open(Create::Never).await;
        assert_eq!(missing.map(drop), Err(DatabaseError::Missing));
    }
    fixture.open(Create::IfMissing).await.unwrap();
    fixture.open(Create::Never).await.unwrap();
    fixture.open(Create::IfMissing).await.unwrap();
}

async fn tables_of_a_newer_program_are_refused(fixture: &Fixture) {
    let opened = fixture.open(Create::IfMissing).await.unwrap();
    fixture
        .sql("UPDATE _sqlx_migrations SET version = 9999")
        .await;
    let refused = fixture.open(Create::Never).await;
    assert_eq!(refused.map(drop), Err(DatabaseError::Newer));
    assert!(!opened.check(&SCHEMA).await.unwrap().schema_current);
}

async fn tables_that_were_changed_are_refused(fixture: &Fixture) {
    fixture.open(Create::IfMissing).await.unwrap();
    fixture
        .sql("UPDATE _sqlx_migrations SET checksum = checksum || checksum")
        .await;
    let refused = fixture.open(Create::Never).await;
    assert_eq!(refused.map(drop), Err(DatabaseError::Schema));
}

async fn a_fresh_database_is_sound(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let check = database.check(&SCHEMA).await.unwrap();
    assert!(check.schema_current && check.writable, "{check:?}");
    match &fixture.location {
        Location::Sqlite { .. } => {
            assert!(check.database.starts_with("SQLite 3."));
            assert!(check.durable);
            assert_eq!((check.tls, check.secure_delete), (None, Some(true)));
        }
        Location::Postgres(_) => {
            assert!(check.database.starts_with("PostgreSQL "));
            assert!(check.tls.unwrap().starts_with("TLSv1."));
            // The server of the tests has fsync off, and the check reports it.
            assert!(!check.durable || std::env::var_os("VOUCHSAFE_TEST_PG_DURABLE").is_some());
        }
    }
}

async fn a_transaction_that_ends_early_leaves_nothing_and_holds_nothing(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    // More often than there are connections.
    for _ in 0..20 {
        let ended = insert(&database, "one", true).await;
        assert_eq!(ended, Err(DatabaseError::Failed));
    }
    assert_eq!(count(&database).await, Ok(0));
    insert(&database, "two", false).await.unwrap();
    assert_eq!(count(&database).await, Ok(1));
}

async fn a_caller_that_goes_away_holds_nothing(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    for _ in 0..20 {
        let (left, begun) = (database.clone(), Arc::new(Barrier::new(2)));
        let inside = Arc::clone(&begun);
        let task = tokio::spawn(async move {
            writing!(&left, on => {
                query("INSERT INTO lines (text) VALUES ('left')").execute(&mut *on).await?;
                inside.wait().await;
                std::future::pending::<()>().await;
            });
            Ok::<(), DatabaseError>(())
        });
        begun.wait().await;
        task.abort();
        let _ = task.await;
    }
    insert(&database, "after", false).await.unwrap();
    assert_eq!(count(&database).await, Ok(1));
}

async fn writes_beside_each_other_all_come_to_be(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { insert(&database, "text", number % 5 == 0).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += i64::from(task.await.unwrap().is_ok());
    }
    assert_eq!(done, 40);
    assert_eq!(count(&database).await, Ok(40));
    database.close().await;
    assert_eq!(count(&database).await, Err(DatabaseError::Unreachable));
}

async fn a_check_that_is_given_up_holds_nothing(fixture: &Fixture) {
    let database = fixture.open(Create::IfMissing).await.unwrap();
    for step in 0..40 {
        let pause = Duration::from_micros(step * 50);
        let _ = tokio::time::timeout(pause, database.check(&SCHEMA)).await;
    }
    insert(&database, "after", false).await.unwrap();
    assert_eq!(count(&database).await, Ok(1));
    assert!(database.check(&SCHEMA).await.unwrap().writable);
}
