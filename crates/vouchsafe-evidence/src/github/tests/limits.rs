//! Limits of the forge, failures of the way there, and runs that are broken off.

use super::double::Body;
use super::*;

const KEYS: &str = "/repos/o/r/keys";

fn once(path: &'static str, reply: Reply) -> impl Fn(&Request) -> Option<Reply> + Send + Sync {
    move |request| (request.path == path && request.times == 1).then(|| reply.clone())
}

#[test]
fn a_limit_is_waited_for_as_long_as_the_forge_says() {
    // 2026-02-01T12:02:00Z.
    let reset = 1_769_947_320;
    let secondary = "You have exceeded a secondary rate limit. Please wait.";
    let cases = [
        (Reply::refusal(429, "slow down").with("retry-after", 17), 18),
        (Reply::refusal(403, secondary).with("retry-after", 40), 41),
        (Reply::refusal(403, secondary), 60),
        (Reply::refusal(429, "slow down"), 60),
        (
            Reply::refusal(403, "API rate limit exceeded")
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", reset),
            121,
        ),
    ];
    for (reply, seconds) in cases {
        let mut scene = Scene::new();
        let double = scene.double(once(KEYS, reply));
        scene.whole(&double);
        assert_eq!(scene.pace.slept, [seconds]);
        assert_eq!(double.times(KEYS), 2);
        // A limit is no page.
        assert!(scene.saved().iter().all(|page| page.status == 200));
    }
}

#[test]
fn a_refusal_of_rights_is_not_taken_for_a_limit() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        let reply = Reply::refusal(403, "Resource not accessible by integration");
        (request.path == KEYS).then(|| reply.with("x-ratelimit-remaining", 4999))
    });
    scene.whole(&double);
    assert_eq!(double.times(KEYS), 1);
    assert!(scene.pace.slept.is_empty());
}

#[test]
fn the_last_call_of_an_hour_is_followed_by_a_wait() {
    let mut scene = Scene::new();
    let (_, body) = scene.forge.body(KEYS).unwrap();
    let reply = Reply::json(&body)
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", 1_769_947_320);
    let double = scene.double(once(KEYS, reply));
    scene.whole(&double);
    assert_eq!(scene.pace.slept, [121]);
}

#[test]
fn a_limit_that_lasts_too_long_stops_the_run_and_says_when_to_start_again() {
    let mut scene = Scene::new();
    let reset = 1_769_947_200 + 3_000;
    let reply = Reply::refusal(403, "API rate limit exceeded")
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", reset);
    let double = scene.double(once("/repos/o/r/pulls/2/reviews", reply));
    let summary = scene.collect(&double).unwrap();
    let stopped = summary.stopped.clone().unwrap();
    assert!(
        stopped.contains("2026-02-01T12:50:01Z") && stopped.contains("--out"),
        "{stopped}"
    );
    assert!(!summary.is_whole() && summary.saved > 10);
    assert!(scene.pace.slept.is_empty());
    // The second start goes on: what is there of changes is not asked for again.
    scene.pace.now += Duration::from_secs(3_100);
    let summary = scene.whole(&double);
    assert!(summary.settled >= 10, "{summary}");
    assert_eq!(double.times("/repos/o/r/pulls/1/reviews"), 1);
    assert_eq!(double.times("/repos/o/r/pulls/2/reviews"), 2);
}

#[test]
fn a_limit_that_never_ends_stops_the_run() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        (request.path == KEYS).then(|| Reply::refusal(429, "slow down").with("retry-after", 1))
    });
    assert!(scene.collect(&double).unwrap().stopped.is_some());
    assert_eq!(double.times(KEYS), 5);
}

#[test]
fn a_failure_is_tried_again_with_longer_waits() {
    for body in [Body::None, Body::Text("oops".to_owned())] {
        let mut scene = Scene::new();
        let double = scene.double(move |request| {
            (request.path == KEYS && request.times < 4).then(|| Reply::of(502, body.clone()))
        });
        scene.whole(&double);
        assert_eq!(scene.pace.slept, [1, 2, 4]);
    }
}

#[test]
fn a_forge_that_fails_all_the_time_is_not_asked_for_ever() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        (request.number > 6).then(|| Reply::of(503, Body::Text("{}".to_owned())))
    });
    let summary = scene.collect(&double).unwrap();
    assert!(summary.stopped.unwrap().contains("does not answer"));
    assert_eq!(double.seen().len(), 6 + 3 * 5);
    // One question that fails is a gap, and the others are asked.
    let double = scene.double(|request| {
        (request.path == KEYS).then(|| Reply::of(503, Body::Text("{}".to_owned())))
    });
    let summary = scene.collect(&double).unwrap();
    assert!(summary.stopped.is_none() && !summary.is_whole());
    assert_eq!(scene.page(KEYS).status, 503);
}

#[test]
fn nobody_there_is_said_so() {
    let mut scene = Scene::new();
    let double = scene.double(|_| Some(Reply::of(200, Body::None)));
    assert!(matches!(scene.stop(&double), Stop::Unreachable));
    assert!(scene.saved().is_empty());
}

/// Broken off after every number of calls, a run and its continuation come to what an unbroken one does.
#[test]
fn a_run_that_was_broken_off_anywhere_is_finished_by_the_next() {
    let mut unbroken = Scene::new();
    let calls = unbroken.whole(&unbroken.double(|_| None)).calls;
    let content = |scene: &Scene| -> Vec<_> {
        let pages = scene.last().into_iter();
        pages
            // The second start asks for the pushes of a shorter period.
            .filter(|((_, query), _)| !query.contains("time_period=day"))
            .map(|(key, page)| (key, page.status, page.value()))
            .collect()
    };
    let expected = content(&unbroken);
    for length in 1..calls {
        let mut scene = Scene::on(&unbroken.repo, &unbroken.forge.commits);
        scene.limits.attempts = 0;
        let length = usize::try_from(length).unwrap();
        let broken = scene
            .double(move |request| (request.number > length).then(|| Reply::of(200, Body::None)));
        let _ = scene.collect(&broken);
        scene.whole(&scene.double(|_| None));
        assert_eq!(content(&scene), expected, "after {length} calls");
    }
}
