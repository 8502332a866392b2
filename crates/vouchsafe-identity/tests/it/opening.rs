use vouchsafe_database::{Create, DatabaseError, Location};
use vouchsafe_identity::{Identity, OpenError};

use vouchsafe_database::testing::variable;

use crate::fixture::{Fixture, now, on_both, settings, system_key};

on_both!(
    a_missing_database_is_never_created_in_passing,
    another_system_key_is_refused,
    damaged_signing_keys_are_noticed,
);

async fn a_missing_database_is_never_created_in_passing(fixture: &Fixture) {
    let missing = fixture.try_open(Create::Never).await.unwrap_err();
    assert_eq!(missing, OpenError::Database(DatabaseError::Missing));
    let made = fixture.try_open(Create::IfMissing).await.unwrap();
    let again = fixture.try_open(Create::Never).await.unwrap();
    assert_eq!(made.signing_key_id(), again.signing_key_id());
    again.check().await.unwrap();
}

async fn another_system_key_is_refused(fixture: &Fixture) {
    let made = fixture.identity().await.signing_key_id();
    let other = system_key(&[9; 32]);
    let refused = Identity::open(
        &fixture.location,
        Create::IfMissing,
        other,
        settings(),
        now(),
    )
    .await;
    assert_eq!(refused.unwrap_err(), OpenError::WrongKey);
    assert_eq!(fixture.identity().await.signing_key_id(), made);
}

async fn damaged_signing_keys_are_noticed(fixture: &Fixture) {
    fixture.identity().await;
    fixture
        .sql("UPDATE signing_keys SET number = 7")
        .await
        .unwrap();
    assert_eq!(
        fixture.try_open(Create::Never).await.unwrap_err(),
        OpenError::WrongKey
    );
    fixture
        .sql("UPDATE signing_keys SET number = 1, retired_at = 1")
        .await
        .unwrap();
    let none_signs = fixture.try_open(Create::Never).await.unwrap_err();
    assert_eq!(none_signs, OpenError::Damaged("signing keys"));
    fixture
        .sql("UPDATE signing_keys SET retired_at = NULL, public_key = sealed")
        .await
        .unwrap();
    let other_key = fixture.try_open(Create::Never).await.unwrap_err();
    assert_eq!(other_key, OpenError::Damaged("signing key"));
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
        let location = Location::postgres(url, ca);
        let refused = Identity::open(
            &location,
            Create::IfMissing,
            system_key(&[1; 32]),
            settings(),
            now(),
        )
        .await;
        assert_eq!(
            refused.unwrap_err(),
            OpenError::Database(DatabaseError::Tls),
            "{what}"
        );
        assert!(!format!("{location:?}").contains("postgres://"));
    }
}
