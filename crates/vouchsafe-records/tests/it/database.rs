//! The databases themselves: how they are opened, and what is refused.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, SubjectId};
use vouchsafe_database::testing::{self, variable};
use vouchsafe_database::{Create, DatabaseError, Location};
use vouchsafe_records::store::{RowWrite, Settled, Store, StoreError};

use crate::bench::{Bench, ca, later, now, on_both, only, written};

on_both!(
    a_fresh_database_is_sound,
    a_database_is_opened_again,
    a_newer_schema_is_refused,
    a_damaged_row_is_told,
    names_of_a_newer_pack_are_learnt,
    the_newest_checkpoint_is_remembered,
    keys_that_are_over_are_forgotten_however_many,
    indexes_of_another_version_are_refused,
    the_latest_write_is_known,
);

async fn open(location: &Location, create: Create) -> Result<Store, DatabaseError> {
    Store::open(location, create, &crate::bank::pack()).await
}

async fn a_fresh_database_is_sound(bench: &Bench) {
    let check = bench.store.check().await.unwrap();
    assert!(check.schema_current && check.writable);
    match &bench.location {
        Location::Sqlite { .. } => {
            assert!(check.database.starts_with("SQLite 3."));
            assert!(check.durable);
            assert_eq!((check.tls, check.secure_delete), (None, Some(true)));
        }
        Location::Postgres(_) => {
            // The server of the tests has fsync off: that is seen.
            assert!(check.database.starts_with("PostgreSQL "));
            assert!(check.tls.unwrap().starts_with("TLSv1."));
            assert_eq!(check.secure_delete, None);
        }
    }
}

async fn a_database_is_opened_again(bench: &Bench) {
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    bench.write(vec![row]).await.unwrap();
    // By two at once, as replicas do.
    let (one, two) = tokio::join!(
        open(&bench.location, Create::Never),
        open(&bench.location, Create::Never)
    );
    for store in [one.unwrap(), two.unwrap()] {
        assert!(
            store
                .read(&bench.key("Account", id), None)
                .await
                .unwrap()
                .is_some()
        );
        store.close().await;
    }
}

/// Runs SQL beside the store.
async fn tamper(bench: &Bench, sql: &'static str) {
    testing::run(&bench.location, sql).await.unwrap();
}

async fn a_newer_schema_is_refused(bench: &Bench) {
    tamper(
        bench,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 9999, 'of the future', true, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let opened = open(&bench.location, Create::Never).await;
    assert_eq!(opened.map(drop), Err(DatabaseError::Newer));
    assert!(!bench.store.check().await.unwrap().schema_current);
}

/// A search would find nothing there, and say so to nobody.
async fn indexes_of_another_version_are_refused(bench: &Bench) {
    for (change, refused) in [
        (
            "UPDATE names SET name = 'indexes/0' WHERE name = 'indexes/1'",
            Some(DatabaseError::Older),
        ),
        (
            "UPDATE names SET name = 'indexes/2' WHERE name = 'indexes/0'",
            Some(DatabaseError::Newer),
        ),
        // The first version left no name.
        ("DELETE FROM names WHERE name = 'indexes/2'", None),
    ] {
        tamper(bench, change).await;
        match open(&bench.location, Create::Never).await {
            Ok(store) => {
                store.close().await;
                assert_eq!(refused, None, "{change}");
            }
            Err(error) => assert_eq!(Some(error), refused, "{change}"),
        }
    }
}

async fn the_latest_write_is_known(bench: &Bench) {
    assert_eq!(bench.store.latest_write().await, Ok(None));
    for seconds in [5, 9, 7] {
        let row = bench.new_record("Account", RecordId::random(), Some(SubjectId::random()));
        bench.write_at(vec![row], later(seconds)).await.unwrap();
    }
    assert_eq!(bench.store.latest_write().await, Ok(Some(later(9))));
}

/// More than one batch of them.
async fn keys_that_are_over_are_forgotten_however_many(bench: &Bench) {
    let rows = match &bench.location {
        Location::Sqlite { .. } => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2600) \
             INSERT INTO idempotency (tenant, key, request, result, at) \
             SELECT randomblob(16), randomblob(16), x'', x'', i FROM n"
        }
        Location::Postgres(_) => {
            "INSERT INTO idempotency (tenant, key, request, result, at) \
             SELECT gen_random_uuid(), decode(md5(i::text), 'hex'), '', '', i \
             FROM generate_series(1, 2600) AS n(i)"
        }
    };
    tamper(bench, rows).await;
    let before = Timestamp::from_microsecond(2_501).unwrap();
    assert_eq!(bench.store.forget(before).await, Ok(2_500));
    assert_eq!(bench.store.forget(before).await, Ok(0));
    assert_eq!(bench.store.forget(Timestamp::MAX).await, Ok(100));
}

