//! Answers that must not be taken for answers, and places that the token must not reach.

use serde_json::json;

use super::double::Body;
use super::*;

const REVIEWS: &str = "/repos/o/r/pulls/1/reviews";

fn on(path: &'static str, reply: Reply) -> impl Fn(&Request) -> Option<Reply> + Send + Sync {
    move |request| (request.path == path).then(|| reply.clone())
}

/// What one reply in place of the reviews of a pull request comes to.
fn instead_of_reviews(reply: Reply) -> (Scene, Summary, Double) {
    let mut scene = Scene::new();
    let double = scene.double(on(REVIEWS, reply));
    let summary = scene.collect(&double).unwrap();
    (scene, summary, double)
}

fn is_missing(summary: &Summary, path: &str) -> bool {
    !summary.is_whole() && summary.missing.iter().any(|line| line.starts_with(path))
}

#[test]
fn a_refusal_is_saved_and_told_and_never_an_answer() {
    for status in [403, 404, 410, 422] {
        let (scene, summary, _) = instead_of_reviews(Reply::refusal(status, "Not Found"));
        assert!(is_missing(&summary, REVIEWS), "{summary}");
        let page = scene.page(REVIEWS);
        assert!(page.status == status && !page.is_answer());
    }
}

#[test]
fn what_a_workflow_may_not_see_is_told_apart() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        let refusal = Reply::refusal(403, "Resource not accessible by integration");
        match request.path.as_str() {
            "/repos/o/r/branches/main/protection"
            | "/repos/o/r/keys"
            | "/repos/o/r/rulesets/rule-suites" => Some(refusal),
            "/orgs/o" => Some(Reply::json(&json!({"login": "o"}))),
            _ => None,
        }
    });
    let summary = scene.collect(&double).unwrap();
    // Nothing that could be asked for is missing.
    assert!(summary.is_whole(), "{summary}");
    let hidden: Vec<_> = summary
        .hidden
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    let paths = [
        "/orgs/o",
        "/repos/o/r/branches/main/protection",
        "/repos/o/r/keys",
        "/repos/o/r/rulesets/rule-suites",
    ];
    assert_eq!(hidden, paths);
    assert_eq!(scene.page("/repos/o/r/keys").status, 403);
}

#[test]
fn a_body_that_is_cut_is_asked_for_again_and_is_no_answer() {
    for body in [
        Body::Cut("[]".to_owned()),
        Body::Text("[{".to_owned()),
        Body::Text(String::new()),
    ] {
        let (scene, summary, double) = instead_of_reviews(Reply::of(200, body));
        assert!(is_missing(&summary, REVIEWS), "{summary}");
        assert_eq!(double.times(REVIEWS), 5);
        let page = scene.page(REVIEWS);
        assert!(page.status == 200 && !page.complete && page.body.is_none());
    }
}

#[test]
fn a_body_without_end_is_cut_at_its_bound() {
    for body in [Body::Endless, Body::Huge] {
        let (scene, summary, double) = instead_of_reviews(Reply::of(200, body));
        assert!(is_missing(&summary, REVIEWS), "{summary}");
        assert_eq!(double.times(REVIEWS), 1);
        assert!(!scene.page(REVIEWS).complete);
    }
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let mut scene = Scene::new();
    scene.limits.stall = Duration::from_millis(50);
    scene.limits.attempts = 1;
    let double = scene.double(on(REVIEWS, Reply::of(200, Body::Stalled)));
    let summary = scene.collect(&double).unwrap();
    assert!(is_missing(&summary, REVIEWS), "{summary}");
}

/// Each piece comes in time, all of them do not.
#[test]
fn a_body_that_drips_is_given_up() {
    let mut scene = Scene::new();
    scene.limits.body_bytes = u64::MAX;
    scene.limits.attempts = 0;
    scene.pace.step = Duration::from_millis(100);
    let double = scene.double(on(REVIEWS, Reply::of(200, Body::Endless)));
    let summary = scene.collect(&double).unwrap();
    assert!(is_missing(&summary, REVIEWS), "{summary}");
}

#[test]
fn a_field_that_changed_is_saved_with_a_mark_and_told() {
    let mut scene = Scene::new();
    let mut review = scene.forge.review(1, 1);
    let state = review.as_object_mut().unwrap().remove("state").unwrap();
    review["review_state"] = state;
    let double = scene.double(on(REVIEWS, Reply::json(&json!([review]))));
    let summary = scene.collect(&double).unwrap();
    assert!(!summary.is_whole());
    let line = format!("{REVIEWS}: [].state is missing");
    assert_eq!(summary.changed.iter().collect::<Vec<_>>(), [&line]);
    assert_eq!(scene.page(REVIEWS).changed, ["[].state is missing"]);
    // A later start asks again.
    scene.whole(&scene.double(|_| None));
    assert!(scene.page(REVIEWS).changed.is_empty());
}

