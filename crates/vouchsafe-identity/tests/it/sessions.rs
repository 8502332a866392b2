use std::time::{Duration, Instant};

use vouchsafe::ids::{PersonId, RecordId, RightId};
use vouchsafe::session::{Assurance, Principal, TokenRefused};
use vouchsafe_identity::{
    Activity, Actor, AuthenticationRefused, Identity, Occurrence, RecordLink,
};

use crate::fixture::{Fixture, console, later, now, on_both, right};

on_both!(
    a_token_gives_its_session,
    rights_and_records_come_with_the_session_and_go_at_once,
    what_is_taken_back_elsewhere_is_gone_from_a_session_within_a_second,
    a_session_ends_at_once_by_signing_out,
    a_session_ended_elsewhere_ends_here_within_a_second,
    a_disabled_person_is_out_at_once,
    an_idle_session_ends,
    background_requests_are_no_activity,
    a_session_ends_after_twelve_hours_whatever_happens,
    a_token_ends_though_it_is_remembered,
    a_session_that_never_began_is_refused,
    signing_keys_rotate_without_a_refused_token,
    a_row_of_another_person_does_not_serve_a_token,
);

async fn a_token_gives_its_session(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    for _ in 0..3 {
        let session = identity
            .authenticate(signed_in.token.expose(), Activity::User, later(1))
            .await
            .unwrap()
            .session;
        assert_eq!(session.id(), signed_in.session);
        assert_eq!(session.tenant(), fixture.tenant);
        assert_eq!(session.principal(), Principal::Person(ann.id));
        assert_eq!(session.assurance(), Assurance::TwoFactor);
    }
    let token = format!("{}x", signed_in.token.expose());
    let refused = identity
        .authenticate(&token, Activity::User, later(1))
        .await
        .unwrap_err();
    assert!(matches!(refused, AuthenticationRefused::Token(_)));
    // It works on another replica, and after a restart.
    let other = fixture.identity().await;
    other
        .authenticate(signed_in.token.expose(), Activity::Background, later(1))
        .await
        .unwrap();
}

/// Number of rights and of records of a session.
async fn comes_with(identity: &Identity, token: &str) -> (usize, usize) {
    let standing = identity.authenticate(token, Activity::Background, now());
    let standing = standing.await.unwrap();
    (standing.rights.len(), standing.links.len())
}

/// Grants a right and links a record.
async fn give(fixture: &Fixture, identity: &Identity, person: PersonId) -> (RightId, RecordLink) {
    let (holder, clinician) = (Principal::Person(person), right("clinician", 1));
    let by = console();
    let given = identity.give_right(fixture.tenant, holder, &clinician, &by, now());
    let id = given.await.unwrap().confirm().await.unwrap();
    let record = RecordLink {
        record_type: "Practitioner".parse().unwrap(),
        id: RecordId::random(),
    };
    let linked = identity.link(fixture.tenant, person, &record, by.approved_by, now());
    linked.await.unwrap().confirm().await.unwrap();
    (id, record)
}

async fn take_back(fixture: &Fixture, identity: &Identity, id: RightId, record: &RecordLink) {
    let by = console().approved_by;
    let ended = identity.end_right(fixture.tenant, id, "left", by.clone(), now());
    ended.await.unwrap().confirm().await.unwrap();
    let unlinked = identity.unlink(fixture.tenant, record, by, now());
    unlinked.await.unwrap().confirm().await.unwrap();
}

async fn rights_and_records_come_with_the_session_and_go_at_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    assert_eq!(comes_with(&identity, token).await, (0, 0));
    let (id, record) = give(fixture, &identity, ann.id).await;
    assert_eq!(comes_with(&identity, token).await, (1, 1));
    // A right that has not begun is not included, though the look-up is cached.
    let before = identity.authenticate(token, Activity::Background, later(-1));
    assert_eq!(before.await.unwrap().rights.len(), 0);
    take_back(fixture, &identity, id, &record).await;
    assert_eq!(comes_with(&identity, token).await, (0, 0));
}

