use std::sync::Arc;

use vouchsafe_identity::{
    Actor, Credentials, Event, Identity, NetworkPrefix, NotDone, Occurrence, Password,
    SignInFailed, SignInRefusal,
};

use crate::fixture::{Fixture, Member, PASSWORD, console, later, network, now, on_both};

on_both!(
    password_and_code_sign_in,
    nothing_happens_before_it_is_confirmed,
    every_refusal_looks_alike_and_says_why_in_the_log,
    a_code_is_accepted_once,
    a_code_is_accepted_once_by_many_at_once,
    an_older_code_is_not_accepted_after_a_newer,
    too_many_attempts_are_not_tried,
    many_attempts_at_once_count_as_many,
    success_forgets_failures_of_the_account,
    what_is_not_tried_uses_up_nothing_of_others,
    strangers_lock_out_strangers_alone,
    a_familiar_network_has_its_own_bounds_and_ends,
    a_person_who_is_disabled_meanwhile_gets_no_session,
);

fn refusal(failed: SignInFailed) -> (Event, Option<jiff::Timestamp>) {
    let said = failed.to_string();
    match failed {
        SignInFailed::Refused { event, retry_at } => {
            assert_eq!(said, "login, password or code is wrong");
            (*event, retry_at)
        }
        other => panic!("{other:?}"),
    }
}

async fn refused(
    identity: &Identity,
    credentials: &Credentials,
    at: jiff::Timestamp,
) -> SignInRefusal {
    refused_from(identity, network(), credentials, at).await
}

