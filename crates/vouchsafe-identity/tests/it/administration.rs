use vouchsafe::ids::{PersonId, RecordId, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_identity::{
    Actor, AdminError, EnrolmentRefused, NewService, NotDone, OsUser, PersonState, RecordLink,
    ServiceOwner,
};

use crate::fixture::{Fixture, console, later, new_person, now, on_both, right};

on_both!(
    logins_are_unique_and_addresses,
    people_are_listed_within_their_tenant,
    factors_are_those_that_somebody_has,
    a_service_is_without_owner_when_its_owner_was_disabled,
    disabling_voids_links_and_is_done_once,
    a_record_is_one_persons,
    nobody_links_themselves,
);

async fn logins_are_unique_and_addresses(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let add = |login: &str| {
        let new = new_person(login, vec![]);
        let identity = &identity;
        async move {
            identity
                .add_person(fixture.tenant, &new, &console(), now())
                .await
        }
    };
    for bad in [
        "",
        "ann",
        "@x",
        "ann@",
        "a@b@c",
        "a b@c",
        "ann@cli\nnic",
        &format!("{}@x", "a".repeat(254)),
    ] {
        assert_eq!(add(bad).await.unwrap_err(), AdminError::Login, "{bad}");
    }
    let (one, two) = (
        add("ann@clinic.example").await.unwrap(),
        add("ANN@clinic.example").await.unwrap(),
    );
    one.confirm().await.unwrap();
    assert_eq!(two.confirm().await.unwrap_err(), NotDone::Overtaken);
    assert_eq!(
        add(" Ann@Clinic.Example").await.unwrap_err(),
        AdminError::LoginTaken
    );
    let nameless = vouchsafe_identity::NewPerson {
        name: " ".to_owned(),
        ..new_person("b@x.example", vec![])
    };
    let refused = identity
        .add_person(fixture.tenant, &nameless, &console(), now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::Name);
}

async fn people_are_listed_within_their_tenant(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let bob = fixture.person(&identity, "bob@clinic.example").await;
    let ann = fixture.invite(&identity, "ann@clinic.example").await.person;
    let people = identity.people(fixture.tenant).await.unwrap();
    let listed: Vec<_> = people
        .iter()
        .map(|person| (person.id, person.state))
        .collect();
    assert_eq!(
        listed,
        [(ann, PersonState::Invited), (bob.id, PersonState::Active)]
    );
    assert_eq!(people[0].created_by, "os-user/operator");
    let other = TenantId::random();
    assert!(identity.people(other).await.unwrap().is_empty());
    assert!(identity.person(other, ann).await.unwrap().is_none());
    assert_eq!(
        identity
            .find_person(fixture.tenant, "ANN@clinic.example")
            .await
            .unwrap(),
        Some(ann)
    );
    assert_eq!(
        identity
            .find_person(other, "ann@clinic.example")
            .await
            .unwrap(),
        None
    );
    // Another tenant's administrators cannot change them.
    let by = console().approved_by;
    let refused = identity
        .disable_person(other, ann, "x", by.clone(), now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::NoSuchPerson);
    let refused = identity
        .renew_enrolment(other, ann, by.clone(), now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::NoSuchPerson);
    let (holder, spec) = (Principal::Person(ann), right("clinician", 1));
    let given = identity
        .give_right(fixture.tenant, holder, &spec, &console(), now())
        .await;
    let id = given.unwrap().confirm().await.unwrap();
    let refused = identity.end_right(other, id, "x", by, now()).await;
    assert_eq!(refused.unwrap_err(), AdminError::NoSuchRight);
}

async fn factors_are_those_that_somebody_has(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let bob = fixture.person(&identity, "bob@clinic.example").await;
    let ann = fixture.invite(&identity, "ann@clinic.example").await.person;
    let people = identity.factors(fixture.tenant, now()).await.unwrap();
    let seen: Vec<_> = people
        .iter()
        .map(|one| (one.id, one.enrolled, one.password, one.totp))
        .collect();
    assert_eq!(
        seen,
        [(ann, false, false, false), (bob.id, true, true, true)]
    );
    fixture.sql("DELETE FROM totp").await.unwrap();
    let people = identity.factors(fixture.tenant, now()).await.unwrap();
    assert!(people[1].password && !people[1].totp, "{people:?}");
    let other = identity.factors(TenantId::random(), now()).await.unwrap();
    assert!(other.is_empty());
    let keys = identity.signing_key_ages().await.unwrap();
    assert_eq!(
        (keys.len(), keys[0].number, keys[0].retired_at),
        (1, 1, None)
    );
}

async fn a_service_is_without_owner_when_its_owner_was_disabled(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let bob = fixture.person(&identity, "bob@clinic.example").await.id;
    let ends = later(86_400);
    for owner in [
        ServiceOwner::Person(bob),
        ServiceOwner::OsUser(OsUser::new("operator").unwrap()),
    ] {
        let new = NewService {
            name: "lab".to_owned(),
            owner,
            purpose: "results".to_owned(),
            expires_at: ends,
        };
        let added = identity
            .add_service(fixture.tenant, &new, &console(), now())
            .await;
        added.unwrap().confirm().await.unwrap();
    }
    let orphans = |tenant, at| identity.services_without_owner(tenant, at);
    assert_eq!(orphans(fixture.tenant, now()).await, Ok(0));
    let by = console().approved_by;
    let disabled = identity.disable_person(fixture.tenant, bob, "left", by, now());
    disabled.await.unwrap().confirm().await.unwrap();
    assert_eq!(orphans(fixture.tenant, now()).await, Ok(1));
    assert_eq!(orphans(TenantId::random(), now()).await, Ok(0));
    // An expired service has no rights that need an owner.
    assert_eq!(orphans(fixture.tenant, ends).await, Ok(0));
}

async fn disabling_voids_links_and_is_done_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    let by = console().approved_by;
    let disable =
        || identity.disable_person(fixture.tenant, invitation.person, "left", by.clone(), now());
    let (one, two) = (disable().await.unwrap(), disable().await.unwrap());
    one.confirm().await.unwrap();
    assert_eq!(two.confirm().await.unwrap_err(), NotDone::Overtaken);
    assert_eq!(disable().await.unwrap_err(), AdminError::Disabled);
    let void = identity
        .enrolment(&invitation.token, now())
        .await
        .unwrap_err();
    assert_eq!(void, EnrolmentRefused::Link);
    let renewed = identity
        .renew_enrolment(fixture.tenant, invitation.person, by, now())
        .await;
    assert_eq!(renewed.unwrap_err(), AdminError::Disabled);
    let detail = identity
        .person(fixture.tenant, invitation.person)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.person.state, PersonState::Disabled);
    assert_eq!(
        detail.person.disabled_by.as_deref(),
        Some("os-user/operator")
    );
}

