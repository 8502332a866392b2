use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::Right;
use vouchsafe::ids::{PersonId, RecordId, RightId, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_identity::{
    Activity, Actor, AdminError, Approval, Identity, NewService, NotDone, Occurrence, RecordLink,
    RightSpec, ServiceOwner,
};

use crate::fixture::{
    Fixture, Member, console, later, new_person, now, on_both, os_user, right, role,
};

on_both!(
    a_right_holds_from_until,
    a_right_that_is_taken_back_is_gone_at_once_and_stays_in_the_history,
    a_right_taken_back_elsewhere_is_gone_within_a_second,
    a_caller_has_each_right_and_each_record_once,
    nobody_gives_themselves_a_right,
    an_approver_is_an_active_person_of_the_tenant,
    integration_is_for_services_and_a_day,
    rights_have_a_reason_and_an_end,
    first_rights_come_with_the_person,
    rights_cannot_be_changed_or_deleted_in_the_database,
);

async fn give(identity: &Identity, fixture: &Fixture, to: Principal, spec: &RightSpec) -> RightId {
    let given = identity
        .give_right(fixture.tenant, to, spec, &console(), now())
        .await;
    given.unwrap().confirm().await.unwrap()
}

/// The rights that a principal has at a time, as their rows say.
async fn rights_at(
    identity: &Identity,
    fixture: &Fixture,
    holder: Principal,
    at: Timestamp,
) -> Vec<Right> {
    let rows = identity.all_rights(fixture.tenant, holder).await.unwrap();
    rows.into_iter()
        .filter(|row| row.ended_at.is_none() && row.right.is_valid(at))
        .map(|row| row.right)
        .collect()
}

fn names(rights: &[Right]) -> Vec<&str> {
    rights.iter().map(|right| right.role.as_str()).collect()
}

async fn a_right_holds_from_until(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = Principal::Person(fixture.person(&identity, "ann@clinic.example").await.id);
    assert!(rights_at(&identity, fixture, ann, now()).await.is_empty());
    let id = give(&identity, fixture, ann, &right("clinician", 8)).await;
    let night = RightSpec {
        from: later(8 * 3600),
        ..right("front-desk", 16)
    };
    give(&identity, fixture, ann, &night).await;
    let held = rights_at(&identity, fixture, ann, now()).await;
    assert_eq!(names(&held), ["clinician"]);
    assert_eq!(
        (held[0].id, held[0].from, held[0].until),
        (id, now(), later(8 * 3600))
    );
    let at = |seconds| rights_at(&identity, fixture, ann, later(seconds));
    assert!(at(-1).await.is_empty());
    assert_eq!(names(&at(8 * 3600 - 1).await), ["clinician"]);
    assert_eq!(names(&at(8 * 3600).await), ["front-desk"]);
    assert!(at(16 * 3600).await.is_empty());
}

async fn a_right_that_is_taken_back_is_gone_at_once_and_stays_in_the_history(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let holder = Principal::Person(ann.id);
    let id = give(&identity, fixture, holder, &right("clinician", 8)).await;
    assert_eq!(rights_at(&identity, fixture, holder, now()).await.len(), 1);
    let by = console().approved_by;
    let end = |why| identity.end_right(fixture.tenant, id, why, by.clone(), later(5));
    assert_eq!(end("").await.unwrap_err(), AdminError::Reason);
    let (prepared, late) = (
        end("moved to another ward").await.unwrap(),
        end("again").await.unwrap(),
    );
    assert_eq!(
        prepared.events()[0].what,
        Occurrence::RightEnded(id, "moved to another ward".to_owned())
    );
    assert_eq!(rights_at(&identity, fixture, holder, now()).await.len(), 1);
    prepared.confirm().await.unwrap();
    assert!(
        rights_at(&identity, fixture, holder, now())
            .await
            .is_empty()
    );
    assert_eq!(late.confirm().await.unwrap_err(), NotDone::Overtaken);
    assert_eq!(end("and again").await.unwrap_err(), AdminError::NoSuchRight);
    let history = identity.all_rights(fixture.tenant, holder).await.unwrap();
    let row = &history[0];
    assert_eq!(
        (row.right.id, row.holder, row.ended_at),
        (id, holder, Some(later(5)))
    );
    assert_eq!(row.end_reason.as_deref(), Some("moved to another ward"));
    assert_eq!(row.ended_by.as_deref(), Some("os-user/operator"));
    assert_eq!(
        (row.requested_by.as_str(), row.reason.as_str()),
        ("os-user/operator", "works here")
    );
}

async fn a_right_taken_back_elsewhere_is_gone_within_a_second(fixture: &Fixture) {
    let (here, there) = (fixture.identity().await, fixture.identity().await);
    let ann = fixture.person(&here, "ann@clinic.example").await;
    let holder = Principal::Person(ann.id);
    let id = give(&here, fixture, holder, &right("clinician", 8)).await;
    let token = ann.sign_in(&here, now()).await.token;
    let held = async || {
        let standing = here.authenticate(token.expose(), Activity::Background, now());
        standing.await.unwrap().rights
    };
    assert_eq!(names(&held().await), ["clinician"]);
    let by = console().approved_by;
    let ended = there.end_right(fixture.tenant, id, "left", by, now()).await;
    ended.unwrap().confirm().await.unwrap();
    let since = Instant::now();
    while !held().await.is_empty() {
        assert!(
            since.elapsed() < Duration::from_secs(1),
            "held for more than a second"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Roles and records of a caller, as their token gives them.
async fn standing(
    identity: &Identity,
    token: &str,
    at: Timestamp,
) -> (Vec<String>, Vec<RecordLink>) {
    let standing = identity.authenticate(token, Activity::Background, at).await;
    let standing = standing.unwrap();
    let roles = standing.rights.iter().map(|right| right.role.to_string());
    let (mut roles, mut links) = (roles.collect::<Vec<_>>(), standing.links.to_vec());
    roles.sort();
    links.sort_by_key(ToString::to_string);
    (roles, links)
}

/// Rights and links are looked up together: each is there once.
async fn a_caller_has_each_right_and_each_record_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let bob = fixture.person(&identity, "bob@clinic.example").await.id;
    let token = ann.sign_in(&identity, now()).await.token;
    let at = |at| standing(&identity, token.expose(), at);
    assert_eq!(at(now()).await, (vec![], vec![]));
    let by = console().approved_by;
    let mut records = Vec::new();
    for (person, name) in [
        (ann.id, "Patient"),
        (ann.id, "Practitioner"),
        (bob, "Patient"),
    ] {
        let record = RecordLink {
            record_type: name.parse().unwrap(),
            id: RecordId::random(),
        };
        let linked = identity.link(fixture.tenant, person, &record, by.clone(), now());
        linked.await.unwrap().confirm().await.unwrap();
        records.push(record);
    }
    records.truncate(2);
    assert_eq!(at(now()).await, (vec![], records.clone()));
    let (ann, bob) = (Principal::Person(ann.id), Principal::Person(bob));
    for role in ["front-desk", "auditor", "clinician"] {
        give(&identity, fixture, ann, &right(role, 1)).await;
    }
    give(&identity, fixture, bob, &right("registration", 1)).await;
    let soon = RightSpec {
        from: later(60),
        ..right("patient", 1)
    };
    give(&identity, fixture, ann, &soon).await;
    let (roles, links) = at(now()).await;
    assert_eq!(roles, ["auditor", "clinician", "front-desk"]);
    assert_eq!(links, records);
    assert_eq!(at(later(61)).await.0.len(), 4);
    let unlinked = identity.unlink(fixture.tenant, &records[0], by, now());
    unlinked.await.unwrap().confirm().await.unwrap();
    assert_eq!(at(now()).await.1, records[1..]);
}

async fn refused(
    identity: &Identity,
    fixture: &Fixture,
    to: Principal,
    spec: &RightSpec,
    approval: &Approval,
) -> AdminError {
    identity
        .give_right(fixture.tenant, to, spec, approval, now())
        .await
        .unwrap_err()
}

async fn nobody_gives_themselves_a_right(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let bob = fixture.person(&identity, "bob@clinic.example").await;
    let by_ann = Approval::by(Actor::person(ann.id));
    let (to_ann, to_bob) = (Principal::Person(ann.id), Principal::Person(bob.id));
    let spec = right("privacy-officer", 8);
    assert_eq!(
        refused(&identity, fixture, to_ann, &spec, &by_ann).await,
        AdminError::SelfGiven
    );
    // The requester may be the holder; the approver may not.
    let asked = Approval {
        requested_by: Actor::person(bob.id),
        approved_by: Actor::person(ann.id),
    };
    let given = identity
        .give_right(fixture.tenant, to_bob, &spec, &asked, now())
        .await
        .unwrap();
    let event = given.events()[0].clone();
    assert_eq!(event.actor, Some(Actor::person(ann.id)));
    given.confirm().await.unwrap();
    let own = Approval {
        requested_by: Actor::person(ann.id),
        approved_by: Actor::person(bob.id),
    };
    assert_eq!(
        refused(&identity, fixture, to_bob, &spec, &own).await,
        AdminError::SelfGiven
    );
    // A service counts as its owner.
    let service = service(&identity, fixture, ServiceOwner::Person(ann.id)).await;
    let day = right("integration", 24);
    assert_eq!(
        refused(&identity, fixture, service, &day, &by_ann).await,
        AdminError::SelfGiven
    );
    let by_bob = Approval::by(Actor::person(bob.id));
    let given = identity
        .give_right(fixture.tenant, service, &day, &by_bob, now())
        .await;
    given.unwrap().confirm().await.unwrap();
    let first = Approval::by(Actor::FirstStart);
    assert_eq!(
        refused(&identity, fixture, to_ann, &spec, &first).await,
        AdminError::Approver
    );
}

async fn service(identity: &Identity, fixture: &Fixture, owner: ServiceOwner) -> Principal {
    let new = NewService {
        name: "import".to_owned(),
        owner,
        purpose: "first load".to_owned(),
        expires_at: later(86_400),
    };
    let added = identity
        .add_service(fixture.tenant, &new, &console(), now())
        .await
        .unwrap();
    Principal::Service(added.confirm().await.unwrap())
}

async fn an_approver_is_an_active_person_of_the_tenant(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let to = |member: &Member| Principal::Person(member.id);
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let bob = fixture.person(&identity, "bob@clinic.example").await;
    let invited = fixture.invite(&identity, "new@clinic.example").await.person;
    let elsewhere = identity
        .add_person(
            TenantId::random(),
            &new_person("other@clinic.example", vec![]),
            &console(),
            now(),
        )
        .await;
    let elsewhere = elsewhere.unwrap().confirm().await.unwrap().person;
    let disabled = identity
        .disable_person(fixture.tenant, bob.id, "left", console().approved_by, now())
        .await;
    disabled.unwrap().confirm().await.unwrap();
    let spec = right("clinician", 8);
    for approver in [bob.id, invited, elsewhere, PersonId::random()] {
        let by = Approval::by(Actor::person(approver));
        assert_eq!(
            refused(&identity, fixture, to(&ann), &spec, &by).await,
            AdminError::Approver
        );
    }
    let by_service = service(&identity, fixture, ServiceOwner::OsUser(os_user())).await;
    let by = Approval::by(Actor::Principal(by_service));
    assert_eq!(
        refused(&identity, fixture, to(&ann), &spec, &by).await,
        AdminError::Approver
    );
    // The holder must be of the tenant, and not disabled.
    let gone = refused(&identity, fixture, to(&bob), &spec, &console()).await;
    assert_eq!(gone, AdminError::Disabled);
    for nobody in [elsewhere, PersonId::random()] {
        let holder = Principal::Person(nobody);
        let refused = refused(&identity, fixture, holder, &spec, &console()).await;
        assert_eq!(refused, AdminError::NoSuchPerson);
    }
}

async fn integration_is_for_services_and_a_day(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = Principal::Person(fixture.person(&identity, "ann@clinic.example").await.id);
    let import = service(&identity, fixture, ServiceOwner::OsUser(os_user())).await;
    let day = right("integration", 24);
    let to_person = refused(&identity, fixture, ann, &day, &console()).await;
    assert_eq!(to_person, AdminError::ServicesOnly);
    let second = SignedDuration::from_secs(1);
    let longer = RightSpec {
        until: day.until + second,
        ..day.clone()
    };
    assert_eq!(
        refused(&identity, fixture, import, &longer, &console()).await,
        AdminError::TooLong
    );
    // The period counts from its start, not from the request; it cannot start in the past.
    let past = RightSpec {
        from: now() - SignedDuration::from_hours(9),
        ..longer
    };
    assert_eq!(
        refused(&identity, fixture, import, &past, &console()).await,
        AdminError::TooLong
    );
    give(&identity, fixture, import, &day).await;
    assert_eq!(
        names(&rights_at(&identity, fixture, import, now()).await),
        ["integration"]
    );
    let with_person = new_person("eve@clinic.example", vec![day]);
    let refused = identity
        .add_person(fixture.tenant, &with_person, &console(), now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::ServicesOnly);
}

async fn rights_have_a_reason_and_an_end(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = Principal::Person(fixture.person(&identity, "ann@clinic.example").await.id);
    let good = right("clinician", 8);
    for (spec, expected) in [
        (
            RightSpec {
                reason: " ".to_owned(),
                ..good.clone()
            },
            AdminError::Reason,
        ),
        (
            RightSpec {
                reason: "x".repeat(501),
                ..good.clone()
            },
            AdminError::Reason,
        ),
        (
            RightSpec {
                until: now(),
                ..good.clone()
            },
            AdminError::Period,
        ),
        (
            RightSpec {
                until: later(-1),
                from: later(-9),
                ..good.clone()
            },
            AdminError::Period,
        ),
        (
            RightSpec {
                until: later(366 * 86_400 + 1),
                ..good
            },
            AdminError::TooLong,
        ),
    ] {
        assert_eq!(
            refused(&identity, fixture, ann, &spec, &console()).await,
            expected
        );
    }
}

async fn first_rights_come_with_the_person(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let new = new_person(
        "ann@clinic.example",
        vec![right("clinician", 8), right("registration", 8)],
    );
    let prepared = identity
        .add_person(fixture.tenant, &new, &console(), now())
        .await
        .unwrap();
    let operations: Vec<_> = prepared
        .events()
        .iter()
        .map(vouchsafe_identity::Event::operation)
        .collect();
    assert_eq!(operations, ["person-add", "right-give", "right-give"]);
    let person = prepared.confirm().await.unwrap().person;
    let mut held = rights_at(&identity, fixture, Principal::Person(person), now()).await;
    held.sort_by(|a, b| a.role.cmp(&b.role));
    assert_eq!(names(&held), [role("clinician").as_str(), "registration"]);
    let bad = new_person("bob@clinic.example", vec![right("clinician", 0)]);
    let refused = identity
        .add_person(fixture.tenant, &bad, &console(), now())
        .await;
    assert_eq!(refused.unwrap_err(), AdminError::Period);
}

async fn rights_cannot_be_changed_or_deleted_in_the_database(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = Principal::Person(fixture.person(&identity, "ann@clinic.example").await.id);
    give(&identity, fixture, ann, &right("clinician", 8)).await;
    for statement in [
        "DELETE FROM rights",
        "UPDATE rights SET role = 'privacy-officer'",
        "UPDATE rights SET until_at = until_at + 1",
        "UPDATE rights SET approved_by = 'person/somebody-else'",
    ] {
        assert!(fixture.sql(statement).await.is_err(), "{statement}");
    }
    fixture
        .sql("UPDATE rights SET ended_at = 1, ended_by = 'x'")
        .await
        .unwrap();
    let undone = fixture
        .sql("UPDATE rights SET ended_at = NULL, ended_by = NULL")
        .await;
    assert!(undone.is_err());
}