async fn what_is_taken_back_elsewhere_is_gone_from_a_session_within_a_second(fixture: &Fixture) {
    let (here, there) = (fixture.identity().await, fixture.identity().await);
    let ann = fixture.person(&here, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&here, now()).await;
    let token = signed_in.token.expose();
    let (id, record) = give(fixture, &here, ann.id).await;
    assert_eq!(comes_with(&here, token).await, (1, 1));
    take_back(fixture, &there, id, &record).await;
    let since = Instant::now();
    while comes_with(&here, token).await != (0, 0) {
        assert!(
            since.elapsed() < Duration::from_secs(1),
            "held for more than a second"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_session_ends_at_once_by_signing_out(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    let session = identity
        .authenticate(token, Activity::User, now())
        .await
        .unwrap();
    let prepared = identity.sign_out(&session.session, later(1));
    assert_eq!(prepared.events()[0].what, Occurrence::SignedOut);
    assert_eq!(prepared.events()[0].actor, Some(Actor::person(ann.id)));
    identity
        .authenticate(token, Activity::User, later(1))
        .await
        .unwrap();
    prepared.confirm().await.unwrap();
    let refused = identity
        .authenticate(token, Activity::User, later(1))
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Ended);
}

async fn a_session_ended_elsewhere_ends_here_within_a_second(fixture: &Fixture) {
    let (here, there) = (fixture.identity().await, fixture.identity().await);
    let ann = fixture.person(&here, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&here, now()).await;
    let token = signed_in.token.expose();
    let session = here
        .authenticate(token, Activity::User, now())
        .await
        .unwrap();
    there
        .sign_out(&session.session, now())
        .confirm()
        .await
        .unwrap();
    let since = Instant::now();
    while here
        .authenticate(token, Activity::User, now())
        .await
        .is_ok()
    {
        assert!(
            since.elapsed() < Duration::from_secs(1),
            "accepted for more than a second"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_disabled_person_is_out_at_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    identity
        .authenticate(token, Activity::User, now())
        .await
        .unwrap();
    let by = console().approved_by;
    let prepared = identity
        .disable_person(fixture.tenant, ann.id, "left", by, now())
        .await
        .unwrap();
    identity
        .authenticate(token, Activity::User, now())
        .await
        .unwrap();
    prepared.confirm().await.unwrap();
    let refused = identity
        .authenticate(token, Activity::User, now())
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Ended);
    // Even a session that was not deleted would not help.
    fixture
        .sql("UPDATE sessions SET revoked_at = NULL")
        .await
        .unwrap();
    let other = fixture.identity().await;
    let refused = other
        .authenticate(token, Activity::User, now())
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Disabled);
    assert!(ann.try_sign_in(&identity, later(60)).await.is_err());
}

async fn an_idle_session_ends(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    identity
        .authenticate(token, Activity::User, later(600))
        .await
        .unwrap();
    identity
        .authenticate(token, Activity::User, later(600 + 899))
        .await
        .unwrap();
    // The token lives 30 minutes here, so it has not expired.
    let idle = identity
        .authenticate(token, Activity::User, later(600 + 899))
        .await;
    idle.unwrap();
    let bob = fixture.person(&identity, "bob@clinic.example").await;
    let signed_in = bob.sign_in(&identity, now()).await;
    let refused = identity
        .authenticate(signed_in.token.expose(), Activity::User, later(900))
        .await;
    assert_eq!(refused.unwrap_err(), AuthenticationRefused::Idle);
}

async fn background_requests_are_no_activity(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    for minute in 1..15 {
        identity
            .authenticate(token, Activity::Background, later(minute * 60))
            .await
            .unwrap();
    }
    let refused = identity
        .authenticate(token, Activity::Background, later(900))
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Idle);
}

async fn a_session_ends_after_twelve_hours_whatever_happens(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    // As if it had begun twelve hours ago, with activity all along.
    fixture
        .sql("UPDATE sessions SET expires_at = active_at")
        .await
        .unwrap();
    let refused = identity
        .authenticate(signed_in.token.expose(), Activity::User, now())
        .await;
    assert_eq!(refused.unwrap_err(), AuthenticationRefused::Ended);
    fixture
        .sql("UPDATE sessions SET expires_at = created_at + 43200000000")
        .await
        .unwrap();
    let rows = fixture
        .sql("UPDATE sessions SET network = network WHERE expires_at = created_at + 43200000000");
    assert_eq!(rows.await.unwrap(), 1);
}

async fn a_token_ends_though_it_is_remembered(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    identity
        .authenticate(token, Activity::User, later(890))
        .await
        .unwrap();
    identity
        .authenticate(token, Activity::User, later(1780))
        .await
        .unwrap();
    let refused = identity
        .authenticate(token, Activity::User, later(1800))
        .await
        .unwrap_err();
    assert_eq!(refused, AuthenticationRefused::Token(TokenRefused::Expired));
}

async fn a_session_that_never_began_is_refused(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    fixture.sql("DELETE FROM sessions").await.unwrap();
    let other = fixture.identity().await;
    let refused = other
        .authenticate(signed_in.token.expose(), Activity::User, now())
        .await;
    assert_eq!(refused.unwrap_err(), AuthenticationRefused::Ended);
}

async fn signing_keys_rotate_without_a_refused_token(fixture: &Fixture) {
    let (here, there) = (fixture.identity().await, fixture.identity().await);
    let ann = fixture.person(&here, "ann@clinic.example").await;
    let before = ann.sign_in(&here, now()).await;
    let old = here.signing_key_id();
    assert_eq!(old, there.signing_key_id());
    let by = console().approved_by;
    let prepared = here.rotate_signing_key(by.clone(), now()).unwrap();
    let named = prepared.events()[0].what.clone();
    let late = there.rotate_signing_key(by, now()).unwrap();
    let change = prepared.confirm().await.unwrap();
    assert_eq!(named, Occurrence::SigningKeyMade(change.key_id.clone()));
    assert!(late.confirm().await.is_err(), "two replicas rotate once");
    assert_ne!(change.key_id, old);
    assert_eq!(here.signing_key_id(), change.key_id);
    assert_eq!(change.before_until, later(1800));
    // Tokens of both keys, on both replicas; the other one finds the new key by itself.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let after = ann.sign_in(&here, later(30)).await;
    for identity in [&here, &there] {
        for token in [before.token.expose(), after.token.expose()] {
            identity
                .authenticate(token, Activity::User, later(31))
                .await
                .unwrap();
        }
    }
    here.reload_signing_keys(later(1799)).await.unwrap();
    assert_eq!(
        here.verifying_keys().jwks()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    here.reload_signing_keys(later(1800)).await.unwrap();
    assert_eq!(
        here.verifying_keys().jwks()["keys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_row_of_another_person_does_not_serve_a_token(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    fixture.person(&identity, "bob@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let others =
        "UPDATE sessions SET person = (SELECT id FROM people WHERE login = 'bob@clinic.example')";
    fixture.sql(others).await.unwrap();
    let refused = identity
        .authenticate(signed_in.token.expose(), Activity::User, now())
        .await;
    assert_eq!(refused.unwrap_err(), AuthenticationRefused::Ended);
}
