//! What is asked, saved and asked again when the forge behaves.

use serde_json::{Value, json};

use super::super::endpoint;
use super::*;

#[test]
fn a_walk_saves_every_question_and_is_whole() {
    let mut scene = Scene::new();
    let double = scene.double(|_| None);
    let summary = scene.whole(&double);
    assert_eq!(summary.commits, 3);
    // Settings, the branch, all pushes, and eight calls for each change.
    assert_eq!(summary.calls, 1 + 1 + 6 + 2 + 4 + 1 + 3 * 8);
    assert_eq!(summary.saved, summary.calls);
    assert!(summary.hidden.is_empty(), "{summary}");
    let kinds: std::collections::BTreeSet<_> = scene
        .saved()
        .iter()
        .filter_map(|page| scene.forge.body(&page.path).map(|(template, _)| template))
        .collect();
    let all: std::collections::BTreeSet<_> =
        endpoint::ALL.iter().map(|endpoint| endpoint.path).collect();
    assert_eq!(kinds, all);
    let pull = scene.page("/repos/o/r/pulls/2").value();
    assert_eq!(pull["merge_commit_sha"], json!(scene.forge.commits[1]));
    assert!(
        double
            .seen()
            .iter()
            .all(|request| request.headers["authorization"] == format!("Bearer {TOKEN}"))
    );
}

#[test]
fn neither_the_token_nor_free_text_is_in_what_is_saved_or_told() {
    let mut scene = Scene::new();
    let double = scene.double(|_| None);
    let summary = scene.whole(&double);
    let mut all = format!("{summary}{:?}{:?}", summary, scene.told);
    for page in scene.saved() {
        all.push_str(&String::from_utf8(page.line().unwrap()).unwrap());
    }
    assert!(!all.contains("canary"), "{all}");
    assert!(all.contains("Mend it"));
    assert_eq!(scene.page("/repos/o/r/pulls/2").withheld, ["body"]);
    // And what is saved is taken by the log.
    let detector = vouchsafe_scan::detect::Detector::default();
    crate::collect::look_for_phi(&detector, crate::project::SETTINGS, all.as_bytes()).unwrap();
}

#[test]
fn a_second_start_asks_for_settings_only_and_stores_them_again_with_their_new_time() {
    let mut scene = Scene::new();
    let double = scene.double(|_| None);
    let first = scene.whole(&double);
    scene.pace.now += Duration::from_secs(3600);
    let second = scene.whole(&double);
    assert_eq!(second.settled, 3 * 8);
    assert_eq!(second.calls, first.calls - 3 * 8);
    // All are conditional but the first call, which decides whether to begin, and the pushes, whose period is shorter now.
    assert_eq!(second.revalidated, second.calls - 2);
    let path = "/repos/o/r/collaborators";
    let pages: Vec<_> = scene
        .saved()
        .into_iter()
        .filter(|page| page.path == path)
        .collect();
    let [then, now] = pages.as_slice() else {
        panic!("{pages:?}")
    };
    assert!(!then.revalidated && now.revalidated && now.status == 200 && now.at > then.at);
    assert_eq!(then.value(), now.value());
    assert!(scene.saved().iter().all(|page| page.status != 304));
}

#[test]
fn pages_follow_the_link_header_in_either_of_its_forms() {
    for prefix in ["/repos/o/r", "/repositories/77"] {
        let mut scene = Scene::new();
        let forge = scene.forge.clone();
        let double = scene.double(move |request| {
            if request.path != "/repos/o/r/pulls/1/reviews" {
                return None;
            }
            let page = match request.query.as_str() {
                "per_page=100" => 1,
                "per_page=100&page=2" => 2,
                _ => 3,
            };
            let body = json!([forge.review(page, 1)]);
            forge::dump("/repos/{owner}/{repo}/pulls/{pull_number}/reviews", &body);
            let next = format!(
                "<http://{}{prefix}/pulls/1/reviews?per_page=100&page={}>; rel=\"next\"",
                request.headers["host"],
                page + 1
            );
            let reply = Reply::json(&body);
            Some(if page < 3 {
                reply.with("link", next)
            } else {
                reply
            })
        });
        scene.whole(&double);
        let queries: Vec<_> = scene
            .saved()
            .into_iter()
            .filter(|page| page.path == "/repos/o/r/pulls/1/reviews")
            .map(|page| page.query)
            .collect();
        assert_eq!(
            queries,
            ["per_page=100", "per_page=100&page=2", "per_page=100&page=3"]
        );
    }
}

/// The body of a full page stays when an item is added behind it; its link header is what changes.
#[test]
fn a_full_page_is_never_asked_for_on_condition() {
    let mut scene = Scene::new();
    let full = |scene: &Scene| {
        let (_, one) = scene.forge.body("/repos/o/r/keys").unwrap();
        Value::Array(vec![one[0].clone(); 100])
    };
    let body = full(&scene);
    let double = scene.double(move |request| {
        if request.path != "/repos/o/r/keys" {
            return None;
        }
        if request.headers.contains_key("if-none-match") {
            return Some(Reply::of(304, double::Body::Text(String::new())));
        }
        if request.query.contains("page=2") {
            return Some(Reply::json(&json!([body[0].clone()])).with("etag", "\"2\""));
        }
        let reply = Reply::json(&body).with("etag", "\"1\"");
        let next = format!(
            "<http://{}/repos/o/r/keys?per_page=100&page=2>; rel=\"next\"",
            request.headers["host"]
        );
        Some(if request.times == 1 {
            reply
        } else {
            reply.with("link", next)
        })
    });
    scene.whole(&double);
    scene.pace.now += Duration::from_secs(3600);
    scene.whole(&double);
    assert!(
        scene
            .last()
            .keys()
            .any(|(path, query)| path.ends_with("/keys") && query.ends_with("page=2"))
    );
}

