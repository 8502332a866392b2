use std::sync::Arc;

use vouchsafe::ids::{NewSubject, RecordType, SubjectId, TenantId};
use vouchsafe::keys::{KeyError, KeyService as _};
use vouchsafe::seal::{Owner, SystemPurpose};
use vouchsafe::trusted::{SystemCipher, new_subject};
use vouchsafe_database::Create;
use vouchsafe_keys::TenantKeys;

use crate::fixture::{Fixture, on_both};

on_both!(
    keys_are_the_same_after_a_restart,
    ages_of_keys_are_listed,
    a_tenant_without_keys_has_none,
    first_keys_are_made_once_by_many,
    subjects_get_keys_of_their_own,
    a_repeated_creation_keeps_the_first_key,
    a_key_is_loaded_once_and_remembered,
    a_row_opens_nothing_elsewhere,
    keys_that_may_not_be_used_say_why,
    a_damaged_branch_is_noticed,
    purposes_and_tenants_have_system_keys_apart,
    an_import_makes_many_keys_at_once,
);

/// Subjects that will get keys.
fn new(tenant: TenantId, subjects: &[SubjectId]) -> Vec<NewSubject> {
    let begins = |subject: &SubjectId| new_subject(tenant, *subject);
    subjects.iter().map(begins).collect()
}

async fn ages_of_keys_are_listed(fixture: &Fixture) {
    let tenant = TenantId::random();
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    let ages = store.ages(tenant).await.unwrap();
    let listed: Vec<_> = ages
        .iter()
        .map(|key| (key.purpose, key.version, key.state.as_str()))
        .collect();
    let expected = ["root", "branch", "index", "audit", "records"];
    assert_eq!(listed, expected.map(|purpose| (purpose, 1, "active")));
    let others = store.ages(TenantId::random()).await.unwrap();
    assert_eq!(others.len(), 1, "the root alone");
}

async fn keys_are_the_same_after_a_restart(fixture: &Fixture) {
    let (tenant, subject) = (TenantId::random(), SubjectId::random());
    let patient: RecordType = "Patient".parse().unwrap();
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    store
        .create_record_keys(&new(tenant, &[subject]))
        .await
        .unwrap();
    let key = store.system_key(tenant, SystemPurpose::Identity).await;
    let sealed = SystemCipher::new(&key.unwrap()).seal(b"context", b"secret");
    let tag = store
        .index_key(tenant)
        .await
        .unwrap()
        .tag(&patient, "family", b"smith", 32);
    drop(store);

    let store = fixture.open(Create::Never).await.unwrap();
    let keys = store
        .record_keys(tenant, Owner::Subject(subject))
        .await
        .unwrap();
    assert_eq!(
        (keys.tenant(), keys.owner()),
        (tenant, Owner::Subject(subject))
    );
    assert_eq!(keys.version().number(), 1);
    let own = store.record_keys(tenant, Owner::Tenant).await.unwrap();
    assert_eq!(own.owner(), Owner::Tenant);
    let key = store
        .system_key(tenant, SystemPurpose::Identity)
        .await
        .unwrap();
    let opened = SystemCipher::new(&key).open(b"context", &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"secret");
    let again = store
        .index_key(tenant)
        .await
        .unwrap()
        .tag(&patient, "family", b"smith", 32);
    assert_eq!(tag, again);
    store.audit_keys(tenant).await.unwrap();
    store.check().await.unwrap();
}

async fn a_tenant_without_keys_has_none(fixture: &Fixture) {
    let store = fixture.store().await;
    let tenant = TenantId::random();
    let subject = SubjectId::random();
    let missing = Some(KeyError::Missing);
    assert_eq!(
        store.record_keys(tenant, Owner::Tenant).await.err(),
        missing
    );
    assert_eq!(
        store
            .record_keys(tenant, Owner::Subject(subject))
            .await
            .err(),
        missing
    );
    assert_eq!(
        store
            .create_record_keys(&new(tenant, &[subject]))
            .await
            .err(),
        missing
    );
    assert_eq!(store.index_key(tenant).await.err(), missing);
    assert_eq!(
        store
            .system_key(tenant, SystemPurpose::Identity)
            .await
            .err(),
        missing
    );
    assert_eq!(store.audit_keys(tenant).await.err(), missing);
    // The failure was not cached.
    store.create_tenant(tenant).await.unwrap();
    store.record_keys(tenant, Owner::Tenant).await.unwrap();
    assert_eq!(
        store
            .record_keys(tenant, Owner::Subject(subject))
            .await
            .err(),
        missing
    );
}