async fn the_newest_checkpoint_is_remembered(bench: &Bench) {
    let (store, origin) = (&bench.store, "log.example.org/one");
    assert_eq!(store.checkpoint(origin).await, Ok(None));
    for (size, note, remembered) in [
        (5, "five", "five"),
        (9, "nine", "nine"),
        // A process that looked before another one did.
        (7, "seven", "nine"),
        (9, "other nine", "nine"),
        (10, "ten", "ten"),
    ] {
        let kept = store.keep_checkpoint(origin, size, note.as_bytes()).await;
        assert_eq!(kept, Ok(()));
        let found = store.checkpoint(origin).await;
        assert_eq!(found, Ok(Some(remembered.as_bytes().to_vec())));
    }
    assert_eq!(store.checkpoint("log.example.org/two").await, Ok(None));
}

async fn a_damaged_row_is_told(bench: &Bench) {
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    bench.write(vec![row]).await.unwrap();
    let key = bench.key("Account", id);
    tamper(bench, "UPDATE versions SET sealed = manifest").await;
    assert_eq!(
        bench.store.read(&key, None).await.map(drop),
        Err(StoreError::Damaged)
    );
    tamper(
        bench,
        "UPDATE versions SET manifest = substr(sealed, 1, 60), sealed = substr(sealed, 1, 0)",
    )
    .await;
    assert_eq!(
        bench.store.read(&key, None).await.map(drop),
        Err(StoreError::Damaged)
    );
}

async fn names_of_a_newer_pack_are_learnt(bench: &Bench) {
    // An older program that runs on beside a newer one, on a database that the older one made.
    let id = RecordId::random();
    let row = bench.version(
        "Customer",
        id,
        Some(SubjectId::random()),
        1,
        &[("contact", 1, Some("x"))],
    );
    bench.write(vec![row]).await.unwrap();
    let small = crate::bank::small("Thing\tRecord\t0..*\tcontact\t-\t-\n", "").unwrap();
    let older = Store::open(&bench.location, Create::Never, &small)
        .await
        .unwrap();
    tamper(bench, "INSERT INTO names (name) VALUES ('clinical+future')").await;
    let newer = open(&bench.location, Create::Never).await.unwrap();
    let row = bench.version(
        "Customer",
        id,
        None,
        2,
        &[("clinical+future", 2, Some("y"))],
    );
    let row = RowWrite {
        subject: older
            .head(bench.tenant, &row.record.key.record_type, id)
            .await
            .unwrap()
            .unwrap()
            .subject,
        ..row
    };
    let intent = vouchsafe::ids::IntentId::new_ordered(now());
    written(&newer, (bench.tenant, intent), only(row), &[], async {})
        .await
        .unwrap();
    let stored = older
        .read(&bench.key("Customer", id), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.record.blobs[0].slot.name(), "clinical+future");
    older.close().await;
    newer.close().await;
}

