use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use vouchsafe::ids::TenantId;
use vouchsafe_database::{Create, DatabaseError, Location};
use vouchsafe_keys::local::LocalRoot;
use vouchsafe_keys::{CacheLimits, KeyStore, RootKey as _, StoreError};

use vouchsafe_database::testing::variable;

use crate::fixture::{Fixture, on_both};

on_both!(
    a_missing_database_is_never_created_in_passing,
    another_root_key_is_named_and_changes_nothing,
    a_damaged_root_row_is_noticed,
    a_lost_root_row_is_not_replaced,
    tables_of_a_newer_program_are_refused,
);

async fn a_missing_database_is_never_created_in_passing(fixture: &Fixture) {
    for _ in 0..2 {
        let missing = fixture.open(Create::Never).await.unwrap_err();
        assert_eq!(missing, StoreError::Database(DatabaseError::Missing));
    }
    fixture.open(Create::IfMissing).await.unwrap();
    fixture.open(Create::Never).await.unwrap();
    fixture.open(Create::IfMissing).await.unwrap();
}

async fn another_root_key_is_named_and_changes_nothing(fixture: &Fixture) {
    let right = fixture.root();
    fixture.store().await;
    let other = LocalRoot::create(&fixture.folder.path().join("other.key"), None).unwrap();
    let given = other.id().await.unwrap();
    let refused = KeyStore::open(
        &fixture.location,
        Create::IfMissing,
        other,
        CacheLimits::default(),
    )
    .await
    .unwrap_err();
    let expected = right.id().await.unwrap();
    assert_eq!(refused, StoreError::WrongRoot { expected, given });
    fixture.open(Create::Never).await.unwrap();
}

async fn a_damaged_root_row_is_noticed(fixture: &Fixture) {
    let tenant = TenantId::random();
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    fixture
        .sql("UPDATE roots SET wrapped = (SELECT wrapped FROM branch_keys)")
        .await;
    let damaged = StoreError::Damaged("root row");
    assert_eq!(store.check().await.unwrap_err(), damaged);
    assert_eq!(fixture.open(Create::Never).await.unwrap_err(), damaged);
}

async fn a_lost_root_row_is_not_replaced(fixture: &Fixture) {
    let store = fixture.store().await;
    store.create_tenant(TenantId::random()).await.unwrap();
    for table in [
        "DELETE FROM tenant_keys",
        "DELETE FROM index_keys",
        "DELETE FROM audit_keys",
    ] {
        fixture.sql(table).await;
    }
    // The row can be lost only without the foreign keys.
    match &fixture.location {
        Location::Sqlite { .. } => {
            fixture.sql("PRAGMA foreign_keys = OFF").await;
            return;
        }
        Location::Postgres(_) => {
            fixture
                .sql("ALTER TABLE branch_keys DROP CONSTRAINT branch_keys_root_id_fkey")
                .await;
        }
    }
    fixture.sql("DELETE FROM roots").await;
    let lost = fixture.open(Create::IfMissing).await.unwrap_err();
    assert_eq!(lost, StoreError::Damaged("no root row"));
}

async fn tables_of_a_newer_program_are_refused(fixture: &Fixture) {
    fixture.store().await;
    fixture
        .sql("UPDATE _sqlx_migrations SET version = 9999")
        .await;
    let refused = fixture.open(Create::Never).await.unwrap_err();
    assert_eq!(refused, StoreError::Database(DatabaseError::Newer));
}

#[tokio::test]
async fn a_read_only_folder_is_named_as_the_fault() {
    let fixture = Fixture::sqlite();
    let location = Location::Sqlite {
        path: PathBuf::from("/proc/keys.db"),
    };
    let refused = KeyStore::open(
        &location,
        Create::IfMissing,
        fixture.root(),
        CacheLimits::default(),
    )
    .await
    .unwrap_err();
    assert_eq!(refused, StoreError::Database(DatabaseError::NotWritable));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let fixture = Fixture::sqlite();
    let Location::Sqlite { path } = &fixture.location else {
        panic!()
    };
    std::fs::write(
        path,
        "this is not a database, and it is long enough to look like one".repeat(100),
    )
    .unwrap();
    let before = std::fs::read(path).unwrap();
    let damaged = StoreError::Database(DatabaseError::Damaged);
    assert_eq!(fixture.open(Create::Never).await.unwrap_err(), damaged);
    assert_eq!(fixture.open(Create::IfMissing).await.unwrap_err(), damaged);
    assert_eq!(std::fs::read(path).unwrap(), before);
}

#[tokio::test]
async fn the_file_and_its_log_are_for_their_owner_alone() {
    let fixture = Fixture::sqlite();
    let _store = fixture.store().await;
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
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
    for (url, ca, what) in [
        (good, wrong_ca, "unknown authority"),
        (expired, ca, "expired"),
        (wrong_host, ca, "another name"),
        (plain, ca, "no TLS"),
    ] {
        assert_eq!(refusal(url, ca).await, DatabaseError::Tls, "{what}");
    }
    let (server, name) = good.rsplit_once('/').unwrap();
    let stranger = good.replacen("vouchsafe_test:", "nobody:", 1);
    assert_eq!(refusal(&stranger, ca).await, DatabaseError::Refused);
    assert_eq!(
        refusal(&format!("{server}/{name}_none"), ca).await,
        DatabaseError::Refused
    );
    let weakened = format!("{good}?sslmode=disable");
    assert!(matches!(
        refusal(&weakened, ca).await,
        DatabaseError::Url(_)
    ));
}

#[tokio::test]
async fn an_unreachable_server_is_named_as_the_fault() {
    let Some(ca) = variable("VOUCHSAFE_TEST_PG_CA") else {
        return;
    };
    let url = "postgres://u:p@localhost:1/keys";
    let refused = refusal(url, &ca).await;
    assert_eq!(refused, DatabaseError::Unreachable);
}

async fn refusal(url: &str, ca: &str) -> DatabaseError {
    let fixture = Fixture::sqlite();
    let location = Location::postgres(url, ca);
    match KeyStore::open(
        &location,
        Create::IfMissing,
        fixture.root(),
        CacheLimits::default(),
    )
    .await
    {
        Err(StoreError::Database(error)) => error,
        other => panic!("must be refused: {other:?}"),
    }
}
