//! A root key in a key service: it is slow, sometimes unavailable, and its implementation has three functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use vouchsafe::BoxFuture;
use vouchsafe::ids::{SubjectId, TenantId};
use vouchsafe::keys::{KeyError, KeyService as _};
use vouchsafe::seal::{Owner, Secret};
use vouchsafe::trusted::{Port, new_subject};
use vouchsafe_database::Create;
use vouchsafe_keys::local::LocalRoot;
use vouchsafe_keys::{CacheLimits, KeyStore, RootKey, RootRefused, StoreError};

use crate::fixture::{Fixture, on_both};

on_both!(
    a_key_service_that_waits_and_fails_is_tried_again,
    an_outage_of_the_key_service_is_survived_by_what_is_remembered,
    a_key_that_may_not_be_used_is_not_tried_again,
);

/// A key service on a bad network, with its own key.
#[derive(Clone, Debug)]
struct Far {
    key: Arc<LocalRoot>,
    /// Number of calls that fail before one is answered.
    failing: Arc<AtomicU32>,
    calls: Arc<AtomicU32>,
    refusal: RootRefused,
}

impl Far {
    fn of(fixture: &Fixture) -> Self {
        Self {
            key: Arc::new(fixture.root()),
            failing: Arc::default(),
            calls: Arc::default(),
            refusal: RootRefused::Unavailable,
        }
    }

    fn fail(&self, calls: u32) {
        self.failing.store(calls, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
    }

    async fn answer<T>(
        &self,
        answer: BoxFuture<'_, Result<T, RootRefused>>,
    ) -> Result<T, RootRefused> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let less = |left: u32| left.checked_sub(1);
        match self
            .failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        {
            Ok(_) => Err(self.refusal),
            Err(_) => answer.await,
        }
    }
}

impl Port for Far {}

impl RootKey for Far {
    fn id(&self) -> BoxFuture<'_, Result<String, RootRefused>> {
        Box::pin(self.answer(self.key.id()))
    }

    fn wrap<'a>(
        &'a self,
        context: &'a [u8],
        secret: &'a Secret,
    ) -> BoxFuture<'a, Result<Vec<u8>, RootRefused>> {
        Box::pin(self.answer(self.key.wrap(context, secret)))
    }

    fn unwrap<'a>(
        &'a self,
        context: &'a [u8],
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Secret, RootRefused>> {
        Box::pin(self.answer(self.key.unwrap(context, wrapped)))
    }
}

async fn open(fixture: &Fixture, far: &Far) -> Result<KeyStore, StoreError> {
    let limits = CacheLimits::default();
    KeyStore::open(&fixture.location, Create::IfMissing, far.clone(), limits).await
}

async fn a_key_service_that_waits_and_fails_is_tried_again(fixture: &Fixture) {
    let far = Far::of(fixture);
    far.fail(3);
    let store = open(fixture, &far).await.unwrap();
    let tenant = TenantId::random();
    far.fail(2);
    store.create_tenant(tenant).await.unwrap();
    far.fail(2);
    store.check().await.unwrap();
    let subject = SubjectId::random();
    let new = [new_subject(tenant, subject)];
    let made = store.create_record_keys(&new).await;
    assert_eq!(made.unwrap().len(), 1);
    // Another process unwraps what this one wrapped.
    let again = open(fixture, &far).await.unwrap();
    far.fail(2);
    let keys = again.record_keys(tenant, Owner::Subject(subject)).await;
    assert_eq!(keys.unwrap().owner(), Owner::Subject(subject));
    assert_eq!(far.calls.load(Ordering::SeqCst), 3);
}

async fn an_outage_of_the_key_service_is_survived_by_what_is_remembered(fixture: &Fixture) {
    let far = Far::of(fixture);
    let store = open(fixture, &far).await.unwrap();
    let (known, unknown) = (TenantId::random(), TenantId::random());
    for tenant in [known, unknown] {
        store.create_tenant(tenant).await.unwrap();
    }
    store.audit_keys(known).await.unwrap();
    store.record_keys(known, Owner::Tenant).await.unwrap();
    far.fail(u32::MAX);
    // Also the key of a new subject, which the branch key wraps.
    let new = [new_subject(known, SubjectId::random())];
    store.create_record_keys(&new).await.unwrap();
    store.audit_keys(known).await.unwrap();
    let refused = store.audit_keys(unknown).await.err();
    assert_eq!(refused, Some(KeyError::Unavailable));
    assert!(far.calls.load(Ordering::SeqCst) > 3, "it was tried again");
    let refused = store.check().await.unwrap_err();
    assert_eq!(refused, StoreError::Root(RootRefused::Unavailable));
    // It comes back, and the outage was not cached.
    far.fail(0);
    store.audit_keys(unknown).await.unwrap();
    store.check().await.unwrap();
}

async fn a_key_that_may_not_be_used_is_not_tried_again(fixture: &Fixture) {
    let far = Far::of(fixture);
    let store = open(fixture, &far).await.unwrap();
    let tenant = TenantId::random();
    store.create_tenant(tenant).await.unwrap();
    let forbidden = Far {
        refusal: RootRefused::Forbidden,
        ..Far::of(fixture)
    };
    let store = open(fixture, &forbidden).await.unwrap();
    forbidden.fail(u32::MAX);
    let refused = store.audit_keys(tenant).await.err();
    assert_eq!(refused, Some(KeyError::Unavailable));
    assert_eq!(forbidden.calls.load(Ordering::SeqCst), 1);
    let refused = store.check().await.unwrap_err();
    assert_eq!(refused, StoreError::Root(RootRefused::Forbidden));
}