#[tokio::test]
async fn a_lost_connection_leaves_nothing_behind() {
    let Some(bench) = Bench::postgres().await else {
        return;
    };
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    let intent = vouchsafe::ids::IntentId::new_ordered(now());
    let cut = async {
        // Until all has run but the commit.
        tokio::time::sleep(Duration::from_millis(300)).await;
        tamper(
            &bench,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    };
    let write = (bench.tenant, intent);
    let committed = written(&bench.store, write, only(row), &[], cut).await;
    assert_eq!(committed, Err(StoreError::InDoubt));
    assert_eq!(
        bench.store.settle(intent, now()).await,
        Ok(Settled::Aborted)
    );
    assert!(
        bench
            .store
            .read(&bench.key("Account", id), None)
            .await
            .unwrap()
            .is_none()
    );
    bench.end().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::sqlite().await;
    let row = bench.new_record("Account", RecordId::random(), Some(SubjectId::random()));
    bench.write(vec![row]).await.unwrap();
    let Location::Sqlite { path } = &bench.location else {
        panic!()
    };
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_missing_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let location = Location::Sqlite { path: path.clone() };
    assert_eq!(
        open(&location, Create::Never).await.map(drop),
        Err(DatabaseError::Missing)
    );
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let garbage = vec![b'x'; 8_192];
    std::fs::write(&path, &garbage).unwrap();
    let location = Location::Sqlite { path: path.clone() };
    assert_eq!(
        open(&location, Create::IfMissing).await.map(drop),
        Err(DatabaseError::Damaged)
    );
    assert_eq!(std::fs::read(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told() {
    let location = Location::Sqlite {
        path: PathBuf::from("/nowhere/records.db"),
    };
    assert_eq!(
        open(&location, Create::IfMissing).await.map(drop),
        Err(DatabaseError::NotWritable)
    );
}

#[tokio::test]
async fn deleted_text_is_overwritten() {
    let bench = Bench::sqlite().await;
    let Location::Sqlite { path } = &bench.location else {
        panic!()
    };
    let mut row = bench.new_record("Customer", RecordId::random(), Some(SubjectId::random()));
    let marker = [
        0xa5_u8, 0x5a, 0xc3, 0x3c, 0x96, 0x69, 0xf0, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8,
    ];
    row.tags = vec![crate::bench::entry("family", 1)];
    row.tags[0].tag = vouchsafe::seal::IndexTag(marker);
    let (id, subject) = (row.record.key.id, row.subject);
    bench.write(vec![row]).await.unwrap();
    let mut row = bench.version("Customer", id, subject, 2, &[("financial", 1, None)]);
    row.replaced_indexes = vec!["family".into()];
    bench.write(vec![row]).await.unwrap();
    // Closing moves the write-ahead log into the file and removes it.
    bench.store.close().await;
    let bytes = std::fs::read(path).unwrap();
    assert!(!bytes.windows(marker.len()).any(|window| window == marker));
}

/// The error of opening PostgreSQL at the URL of a variable.
async fn refused(variable_name: &str, ca_name: &str) -> Option<DatabaseError> {
    let url = variable(variable_name)?;
    let ca = PathBuf::from(variable(ca_name)?);
    let opened = open(&Location::postgres(url, ca), Create::Never).await;
    Some(opened.map(drop).unwrap_err())
}

#[tokio::test]
async fn a_server_that_is_not_verified_is_refused() {
    for (server, authority) in [
        ("VOUCHSAFE_TEST_PG", "VOUCHSAFE_TEST_PG_WRONG_CA"),
        ("VOUCHSAFE_TEST_PG_EXPIRED", "VOUCHSAFE_TEST_PG_CA"),
        ("VOUCHSAFE_TEST_PG_WRONG_HOST", "VOUCHSAFE_TEST_PG_CA"),
        ("VOUCHSAFE_TEST_PG_PLAIN", "VOUCHSAFE_TEST_PG_CA"),
    ] {
        if let Some(error) = refused(server, authority).await {
            assert_eq!(error, DatabaseError::Tls, "{server} {authority}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_wrong_port_are_told_apart() {
    let (Some(url), Some(ca)) = (variable("VOUCHSAFE_TEST_PG"), ca()) else {
        return;
    };
    let (before, host) = url.rsplit_once('@').unwrap();
    let (user, _) = before.rsplit_once(':').unwrap();
    let location = Location::postgres(format!("{user}:wrong@{host}"), &ca);
    assert_eq!(
        open(&location, Create::Never).await.map(drop),
        Err(DatabaseError::Refused)
    );
    let location = Location::postgres(format!("{before}@localhost:1/x"), &ca);
    assert_eq!(
        open(&location, Create::Never).await.map(drop),
        Err(DatabaseError::Unreachable)
    );
    let location = Location::postgres(format!("{url}_that_is_not_there"), ca);
    assert_eq!(
        open(&location, Create::Never).await.map(drop),
        Err(DatabaseError::Refused)
    );
}
