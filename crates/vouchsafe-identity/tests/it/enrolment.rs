use vouchsafe_identity::{
    Actor, AdminError, EnrolmentRefused, EnrolmentToken, NotDone, Occurrence, Password,
    PasswordRefused, PersonState,
};

use crate::fixture::{
    Fixture, Member, PASSWORD, console, enrol, later, network, new_person, now, on_both, right,
};

on_both!(
    the_first_administrator_comes_from_the_first_start,
    there_is_one_first_start_only,
    a_link_works_once,
    a_link_ends_after_a_day,
    a_link_that_is_made_up_is_refused,
    a_link_used_by_two_at_once_works_for_one,
    a_bad_password_or_code_uses_nothing_up,
    a_new_link_voids_the_old_and_ends_sessions,
    nothing_secret_is_stored_in_clear,
);

async fn the_first_administrator_comes_from_the_first_start(fixture: &Fixture) {
    let identity = fixture.identity().await;
    assert_eq!(identity.first_administrator_enrolled().await, Ok(false));
    let new = new_person(
        "admin@clinic.example",
        vec![right("security-administrator", 24 * 365)],
    );
    let prepared = identity
        .add_first_administrator(fixture.tenant, &new, now())
        .await
        .unwrap();
    assert_eq!(prepared.events().len(), 2);
    assert!(
        prepared
            .events()
            .iter()
            .all(|event| event.actor == Some(Actor::FirstStart))
    );
    assert!(matches!(
        prepared.events()[1].what,
        Occurrence::RightGiven { .. }
    ));
    // Nothing has happened yet.
    assert!(identity.people(fixture.tenant).await.unwrap().is_empty());
    let invitation = prepared.confirm().await.unwrap();
    assert_eq!(identity.first_administrator_enrolled().await, Ok(false));
    let admin = enrol(&identity, &invitation, "admin@clinic.example").await;
    assert_eq!(identity.first_administrator_enrolled().await, Ok(true));
    let detail = identity
        .person(fixture.tenant, admin.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.person.state, PersonState::Active);
    assert_eq!(detail.rights[0].approved_by, "first-start");
    admin.sign_in(&identity, now()).await;
}

async fn there_is_one_first_start_only(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let one = new_person("one@clinic.example", vec![]);
    let two = new_person("two@clinic.example", vec![]);
    let first = identity
        .add_first_administrator(fixture.tenant, &one, now())
        .await
        .unwrap();
    let second = identity
        .add_first_administrator(fixture.tenant, &two, now())
        .await
        .unwrap();
    first.confirm().await.unwrap();
    assert_eq!(second.confirm().await.unwrap_err(), NotDone::Overtaken);
    let third = identity
        .add_first_administrator(fixture.tenant, &two, now())
        .await;
    assert_eq!(third.unwrap_err(), AdminError::NotFirstStart);
    assert_eq!(identity.people(fixture.tenant).await.unwrap().len(), 1);
}

async fn a_link_works_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    let page = identity.enrolment(&invitation.token, now()).await.unwrap();
    assert_eq!(
        (page.name.as_str(), page.login.as_str()),
        ("Ann Example", "ann@clinic.example")
    );
    assert!(page.uri.contains(page.secret.as_str()));
    let member = enrol(&identity, &invitation, "ann@clinic.example").await;
    let again = identity
        .enrolment(&invitation.token, now())
        .await
        .unwrap_err();
    assert_eq!(again, EnrolmentRefused::Link);
    let password = Password::new("another one altogether");
    let code = member.code(now());
    let again = identity
        .enrol(&invitation.token, &password, &code, network(), now())
        .await;
    assert_eq!(again.unwrap_err(), EnrolmentRefused::Link);
    member.sign_in(&identity, now()).await;
}

async fn a_link_ends_after_a_day(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    assert_eq!(invitation.expires_at, later(24 * 3600));
    identity
        .enrolment(&invitation.token, later(24 * 3600 - 1))
        .await
        .unwrap();
    let over = later(24 * 3600);
    let expired = identity
        .enrolment(&invitation.token, over)
        .await
        .unwrap_err();
    assert_eq!(expired, EnrolmentRefused::Link);
    let password = Password::new(PASSWORD);
    let expired = identity
        .enrol(&invitation.token, &password, "123456", network(), over)
        .await;
    assert_eq!(expired.unwrap_err(), EnrolmentRefused::Link);
}

