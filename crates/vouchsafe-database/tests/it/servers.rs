//! Servers that are misconfigured, or change during use.

use std::time::Duration;

use vouchsafe_database::{
    Create, Database, DatabaseError, Lane, Location, PgPools, query, query_as,
};

use vouchsafe_database::testing::variable;

use crate::fixture::{Fixture, administer};

fn pools(database: &Database) -> &PgPools {
    match database {
        Database::Postgres(pools) => pools,
        Database::Sqlite(_) => panic!(),
    }
}

/// The settings of some of the database's connections.
async fn settings(database: &Database) -> Vec<(String, String)> {
    let mut lanes: Vec<Lane> = Vec::new();
    // All of them at once, so that each is a different one.
    for _ in 0..3 {
        lanes.push(database.reader().await.unwrap());
        lanes.push(pools(database).writer().await.unwrap());
    }
    let mut settings = Vec::new();
    for mut lane in lanes {
        let found = query_as(
            "SELECT current_setting('synchronous_commit'), current_setting('statement_timeout')",
        );
        settings.push(found.fetch_one(&mut lane).await.unwrap());
        lane.done(Ok::<(), DatabaseError>(())).unwrap();
    }
    settings
}

/// A crash of the server must not lose the key of a stored record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_are_durable_whatever_the_default_of_server_database_and_role_is() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let name = fixture.name().to_owned();
    administer(&format!(
        "ALTER DATABASE {name} SET synchronous_commit = off; ALTER ROLE vouchsafe_test IN DATABASE {name} SET synchronous_commit = off"
    ))
    .await;
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let expected = vec![("on".to_owned(), "1min".to_owned()); 6];
    assert_eq!(settings(&database).await, expected);
    database.close().await;
    fixture.remove().await;
}

/// A standby answers pings and reads; its connection is dropped at the first refused write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_becomes_read_only_is_left_and_found_again() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let name = fixture.name().to_owned();
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let write = async || {
        let mut transaction = database.begin().await?;
        query("INSERT INTO lines (text) VALUES ('x')")
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    };
    write().await.unwrap();
    // As after a failover: an open session refuses writes, and new ones would not. Signs apply to the whole process,
    // and other tests cause some: then the session was dropped before its use.
    let mut refused = None;
    while refused.is_none() {
        let mut kept = pools(&database).writer().await.unwrap();
        query("SET default_transaction_read_only = on")
            .execute(&mut kept)
            .await
            .unwrap();
        kept.done(Ok::<(), DatabaseError>(())).unwrap();
        refused = write().await.err();
    }
    assert_eq!(refused, Some(DatabaseError::ReadOnly));
    for _ in 0..5 {
        write().await.unwrap();
    }
    // New sessions refuse writes too: a start reports that, and no such session is used.
    administer(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ))
    .await;
    let refused = fixture.open(Create::Never).await;
    assert_eq!(refused.map(drop), Err(DatabaseError::ReadOnly));
    fixture.remove().await;
}

/// A caller during a time with only a standby waits for the promotion, and is then served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_comes_during_a_failover_is_served_after_it() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let name = fixture.name().to_owned();
    let database = fixture.open(Create::IfMissing).await.unwrap();
    drop(database.begin().await.unwrap());
    let read_only = async |value: &str| {
        administer(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {value}"
        ))
        .await;
    };
    read_only("on").await;
    administer(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ))
    .await;
    let callers: Vec<_> = (0..6)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                // The first attempt may meet the terminated session.
                match database.begin().await {
                    Err(DatabaseError::Unreachable) => database.begin().await.map(drop),
                    begun => begun.map(drop),
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    read_only("off").await;
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    fixture.remove().await;
}

/// PostgreSQL answers COMMIT of a failed transaction with success, and rolls back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_failed_is_not_committed_and_says_so() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    for statement in [
        "INSERT INTO lines (id, text) VALUES (1, 'one')",
        "INSERT INTO lines (id, text) VALUES (1, 'two')",
    ] {
        // The second one fails, and the error is ignored.
        let _ = query(statement).execute(&mut transaction).await;
    }
    assert_eq!(transaction.commit().await, Err(DatabaseError::Failed));
    let mut transaction = database.begin().await.unwrap();
    query("INSERT INTO lines (id, text) VALUES (1, 'three')")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_the_server_ends_are_made_anew() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let name = fixture.name().to_owned();
    let database = fixture.open(Create::IfMissing).await.unwrap();
    let mut ok = 0;
    for _ in 0..3 {
        administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
        for _ in 0..3 {
            let mut transaction = match database.begin().await {
                Ok(transaction) => transaction,
                Err(error) => {
                    assert_eq!(error, DatabaseError::Unreachable);
                    continue;
                }
            };
            let inserted = query("INSERT INTO lines (text) VALUES ('x')")
                .execute(&mut transaction)
                .await;
            if inserted.is_ok() {
                transaction.commit().await.unwrap();
                ok += 1;
            }
        }
    }
    assert!(ok >= 6, "only {ok} of 9 writes came to be");
    fixture.remove().await;
}

/// The certificate decides: each server would accept us if we did not check it.
#[tokio::test]
async fn a_server_that_does_not_prove_itself_is_refused() {
    let names = [
        "VOUCHSAFE_TEST_PG",
        "VOUCHSAFE_TEST_PG_EXPIRED",
        "VOUCHSAFE_TEST_PG_WRONG_HOST",
        "VOUCHSAFE_TEST_PG_PLAIN",
        "VOUCHSAFE_TEST_PG_CA",
        "VOUCHSAFE_TEST_PG_WRONG_CA",
    ];
    let Some(values) = names
        .iter()
        .map(|name| variable(name))
        .collect::<Option<Vec<_>>>()
    else {
        return;
    };
    let [good, expired, wrong_host, plain, ca, wrong_ca] = values.as_slice() else {
        panic!()
    };
    let reach = async |url: &str, ca: &str| Database::reach(&Location::postgres(url, ca)).await;
    assert_eq!(reach(good, ca).await, Ok(()));
    for (url, ca, what) in [
        (good, wrong_ca, "unknown authority"),
        (expired, ca, "expired"),
        (wrong_host, ca, "another name"),
        (plain, ca, "no TLS"),
    ] {
        assert_eq!(reach(url, ca).await, Err(DatabaseError::Tls), "{what}");
    }
    let (server, name) = good.rsplit_once('/').unwrap();
    let stranger = good.replacen("vouchsafe_test:", "nobody:", 1);
    assert_eq!(reach(&stranger, ca).await, Err(DatabaseError::Refused));
    let (user, host) = good.split_once('@').unwrap();
    let without = user.rsplit_once(':').unwrap().0;
    let without = reach(&format!("{without}@{host}"), ca).await;
    assert_eq!(without, Err(DatabaseError::Refused), "no password");
    let elsewhere = format!("{server}/{name}_none");
    assert_eq!(reach(&elsewhere, ca).await, Err(DatabaseError::Refused));
    let weakened = format!("{good}?sslmode=disable");
    assert!(matches!(
        reach(&weakened, ca).await,
        Err(DatabaseError::Url(_))
    ));
    let nobody = "postgres://u:p@localhost:1/keys";
    assert_eq!(reach(nobody, ca).await, Err(DatabaseError::Unreachable));
}