#[test]
fn the_token_does_not_follow_a_redirect_or_a_next_page_elsewhere() {
    let elsewhere = Double::start(|_| Reply::json(&json!([])));
    let target = format!("{}{REVIEWS}?page=2", elsewhere.url());
    let redirect =
        |status| Reply::of(status, Body::Text("[]".to_owned())).with("location", target.as_str());
    let link = Reply::json(&json!([])).with("link", format!("<{target}>; rel=\"next\""));
    for reply in [
        redirect(301),
        redirect(302),
        redirect(307),
        redirect(308),
        link,
    ] {
        let (_, summary, _) = instead_of_reviews(reply);
        assert!(is_missing(&summary, REVIEWS), "{summary}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn a_repository_that_moved_is_named_and_not_followed() {
    let mut scene = Scene::new();
    let elsewhere = Double::start(|_| Reply::json(&json!({"full_name": "evil/r"})));
    let far = format!("{}/repositories/7", elsewhere.url());
    let double = scene.double(move |request| match request.path.as_str() {
        "/repos/o/r" if request.times == 1 => {
            Some(Reply::refusal(301, "Moved Permanently").with("location", far.as_str()))
        }
        "/repos/o/r" => {
            let near = format!("http://{}/repositories/7", request.headers["host"]);
            Some(Reply::refusal(301, "Moved Permanently").with("location", near))
        }
        "/repositories/7" => Some(Reply::json(&json!({"full_name": "p/s"}))),
        _ => None,
    });
    assert!(matches!(scene.stop(&double), Stop::Redirected));
    assert!(elsewhere.seen().is_empty());
    assert!(matches!(scene.stop(&double), Stop::Renamed(name) if name == "p/s"));
    assert_eq!(double.seen().len(), 3);
}

#[test]
fn pages_that_go_round_are_left() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        let next = format!(
            "<http://{}{REVIEWS}?per_page=100>; rel=\"next\"",
            request.headers["host"]
        );
        (request.path == REVIEWS).then(|| Reply::json(&json!([])).with("link", next))
    });
    let summary = scene.collect(&double).unwrap();
    assert!(is_missing(&summary, REVIEWS), "{summary}");
    assert_eq!(double.times(REVIEWS), 1);
}

#[test]
fn pages_without_end_are_left_at_their_bound() {
    let mut scene = Scene::new();
    scene.limits.pages = 7;
    let double = scene.double(|request| {
        let next = format!(
            "<http://{}{REVIEWS}?page={}>; rel=\"next\"",
            request.headers["host"], request.number
        );
        (request.path == REVIEWS).then(|| Reply::json(&json!([])).with("link", next))
    });
    let summary = scene.collect(&double).unwrap();
    assert!(is_missing(&summary, REVIEWS), "{summary}");
    assert_eq!(double.times(REVIEWS), 7);
}

#[test]
fn a_repository_that_is_not_there_or_a_token_that_is_refused_stops_the_run() {
    let mut scene = Scene::new();
    let double = scene.double(on("/repos/o/r", Reply::refusal(404, "Not Found")));
    assert!(matches!(scene.stop(&double), Stop::Absent(404)));
    let double = scene.double(on("/repos/o/r", Reply::refusal(401, "Bad credentials")));
    assert!(matches!(scene.stop(&double), Stop::Token));
    assert_eq!(double.seen().len(), 1);
    // In the middle of a run: what was saved stays.
    let double = scene.double(on(REVIEWS, Reply::refusal(401, "Bad credentials")));
    let summary = scene.collect(&double).unwrap();
    assert!(summary.stopped.unwrap().contains("401") && summary.saved > 10);
}

#[test]
fn clocks_that_differ_are_told() {
    let mut scene = Scene::new();
    let double = scene.double(|request| {
        let reply = Reply::refusal(403, "no").with("date", "Sun, 01 Feb 2026 12:04:59 GMT");
        let far = Reply::refusal(403, "no").with("date", "Sun, 01 Feb 2026 12:05:01 GMT");
        (request.path == "/repos/o/r/keys").then_some(if request.times == 1 { reply } else { far })
    });
    assert!(scene.whole(&double).told.is_empty());
    let told = scene.whole(&double).told;
    assert!(told.iter().any(|line| line.contains("clock")), "{told:?}");
}

#[test]
fn another_version_of_the_interface_is_a_change() {
    let mut scene = Scene::new();
    let (_, body) = scene.forge.body(REVIEWS).unwrap();
    let reply = Reply::json(&body).with("x-github-api-version-selected", "2099-01-01");
    let double = scene.double(on(REVIEWS, reply));
    assert!(!scene.collect(&double).unwrap().changed.is_empty());
}
