use jiff::Timestamp;
use vouchsafe_identity::{
    Activity, AuthenticationRefused, EnrolmentRefused, Identity, KEPT_AFTER_END, Swept,
};

use crate::fixture::{Fixture, console, later, now, on_both};

on_both!(
    what_is_over_goes_a_day_later,
    what_is_in_use_stays,
    a_sweep_takes_at_most_what_it_is_told,
    a_code_that_was_used_stays_used,
    many_sweep_while_people_sign_in,
);

/// The time at which a row that ended at `end` is old enough, plus this number of seconds.
fn due(end: Timestamp, seconds: i64) -> Timestamp {
    end + KEPT_AFTER_END + jiff::SignedDuration::from_secs(seconds)
}

async fn sweep(identity: &Identity, at: Timestamp) -> Swept {
    identity.sweep(at, 1000).await.unwrap()
}

async fn what_is_over_goes_a_day_later(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    let token = signed_in.token.expose();
    let session = identity.authenticate(token, Activity::User, now()).await;
    let signed_out = identity.sign_out(&session.unwrap().session, later(1));
    signed_out.confirm().await.unwrap();

    let nothing = sweep(&identity, due(now(), -1)).await;
    assert_eq!(nothing, Swept::default(), "not a day ago yet");
    let swept = sweep(&identity, due(later(1), 0)).await;
    assert_eq!((swept.sessions, swept.links), (1, 1));
    assert_eq!(
        swept.attempts, 1,
        "that of the network; hers were forgotten"
    );
    assert_eq!(sweep(&identity, due(later(2), 0)).await, Swept::default());
    // A deleted row is refused like an ended one.
    let other = fixture.identity().await;
    let refused = other.authenticate(token, Activity::User, later(2)).await;
    assert_eq!(refused.unwrap_err(), AuthenticationRefused::Ended);

    let old = identity.signing_key_id();
    let rotated = identity.rotate_signing_key(console().approved_by, later(3));
    rotated.unwrap().confirm().await.unwrap();
    assert_ne!(identity.signing_key_id(), old);
    assert_eq!(sweep(&identity, due(later(2), 0)).await.signing_keys, 0);
    assert_eq!(sweep(&identity, due(later(3), 0)).await.signing_keys, 1);
    assert_eq!(sweep(&identity, due(later(3), 0)).await.signing_keys, 0);
}

async fn what_is_in_use_stays(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    let invitation = fixture.invite(&identity, "ben@clinic.example").await;
    let signed_in = ann.sign_in(&identity, now()).await;
    // Rows that have not ended are not old, whatever their age. Her own link was used.
    let swept = sweep(&identity, due(now(), 0)).await;
    assert_eq!((swept.sessions, swept.links), (0, 1));
    identity
        .authenticate(signed_in.token.expose(), Activity::User, later(1))
        .await
        .unwrap();
    identity
        .enrolment(&invitation.token, later(1))
        .await
        .unwrap();

    // Sessions and links that nobody ended are deleted a day after their expiry.
    let swept = sweep(&identity, due(later(24 * 3600), 0)).await;
    assert_eq!((swept.sessions, swept.links), (1, 1));
    let gone = identity.enrolment(&invitation.token, later(1)).await;
    assert!(matches!(gone, Err(EnrolmentRefused::Link)));
    // The signing key is never retired, so it still exists, and so do all people.
    let again = fixture.identity().await;
    assert_eq!(again.signing_key_id(), identity.signing_key_id());
    ann.sign_in(&again, later(100 * 3600)).await;
}

async fn a_sweep_takes_at_most_what_it_is_told(fixture: &Fixture) {
    let identity = fixture.identity().await;
    for name in ["ann", "ben", "cay", "dan", "eve"] {
        fixture
            .invite(&identity, &format!("{name}@clinic.example"))
            .await;
    }
    let at = due(later(24 * 3600), 0);
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(identity.sweep(at, 2).await.unwrap().links);
    }
    assert_eq!(taken, [2, 2, 1, 0]);
}

async fn a_code_that_was_used_stays_used(fixture: &Fixture) {
    let identity = fixture.identity().await;
    let ann = fixture.person(&identity, "ann@clinic.example").await;
    ann.sign_in(&identity, now()).await;
    sweep(&identity, later(400 * 24 * 3600)).await;
    assert!(ann.try_sign_in(&identity, now()).await.is_err());
}

async fn many_sweep_while_people_sign_in(fixture: &Fixture) {
    let (here, there) = (fixture.identity().await, fixture.identity().await);
    let ann = fixture.person(&here, "ann@clinic.example").await;
    for round in 0..8 {
        let at = later(round * 25 * 3600);
        let (first, second, signed_in) = tokio::join!(
            here.sweep(at, 1000),
            there.sweep(at, 1000),
            ann.try_sign_in(&here, at),
        );
        first.unwrap();
        second.unwrap();
        signed_in.unwrap().confirm().await.unwrap();
    }
}