async fn a_link_that_is_made_up_is_refused(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    let real = invitation.token.expose().to_owned();
    for made_up in [
        "",
        "x",
        "' OR '1'='1",
        &real.to_lowercase(),
        &format!("{real}="),
    ] {
        let token = EnrolmentToken::from_link(made_up);
        let refused = identity.enrolment(&token, now()).await.unwrap_err();
        assert_eq!(refused, EnrolmentRefused::Link, "{made_up}");
    }
}

async fn a_link_used_by_two_at_once_works_for_one(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    let page = identity.enrolment(&invitation.token, now()).await.unwrap();
    let member = Member::new(invitation.person, "ann@clinic.example", &page.secret);
    let code = member.code(later(-30));
    let mut prepared = Vec::new();
    for password in [PASSWORD, "a password of a thief who is quick"] {
        let password = Password::new(password);
        let ready = identity
            .enrol(&invitation.token, &password, &code, network(), now())
            .await;
        prepared.push(ready.unwrap());
    }
    let thief = prepared.pop().unwrap();
    let owner = prepared.pop().unwrap();
    let (owner, thief) = tokio::join!(owner.confirm(), thief.confirm());
    assert_eq!(
        [owner.is_ok(), thief.is_ok()]
            .iter()
            .filter(|done| **done)
            .count(),
        1
    );
}

async fn a_bad_password_or_code_uses_nothing_up(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let invitation = fixture.invite(&identity, "ann@clinic.example").await;
    let page = identity.enrolment(&invitation.token, now()).await.unwrap();
    let member = Member::new(invitation.person, "ann@clinic.example", &page.secret);
    let code = member.code(now());
    for (password, code, expected) in [
        (
            "too short",
            code.as_str(),
            EnrolmentRefused::Password(PasswordRefused::TooShort),
        ),
        (
            "Ann Example 2026!",
            &code,
            EnrolmentRefused::Password(PasswordRefused::Guessable),
        ),
        (PASSWORD, "000000", EnrolmentRefused::Code),
        (PASSWORD, &member.code(later(-300)), EnrolmentRefused::Code),
    ] {
        let password = Password::new(password);
        let refused = identity
            .enrol(&invitation.token, &password, code, network(), now())
            .await;
        assert_eq!(refused.unwrap_err(), expected);
    }
    let page = identity.enrolment(&invitation.token, now()).await.unwrap();
    assert_eq!(page.person, invitation.person);
    enrol(&identity, &invitation, "ann@clinic.example").await;
}

async fn a_new_link_voids_the_old_and_ends_sessions(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let by = console().approved_by;
    let mut links = Vec::new();
    for _ in 0..2 {
        let renewed = identity
            .renew_enrolment(fixture.tenant, ann.id, by.clone(), now())
            .await;
        links.push(renewed.unwrap().confirm().await.unwrap());
    }
    let void = identity
        .enrolment(&links[0].token, now())
        .await
        .unwrap_err();
    assert_eq!(void, EnrolmentRefused::Link);
    let own = identity
        .renew_enrolment(fixture.tenant, ann.id, Actor::person(ann.id), now())
        .await;
    assert_eq!(own.unwrap_err(), AdminError::SelfGiven);
    // Until the new factors are set, the old ones stay valid.
    identity
        .authenticate(
            signed_in.token.expose(),
            vouchsafe_identity::Activity::User,
            now(),
        )
        .await
        .unwrap();
    let again = enrol(&identity, &links[1], "ann@clinic.example").await;
    let ended = identity
        .authenticate(
            signed_in.token.expose(),
            vouchsafe_identity::Activity::User,
            now(),
        )
        .await;
    assert_eq!(
        ended.unwrap_err(),
        vouchsafe_identity::AuthenticationRefused::Ended
    );
    assert!(ann.try_sign_in(&identity, later(60)).await.is_err());
    again.sign_in(&identity, later(90)).await;
}

async fn nothing_secret_is_stored_in_clear(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let bob = fixture.invite(&identity, "bob@clinic.example").await;
    let vouchsafe_database::Location::Sqlite { path } = &fixture.location else {
        return;
    };
    for file in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{file}", path.display())).unwrap();
        for secret in [
            PASSWORD,
            signed_in.token.expose(),
            bob.token.expose(),
            ann.secret(),
        ] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            );
        }
    }
}