async fn first_keys_are_made_once_by_many(fixture: &Fixture) {
    let tenant = TenantId::random();
    let stores = [fixture.store().await, fixture.store().await];
    let patient: RecordType = "Patient".parse().unwrap();
    let mut made = Vec::new();
    for _ in 0..8 {
        let (one, other) = tokio::join!(
            stores[0].create_tenant(tenant),
            stores[1].create_tenant(tenant)
        );
        made.extend([one.unwrap(), other.unwrap()]);
    }
    assert_eq!(
        made.iter()
            .filter(|made| **made == TenantKeys::Created)
            .count(),
        1
    );
    let mut tags = Vec::new();
    for store in &stores {
        tags.push(
            store
                .index_key(tenant)
                .await
                .unwrap()
                .tag(&patient, "family", b"smith", 128),
        );
    }
    assert_eq!(tags[0], tags[1]);
}

async fn subjects_get_keys_of_their_own(fixture: &Fixture) {
    let store = fixture.store().await;
    let tenant = TenantId::random();
    store.create_tenant(tenant).await.unwrap();
    let subjects: Vec<_> = (0..10).map(|_| SubjectId::random()).collect();
    let keys = store
        .create_record_keys(&new(tenant, &subjects))
        .await
        .unwrap();
    assert_eq!(keys.len(), subjects.len());
    for (keys, subject) in keys.iter().zip(&subjects) {
        assert_eq!(keys.owner(), Owner::Subject(*subject));
    }
    // Another tenant has no key for the same subject.
    let other = TenantId::random();
    store.create_tenant(other).await.unwrap();
    let elsewhere = store.record_keys(other, Owner::Subject(subjects[0])).await;
    assert_eq!(elsewhere.err(), Some(KeyError::Missing));
    assert!(
        store
            .create_record_keys(&new(tenant, &[]))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_repeated_creation_keeps_the_first_key(fixture: &Fixture) {
    let store = fixture.store().await;
    let tenant = TenantId::random();
    store.create_tenant(tenant).await.unwrap();
    let (one, two) = (SubjectId::random(), SubjectId::random());
    let first = store
        .create_record_keys(&new(tenant, &[one]))
        .await
        .unwrap();
    let again = store
        .create_record_keys(&new(tenant, &[one, two, two]))
        .await
        .unwrap();
    assert!(Arc::ptr_eq(&first[0], &again[0]));
    assert!(Arc::ptr_eq(&again[1], &again[2]));
    let other = fixture.store().await;
    other
        .create_record_keys(&new(tenant, &[one, two]))
        .await
        .unwrap();
    assert_eq!(
        fixture
            .sql("UPDATE subject_keys SET version = version")
            .await,
        2
    );
}

async fn a_key_is_loaded_once_and_remembered(fixture: &Fixture) {
    let tenant = TenantId::random();
    let subject = SubjectId::random();
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    store
        .create_record_keys(&new(tenant, &[subject]))
        .await
        .unwrap();
    let store = Arc::new(fixture.store().await);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                store
                    .record_keys(tenant, Owner::Subject(subject))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut keys = Vec::new();
    for task in tasks {
        keys.push(task.await.unwrap());
    }
    assert!(keys.iter().all(|key| Arc::ptr_eq(key, &keys[0])));
    // A cached value lives until it is forgotten.
    fixture
        .sql("UPDATE subject_keys SET state = 'destroyed', wrapped = NULL")
        .await;
    store
        .record_keys(tenant, Owner::Subject(subject))
        .await
        .unwrap();
    store.forget(tenant, subject).await;
    let gone = store.record_keys(tenant, Owner::Subject(subject)).await;
    assert_eq!(gone.err(), Some(KeyError::Destroyed));
}

async fn a_row_opens_nothing_elsewhere(fixture: &Fixture) {
    let tenant = TenantId::random();
    let (one, two) = (SubjectId::random(), SubjectId::random());
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    store
        .create_record_keys(&new(tenant, &[one, two]))
        .await
        .unwrap();
    let least = "UPDATE subject_keys SET wrapped = (SELECT wrapped FROM subject_keys ORDER BY subject LIMIT 1)";
    fixture.sql(least).await;
    let fresh = fixture.store().await;
    let opened = [
        fresh.record_keys(tenant, Owner::Subject(one)).await.err(),
        fresh.record_keys(tenant, Owner::Subject(two)).await.err(),
    ];
    assert_eq!(
        opened
            .iter()
            .filter(|e| **e == Some(KeyError::Damaged))
            .count(),
        1
    );
    fixture
        .sql("UPDATE index_keys SET wrapped = (SELECT wrapped FROM audit_keys)")
        .await;
    fixture
        .sql("UPDATE tenant_keys SET wrapped = (SELECT wrapped FROM subject_keys LIMIT 1)")
        .await;
    assert_eq!(fresh.index_key(tenant).await.err(), Some(KeyError::Damaged));
    let own = fresh.record_keys(tenant, Owner::Tenant).await;
    assert_eq!(own.err(), Some(KeyError::Damaged));
}

async fn keys_that_may_not_be_used_say_why(fixture: &Fixture) {
    let tenant = TenantId::random();
    let subject = SubjectId::random();
    let store = fixture.store().await;
    store.create_tenant(tenant).await.unwrap();
    store
        .create_record_keys(&new(tenant, &[subject]))
        .await
        .unwrap();
    for (statement, expected) in [
        (
            "UPDATE subject_keys SET state = 'disabled'",
            Some(KeyError::Unavailable),
        ),
        ("UPDATE subject_keys SET state = 'active'", None),
        (
            "UPDATE subject_keys SET state = 'destroyed', wrapped = NULL",
            Some(KeyError::Destroyed),
        ),
        ("DELETE FROM subject_keys", Some(KeyError::Missing)),
    ] {
        fixture.sql(statement).await;
        store.forget(tenant, subject).await;
        let found = store.record_keys(tenant, Owner::Subject(subject)).await;
        assert_eq!(found.err(), expected, "{statement}");
    }
}

async fn a_damaged_branch_is_noticed(fixture: &Fixture) {
    let tenant = TenantId::random();
    fixture.store().await.create_tenant(tenant).await.unwrap();
    fixture
        .sql("UPDATE branch_keys SET wrapped = (SELECT wrapped FROM index_keys)")
        .await;
    let store = fixture.store().await;
    let damaged = Some(KeyError::Damaged);
    assert_eq!(
        store.record_keys(tenant, Owner::Tenant).await.err(),
        damaged
    );
    assert_eq!(
        store
            .create_record_keys(&new(tenant, &[SubjectId::random()]))
            .await
            .err(),
        damaged
    );
    assert_eq!(
        store
            .system_key(tenant, SystemPurpose::Identity)
            .await
            .err(),
        damaged
    );
}

async fn purposes_and_tenants_have_system_keys_apart(fixture: &Fixture) {
    let store = fixture.store().await;
    let (one, other) = (TenantId::random(), TenantId::random());
    store.create_tenant(one).await.unwrap();
    store.create_tenant(other).await.unwrap();
    let key = store.system_key(one, SystemPurpose::Identity).await;
    let sealed = SystemCipher::new(&key.unwrap()).seal(b"context", b"secret");
    for (tenant, purpose) in [
        (one, SystemPurpose::SearchCursor),
        (other, SystemPurpose::Identity),
    ] {
        let key = store.system_key(tenant, purpose).await.unwrap();
        let opened = SystemCipher::new(&key).open(b"context", &sealed);
        assert!(opened.is_err(), "{purpose:?}");
    }
}

async fn an_import_makes_many_keys_at_once(fixture: &Fixture) {
    let store = fixture.store().await;
    let tenant = TenantId::random();
    store.create_tenant(tenant).await.unwrap();
    let subjects: Vec<_> = (0..2000).map(|_| SubjectId::random()).collect();
    let keys = store
        .create_record_keys(&new(tenant, &subjects))
        .await
        .unwrap();
    assert_eq!(keys.len(), 2000);
    let fresh = fixture.store().await;
    fresh
        .record_keys(tenant, Owner::Subject(subjects[1999]))
        .await
        .unwrap();
}