fn practitioner() -> RecordLink {
    RecordLink {
        record_type: "Practitioner".parse().unwrap(),
        id: RecordId::random(),
    }
}

async fn a_record_is_one_persons(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await.id;
    let bob = fixture.person(&identity, "bob@clinic.example").await.id;
    let record = practitioner();
    let by = console().approved_by;
    let links = async || {
        let detail = identity.person(fixture.tenant, ann).await.unwrap();
        let links = detail.unwrap().links.into_iter();
        let live = links.filter(|link| link.ended_at.is_none());
        live.map(|link| link.record).collect::<Vec<_>>()
    };
    assert_eq!(links().await, []);
    let link = |person| identity.link(fixture.tenant, person, &record, by.clone(), now());
    let (one, two) = (link(ann).await.unwrap(), link(bob).await.unwrap());
    assert_eq!(one.events()[0].operation(), "record-link");
    one.confirm().await.unwrap();
    assert_eq!(two.confirm().await.unwrap_err(), NotDone::Overtaken);
    assert_eq!(link(bob).await.unwrap_err(), AdminError::Linked);
    assert_eq!(links().await, std::slice::from_ref(&record));
    let ended = identity
        .unlink(fixture.tenant, &record, by.clone(), now())
        .await
        .unwrap();
    ended.confirm().await.unwrap();
    assert_eq!(links().await, []);
    let again = identity
        .unlink(fixture.tenant, &record, by.clone(), now())
        .await;
    assert_eq!(again.unwrap_err(), AdminError::NoSuchLink);
    link(bob).await.unwrap().confirm().await.unwrap();
    let detail = identity.person(fixture.tenant, ann).await.unwrap().unwrap();
    assert_eq!(
        (detail.links.len(), detail.links[0].ended_at),
        (1, Some(now()))
    );
}

async fn nobody_links_themselves(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await.id;
    let own = identity
        .link(
            fixture.tenant,
            ann,
            &practitioner(),
            Actor::person(ann),
            now(),
        )
        .await;
    assert_eq!(own.unwrap_err(), AdminError::SelfGiven);
    let by = console().approved_by;
    let nobody = identity
        .link(
            fixture.tenant,
            PersonId::random(),
            &practitioner(),
            by,
            now(),
        )
        .await;
    assert_eq!(nobody.unwrap_err(), AdminError::NoSuchPerson);
}