#[test]
fn pushes_to_every_branch_are_asked_for_back_to_the_last_whole_listing() {
    let path = "/repos/o/r/activity";
    let asked = |scene: &mut Scene, other: fn(&Request) -> Option<Reply>| {
        let double = scene.double(other);
        let _ = scene.collect(&double).unwrap();
        let queries = double.seen().into_iter();
        let queries =
            queries.filter(|request| request.path == path && !request.query.contains("ref="));
        queries.map(|request| request.query).collect::<Vec<_>>()
    };
    let mut scene = Scene::new();
    // A listing that is cut off is not whole: the next start asks for all of it again.
    let cut = |request: &Request| {
        let cut = request.path.ends_with("/activity") && request.query == "per_page=100";
        let host = &request.headers["host"];
        let next = format!("<http://{host}/repos/o/r/activity?per_page=100&after=x>; rel=\"next\"");
        if cut {
            return Some(Reply::json(&json!([])).with("link", next));
        }
        request
            .query
            .contains("after=x")
            .then(|| Reply::refusal(404, "Not Found"))
    };
    assert_eq!(
        asked(&mut scene, cut),
        ["per_page=100", "per_page=100&after=x"]
    );
    assert_eq!(asked(&mut scene, |_| None), ["per_page=100"]);
    for (hours, period) in [
        (22, "day"),
        (23, "day"),
        (25, "week"),
        (200, "month"),
        (800, "quarter"),
    ] {
        scene.pace.now += Duration::from_secs(hours * 3600);
        let queries = asked(&mut scene, |_| None);
        assert_eq!(
            queries,
            [format!("time_period={period}&per_page=100")],
            "{hours}"
        );
    }
}

#[test]
fn pushes_to_a_fork_are_asked_for_and_may_be_hidden() {
    let mut scene = Scene::new();
    let forge = scene.forge.clone();
    let double = scene.double(move |request| {
        if request.path != "/repos/o/r/pulls/2" {
            return None;
        }
        let (_, mut pull) = forge.body(&request.path)?;
        forge::merge(
            &mut pull,
            json!({"head": {"ref": "a/b", "repo": {"full_name": "bob/r"}}}),
        );
        Some(Reply::json(&pull))
    });
    let summary = scene.whole(&double);
    let page = scene.page("/repos/bob/r/activity");
    assert_eq!(
        (page.status, page.query.as_str()),
        (404, "ref=refs%2Fheads%2Fa%2Fb&per_page=100")
    );
    assert!(
        summary
            .hidden
            .iter()
            .any(|line| line.contains("/repos/bob/r/activity")),
        "{summary}"
    );
}

#[test]
fn a_late_link_is_waited_for() {
    let mut scene = Scene::new();
    let sha = scene.repo.commit("2026-02-01T11:55:00Z");
    scene.forge.commits.push(sha.clone());
    let path = format!("/repos/o/r/commits/{sha}/pulls");
    let late = path.clone();
    let double = scene.double(move |request| {
        (request.path == late && request.times < 3).then(|| Reply::json(&json!([])))
    });
    scene.whole(&double);
    assert_eq!(scene.pace.slept, [5, 10]);
    assert_eq!(scene.page(&path).value()[0]["number"], json!(4));
    assert_eq!(double.times("/repos/o/r/pulls/4"), 1);
}

#[test]
fn a_link_that_never_comes_is_waited_for_a_minute_and_asked_for_by_the_next_start() {
    let mut scene = Scene::new();
    let sha = scene.repo.commit("2026-02-01T11:55:00Z");
    let path = format!("/repos/o/r/commits/{sha}/pulls");
    let never = path.clone();
    let double = scene.double(move |request| {
        let own = request.path.contains(&sha) && request.path != never;
        let body = if own { json!({"total_count": 0, "check_runs": [], "state": "pending", "sha": "x", "statuses": []}) } else { json!([]) };
        (own || request.path == never).then(|| Reply::json(&body))
    });
    scene.whole(&double);
    assert_eq!(scene.pace.slept.iter().sum::<u64>(), 60);
    let asked = double.times(&path);
    // Six minutes after the merge, it is not settled; later the next start asks once more.
    scene.pace.now += Duration::from_secs(600);
    scene.whole(&double);
    assert_eq!(double.times(&path), asked + 1);
    assert_eq!(scene.pace.slept.iter().sum::<u64>(), 60);
}

#[test]
fn a_clone_that_is_not_whole_is_told() {
    let mut scene = Scene::new();
    let shallow = tempfile::tempdir().unwrap();
    let url = format!("file://{}", scene.repo.path().display());
    let status = std::process::Command::new("git")
        .args(["clone", "-q", "--depth", "1", &url])
        .arg(shallow.path())
        .status();
    assert!(status.unwrap().success());
    let double = scene.double(|_| None);
    scene.repo = Rc::new(Repo::at(shallow));
    let summary = scene.collect(&double).unwrap();
    assert_eq!(summary.commits, 1);
    assert!(
        summary.missing.iter().any(|line| line.contains("shallow")),
        "{summary}"
    );
}