async fn refused_from(
    identity: &Identity,
    network: NetworkPrefix,
    credentials: &Credentials,
    at: jiff::Timestamp,
) -> SignInRefusal {
    let failed = identity
        .sign_in(credentials, network, at)
        .await
        .unwrap_err();
    match refusal(failed).0.what {
        Occurrence::SignInRefused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn password_and_code_sign_in(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let prepared = ann.try_sign_in(&identity, now()).await.unwrap();
    let event = prepared.events()[0].clone();
    assert_eq!(event.operation(), "sign-in");
    assert_eq!(event.refusal(), None);
    assert_eq!(event.actor, Some(Actor::person(ann.id)));
    assert_eq!(event.tenant, Some(fixture.tenant));
    assert_eq!(event.network, Some(network()));
    let signed_in = prepared.confirm().await.unwrap();
    assert_eq!(event.session, Some(signed_in.session));
    assert_eq!(
        (signed_in.person, signed_in.tenant),
        (ann.id, fixture.tenant)
    );
    assert_eq!(signed_in.expires_at, later(1800));
    assert_eq!(format!("{:?}", signed_in.token), "[token]");
    // The login in another case; the code in two groups.
    let code = ann.code(later(60));
    let (head, tail) = code.split_at(3);
    let credentials = Credentials::new(
        " ANN@Clinic.Example ",
        Password::new(PASSWORD),
        &format!("{head} {tail}"),
    );
    identity
        .sign_in(&credentials, network(), later(60))
        .await
        .unwrap()
        .confirm()
        .await
        .unwrap();
}

async fn nothing_happens_before_it_is_confirmed(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    drop(ann.try_sign_in(&identity, now()).await.unwrap());
    assert_eq!(
        fixture
            .sql("UPDATE sessions SET network = network")
            .await
            .unwrap(),
        0
    );
}

async fn every_refusal_looks_alike_and_says_why_in_the_log(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    fixture.invite(&identity, "invited@clinic.example").await;
    let gone = fixture.person(&identity, "gone@clinic.example").await;
    let by = console().approved_by;
    let disabled = identity
        .disable_person(fixture.tenant, gone.id, "left", by, now())
        .await;
    disabled.unwrap().confirm().await.unwrap();
    let with = |login: &str, password: &str, code: &str| {
        Credentials::new(login, Password::new(password), code)
    };
    let code = ann.code(now());
    for (credentials, expected) in [
        (
            with("nobody@clinic.example", PASSWORD, &code),
            SignInRefusal::UnknownLogin,
        ),
        (with("", "", ""), SignInRefusal::UnknownLogin),
        (
            with("invited@clinic.example", PASSWORD, &code),
            SignInRefusal::NotEnrolled,
        ),
        (gone.credentials(now()), SignInRefusal::Disabled),
        (
            with(&ann.login, "seven otters under a Bridge", &code),
            SignInRefusal::WrongPassword,
        ),
        (
            with(&ann.login, PASSWORD, "000000"),
            SignInRefusal::WrongCode,
        ),
        (with(&ann.login, PASSWORD, ""), SignInRefusal::WrongCode),
    ] {
        assert_eq!(refused(&identity, &credentials, now()).await, expected);
    }
    let unknown = with("nobody@clinic.example", PASSWORD, &code);
    let (event, retry_at) = refusal(
        identity
            .sign_in(&unknown, network(), now())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (event.actor.clone(), event.tenant, event.session),
        (None, None, None)
    );
    assert_eq!((event.refusal(), retry_at), (Some("unknown-login"), None));
    assert!(!format!("{event:?}{unknown:?}").contains("nobody@"));
}

async fn a_code_is_accepted_once(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    ann.sign_in(&identity, now()).await;
    for seconds in [0, 10, 29] {
        let again = refused(&identity, &ann.credentials(now()), later(seconds)).await;
        assert_eq!(again, SignInRefusal::CodeReplayed);
    }
    // Also with a restarted service, and on another replica.
    let other = fixture.identity().await;
    let again = refused(&other, &ann.credentials(now()), later(1)).await;
    assert_eq!(again, SignInRefusal::CodeReplayed);
    ann.sign_in(&identity, later(30)).await;
}

async fn a_code_is_accepted_once_by_many_at_once(fixture: &Fixture) {
    let replicas = [
        Arc::new(fixture.identity().await),
        Arc::new(fixture.identity().await),
    ];
    let ann = fixture.person(&replicas[0], "ann@clinic.example").await;
    let tasks: Vec<_> = (0..64_u8)
        .map(|n| {
            let identity = Arc::clone(&replicas[usize::from(n % 2)]);
            let ann = ann.clone();
            tokio::spawn(async move {
                // From many networks: this is not a test of the throttle.
                let network = NetworkPrefix::of([10, 0, n, 1].into());
                let credentials = ann.credentials(now());
                loop {
                    match identity.sign_in(&credentials, network, now()).await {
                        Ok(prepared) => return prepared.confirm().await.is_ok(),
                        Err(SignInFailed::Busy) => {}
                        Err(_) => return false,
                    }
                }
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap());
    }
    assert_eq!(accepted, 1);
    assert_eq!(
        fixture
            .sql("UPDATE sessions SET network = network")
            .await
            .unwrap(),
        1
    );
}

async fn an_older_code_is_not_accepted_after_a_newer(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    // The code of the next step is accepted already, and then none before it.
    let ahead = Credentials::new(&ann.login, Password::new(PASSWORD), &ann.code(later(30)));
    identity
        .sign_in(&ahead, network(), now())
        .await
        .unwrap()
        .confirm()
        .await
        .unwrap();
    let older = refused(&identity, &ann.credentials(now()), now()).await;
    assert_eq!(older, SignInRefusal::CodeReplayed);
}

fn wrong(login: &str) -> Credentials {
    Credentials::new(login, Password::new("not the password at all"), "000000")
}

async fn too_many_attempts_are_not_tried(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    for login in [ann.login.as_str(), "nobody@clinic.example"] {
        for _ in 0..5 {
            assert_ne!(
                refused(&identity, &wrong(login), now()).await,
                SignInRefusal::Throttled
            );
        }
        let failed = identity
            .sign_in(&wrong(login), network(), later(60))
            .await
            .unwrap_err();
        let (event, retry_at) = refusal(failed);
        assert_eq!(event.refusal(), Some("throttled"));
        assert_eq!(retry_at, Some(later(900)));
    }
    // The right password does not help, nor does another replica; another network does, and so does time.
    let other = fixture.identity().await;
    assert_eq!(
        refused(&other, &ann.credentials(now()), later(1)).await,
        SignInRefusal::Throttled
    );
    let elsewhere = NetworkPrefix::of("198.51.100.1".parse().unwrap());
    other
        .sign_in(&ann.credentials(now()), elsewhere, now())
        .await
        .unwrap()
        .confirm()
        .await
        .unwrap();
    let (nobody, at) = (wrong("nobody@clinic.example"), later(901));
    assert_eq!(
        refused(&identity, &nobody, at).await,
        SignInRefusal::UnknownLogin
    );
}

async fn many_attempts_at_once_count_as_many(fixture: &Fixture) {
    let identity = Arc::new(fixture.identity().await);
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let (identity, login) = (Arc::clone(&identity), ann.login.clone());
            tokio::spawn(async move { refused(&identity, &wrong(&login), now()).await })
        })
        .collect();
    let mut tried = 0;
    for task in tasks {
        tried += usize::from(task.await.unwrap() != SignInRefusal::Throttled);
    }
    assert_eq!(tried, 5);
}

async fn success_forgets_failures_of_the_account(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    for round in 0..3 {
        for _ in 0..4 {
            let refused = refused(&identity, &wrong(&ann.login), later(round * 60)).await;
            assert_eq!(refused, SignInRefusal::WrongPassword);
        }
        ann.sign_in(&identity, later(round * 60)).await;
    }
    // Far later, the counters are gone altogether.
    refused(&identity, &wrong("nobody@clinic.example"), later(90_000)).await;
    assert_eq!(
        fixture
            .sql("UPDATE throttle SET attempts = attempts")
            .await
            .unwrap(),
        4
    );
}

/// One of many networks, all different from that of [`network`].
fn stranger(number: u8) -> NetworkPrefix {
    NetworkPrefix::of([10, 0, number, 1].into())
}

async fn what_is_not_tried_uses_up_nothing_of_others(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    // More than her account's daily limit, from one network.
    for attempt in 0..120 {
        let refused = refused_from(&identity, stranger(1), &wrong(&ann.login), now()).await;
        assert_eq!(refused == SignInRefusal::Throttled, attempt >= 5);
    }
    // Neither she from elsewhere nor others there are affected.
    let other = refused_from(
        &identity,
        stranger(1),
        &wrong("other@clinic.example"),
        now(),
    )
    .await;
    assert_eq!(other, SignInRefusal::UnknownLogin);
    ann.sign_in(&identity, later(1)).await;
}

async fn strangers_lock_out_strangers_alone(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    ann.sign_in(&identity, now()).await;
    let mut tried = 0;
    for attempt in 0..200_u8 {
        let network = stranger(attempt / 5);
        // Slowly enough for all limits except the daily one.
        let at = later(60 + i64::from(attempt) * 60);
        let refused = refused_from(&identity, network, &wrong(&ann.login), at).await;
        tried += u32::from(refused != SignInRefusal::Throttled);
    }
    assert_eq!(tried, 50, "half of what NIST SP 800-63B allows");
    // From elsewhere even the right password is not tried; from her usual network it is.
    let at = later(60 + 200 * 60);
    let elsewhere = refused_from(&identity, stranger(200), &ann.credentials(at), at).await;
    assert_eq!(elsewhere, SignInRefusal::Throttled);
    ann.sign_in(&identity, at).await;
    // Her sign-in gives strangers no further attempts.
    let again = refused_from(&identity, stranger(201), &wrong(&ann.login), at).await;
    assert_eq!(again, SignInRefusal::Throttled);
}

async fn a_familiar_network_has_its_own_bounds_and_ends(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    ann.sign_in(&identity, now()).await;
    let mut tried = 0;
    for attempt in 0..80 {
        let at = later(60 + attempt * 200);
        let refused = refused(&identity, &wrong(&ann.login), at).await;
        tried += u32::from(refused != SignInRefusal::Throttled);
    }
    assert_eq!(tried, 50);
    // Thirty days after the last sign-in it is a network like any other.
    let month = 30 * 24 * 3600;
    for (at, networks) in [(later(month - 1), 0), (later(month), 1)] {
        let due = at + vouchsafe_identity::KEPT_AFTER_END;
        assert_eq!(identity.sweep(due, 1000).await.unwrap().networks, networks);
    }
}

async fn a_person_who_is_disabled_meanwhile_gets_no_session(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann: Member = fixture.person(&identity, "ann@clinic.example").await;
    let prepared = ann.try_sign_in(&identity, now()).await.unwrap();
    let by = console().approved_by;
    let disabled = identity
        .disable_person(fixture.tenant, ann.id, "left", by, now())
        .await;
    disabled.unwrap().confirm().await.unwrap();
    assert_eq!(prepared.confirm().await.unwrap_err(), NotDone::Overtaken);
}
