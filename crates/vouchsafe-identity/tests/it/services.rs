use vouchsafe::ids::{ServiceId, TenantId};
use vouchsafe::session::{Assurance, Principal};
use vouchsafe_identity::{
    Activity, Actor, AdminError, AuthenticationRefused, Identity, NewService, Occurrence, OsUser,
    ServiceOwner,
};

use crate::fixture::{Fixture, console, later, now, on_both, os_user};

on_both!(
    an_import_gets_a_session_on_its_host,
    a_service_is_used_by_its_owner_only,
    a_service_ends,
    a_disabled_service_is_out_at_once,
    services_have_owner_purpose_and_end,
    services_are_listed_with_their_owners,
);

fn import() -> NewService {
    NewService {
        name: "import".to_owned(),
        owner: ServiceOwner::OsUser(os_user()),
        purpose: "first load".to_owned(),
        expires_at: later(3600),
    }
}

async fn add(identity: &Identity, fixture: &Fixture, new: &NewService) -> ServiceId {
    let added = identity
        .add_service(fixture.tenant, new, &console(), now())
        .await
        .unwrap();
    added.confirm().await.unwrap()
}

async fn an_import_gets_a_session_on_its_host(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let service = add(&identity, fixture, &import()).await;
    let prepared = identity
        .local_session(fixture.tenant, service, &os_user(), now())
        .await
        .unwrap();
    let event = prepared.events()[0].clone();
    assert_eq!(event.actor, Some(Actor::OsUser(os_user())));
    let principal = Principal::Service(service);
    assert_eq!(
        event.what,
        Occurrence::SignedIn {
            principal,
            assurance: Assurance::Local
        }
    );
    let local = prepared.confirm().await.unwrap();
    assert_eq!(Some(local.session.id()), event.session);
    assert_eq!(local.session.principal(), principal);
    assert_eq!(local.session.assurance(), Assurance::Local);
    assert_eq!(local.session.tenant(), fixture.tenant);
    // Services are never idle: half an hour later the token has expired.
    let other = fixture.identity().await;
    let token = local.token.expose();
    other
        .authenticate(token, Activity::Background, later(1799))
        .await
        .unwrap();
    assert!(
        other
            .authenticate(token, Activity::Background, later(1800))
            .await
            .is_err()
    );
}

async fn a_service_is_used_by_its_owner_only(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let service = add(&identity, fixture, &import()).await;
    let other = OsUser::new("somebody").unwrap();
    let refused = identity
        .local_session(fixture.tenant, service, &other, now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::NotOwner);
    let elsewhere = identity
        .local_session(TenantId::random(), service, &os_user(), now())
        .await;
    assert_eq!(elsewhere.unwrap_err(), AdminError::NoSuchService);
    let nothing = identity
        .local_session(fixture.tenant, ServiceId::random(), &os_user(), now())
        .await;
    assert_eq!(nothing.unwrap_err(), AdminError::NoSuchService);
}

async fn a_service_ends(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let service = add(&identity, fixture, &import()).await;
    let local = identity
        .local_session(fixture.tenant, service, &os_user(), later(3000))
        .await
        .unwrap();
    let late = identity
        .local_session(fixture.tenant, service, &os_user(), later(3600))
        .await;
    assert_eq!(late.unwrap_err(), AdminError::Disabled);
    let local = local.confirm().await.unwrap();
    identity
        .authenticate(local.token.expose(), Activity::Background, later(3599))
        .await
        .unwrap();
    let over = identity
        .authenticate(local.token.expose(), Activity::Background, later(3600))
        .await;
    assert_eq!(over.unwrap_err(), AuthenticationRefused::Disabled);
}

async fn a_disabled_service_is_out_at_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let service = add(&identity, fixture, &import()).await;
    let local = identity
        .local_session(fixture.tenant, service, &os_user(), now())
        .await
        .unwrap();
    let local = local.confirm().await.unwrap();
    let token = local.token.expose();
    identity
        .authenticate(token, Activity::Background, now())
        .await
        .unwrap();
    let by = console().approved_by;
    let disable = identity
        .disable_service(fixture.tenant, service, "done", by.clone(), now())
        .await;
    disable.unwrap().confirm().await.unwrap();
    let refused = identity
        .authenticate(token, Activity::Background, now())
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Ended);
    let held = identity.standing(local.session, Activity::Background, now());
    assert_eq!(held.await.unwrap_err(), AuthenticationRefused::Ended);
    let again = identity
        .local_session(fixture.tenant, service, &os_user(), now())
        .await;
    assert_eq!(again.unwrap_err(), AdminError::Disabled);
    let twice = identity
        .disable_service(fixture.tenant, service, "done", by, now())
        .await;
    assert_eq!(twice.unwrap_err(), AdminError::Disabled);
}

async fn services_have_owner_purpose_and_end(fixture: &Fixture) {
    let identity = fixture.identity().await;
    for (new, expected) in [
        (
            NewService {
                name: String::new(),
                ..import()
            },
            AdminError::Name,
        ),
        (
            NewService {
                purpose: "\u{7}".to_owned(),
                ..import()
            },
            AdminError::Name,
        ),
        (
            NewService {
                expires_at: now(),
                ..import()
            },
            AdminError::Period,
        ),
        (
            NewService {
                expires_at: later(367 * 86_400),
                ..import()
            },
            AdminError::TooLong,
        ),
        (
            NewService {
                owner: ServiceOwner::Person(vouchsafe::ids::PersonId::random()),
                ..import()
            },
            AdminError::NoSuchPerson,
        ),
    ] {
        let refused = identity
            .add_service(fixture.tenant, &new, &console(), now())
            .await;
        assert_eq!(refused.unwrap_err(), expected);
    }
}

async fn services_are_listed_with_their_owners(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    add(
        &identity,
        fixture,
        &NewService {
            owner: ServiceOwner::Person(ann.id),
            ..import()
        },
    )
    .await;
    let listed = identity.services(fixture.tenant).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].purpose.as_str()),
        (1, "first load")
    );
    assert_eq!(listed[0].owner, format!("person/{}", ann.id));
}
