//! Direct pushes, bypasses and deployments, by the forge's own lists.

use serde_json::{Value, json};

use super::made::codes;
use super::scene::{NOW, Scene, page, user};
use crate::judgement::{Judgement, Outcome};

fn event(kind: &str, before: &str, after: &str, at: &str) -> Value {
    json!({
        "id": 1, "before": before, "after": after, "ref": "refs/heads/main", "timestamp": at,
        "activity_type": kind, "actor": user("bob"),
    })
}

fn judged(events: impl FnOnce(&Scene) -> Vec<Value>) -> (Judgement, Scene) {
    let mut scene = Scene::new();
    let events = events(&scene);
    scene.pages.push(page("/activity", json!(events)));
    scene.collect();
    (scene.made.judge("change.no-direct-push", NOW), scene)
}

/// The event that brought everything but the last change.
fn earlier(scene: &Scene) -> Value {
    event(
        "pr_merge",
        &scene.root,
        &scene.before,
        "2026-01-08T12:00:00Z",
    )
}

#[test]
fn a_push_is_a_direct_push_and_a_merge_is_none() {
    let last = |kind: &'static str| {
        judged(move |scene| {
            let last = event(kind, &scene.before, &scene.last, "2026-01-09T12:00:00Z");
            vec![earlier(scene), last]
        })
    };
    for kind in ["pr_merge", "merge_queue_merge"] {
        let (judgement, _) = last(kind);
        assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    }
    let (judgement, scene) = last("push");
    assert_eq!(codes(&judgement), [("DIRECT_PUSH", scene.last.as_str())]);
    let (judgement, scene) = last("force_push");
    let id = scene.last.as_str();
    assert_eq!(codes(&judgement), [("DIRECT_PUSH", id), ("FORCE_PUSH", id)]);
    let (judgement, _) = last("teleport");
    assert_eq!(
        (judgement.outcome, codes(&judgement)),
        (Outcome::Error, vec![])
    );
}

#[test]
fn a_change_that_no_event_brought_is_not_guessed() {
    let (judgement, scene) = judged(|scene| vec![earlier(scene)]);
    assert_eq!(
        (judgement.outcome, codes(&judgement)),
        (Outcome::Error, vec![])
    );
    let items: Vec<_> = judgement.unobservable.iter().map(|one| &one.item).collect();
    assert_eq!(items, [&scene.last]);
}

#[test]
fn a_push_of_many_commits_brings_each_of_them() {
    let (judgement, scene) = judged(|scene| {
        vec![event(
            "push",
            &scene.root,
            &scene.last,
            "2026-01-09T12:00:00Z",
        )]
    });
    assert_eq!(judgement.deviations.len(), scene.changes);
}

#[test]
fn a_branch_that_came_into_being_with_changes_shows_no_review_of_them() {
    let zero = "0".repeat(40);
    let (judgement, scene) = judged(|scene| {
        vec![event(
            "branch_creation",
            &zero,
            &scene.last,
            "2026-01-09T12:00:00Z",
        )]
    });
    assert_eq!(judgement.outcome, Outcome::Error);
    assert_eq!(judgement.unobservable.len(), scene.changes);
}

#[test]
fn a_bypass_is_found_and_hidden_evaluations_are_no_pass() {
    let suites = |result: &str, from_root: bool| {
        let mut scene = Scene::new();
        let before = if from_root {
            scene.root.clone()
        } else {
            scene.before.clone()
        };
        let suite = json!([{
            "id": 1, "actor_name": "bob", "before_sha": before, "after_sha": scene.last,
            "ref": "refs/heads/main", "pushed_at": "2026-01-09T12:00:00Z", "result": result,
        }]);
        scene.pages.push(page("/rulesets/rule-suites", suite));
        scene.collect();
        (scene.made.judge("change.bypass", NOW), scene)
    };
    let (judgement, _) = suites("pass", true);
    assert_eq!(judgement.outcome, Outcome::Pass);
    let (judgement, scene) = suites("bypass", false);
    assert_eq!(codes(&judgement), [("BYPASS", scene.last.as_str())]);
    assert_eq!(judgement.unobservable.len(), scene.changes - 1);
    let (judgement, scene) = suites("fail", false);
    assert_eq!(
        codes(&judgement),
        [("GIT_API_MISMATCH", scene.last.as_str())]
    );
    let (judgement, _) = suites("pass", false);
    assert_eq!(judgement.outcome, Outcome::Error);
    let scene = Scene::new();
    scene.made.collect("2026-01-10T01:00:00Z");
    assert_eq!(
        scene.made.judge("change.bypass", NOW).outcome,
        Outcome::Error
    );
}

#[test]
fn tags_are_deployments_of_reviewed_changes_or_deviate() {
    let mut scene = Scene::new();
    scene.made.settings.push_str("deploy_tags = [\"v*\"]\n");
    scene.made.git(&["tag", "v1", &scene.last]);
    scene.made.git(&["tag", "other", &scene.root]);
    scene.collect();
    let check = "deploy.traces-to-change";
    let judgement = scene.made.judge(check, NOW);
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    assert_eq!(judgement.population.unwrap().items.len(), 1);
    // The tag is moved to a commit that is on no branch: both places count.
    let stray = scene
        .made
        .simple(&[&scene.last], "2026-01-09T15:00:00Z", "Stray");
    scene.made.git(&["tag", "-f", "v1", &stray]);
    scene.made.git(&["tag", "v2", &scene.head]);
    scene.made.collect("2026-01-10T01:30:00Z");
    let judgement = scene.made.judge(check, NOW);
    let expected = [
        ("DEPLOY_UNKNOWN_COMMIT", format!("tag: v1 {stray}")),
        ("DEPLOY_NOT_ON_BRANCH", format!("tag: v2 {}", scene.head)),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, item)| (*code, item.as_str()))
        .collect();
    assert_eq!(codes(&judgement), expected);
    assert_eq!(judgement.population.unwrap().items.len(), 3);
}

#[test]
fn deployments_of_the_forge_are_traced() {
    let mut scene = Scene::new();
    scene.briefs()["body"] = json!([]);
    let deployment = json!([{
        "id": 5, "sha": scene.last, "environment": "production", "created_at": "2026-01-09T13:00:00Z",
    }]);
    scene.pages.push(page("/deployments", deployment));
    scene.collect();
    let judgement = scene.made.judge("deploy.traces-to-change", NOW);
    assert_eq!(codes(&judgement), [("DEPLOY_UNREVIEWED", "forge: 5")]);
    // A later listing that is refused is not whole.
    let mut refused = page("/deployments", Value::Null);
    refused["status"] = json!(403);
    refused["at"] = json!("2026-01-10T00:30:00Z");
    scene.pages.push(refused);
    scene.made.write(
        "evidence/pages/2.jsonl",
        &format!("{}\n", scene.pages.last().unwrap()),
    );
    scene.made.collect("2026-01-10T01:30:00Z");
    let judgement = scene.made.judge("deploy.traces-to-change", NOW);
    assert!(
        judgement
            .unobservable
            .iter()
            .any(|one| one.what.contains("403"))
    );
}

#[test]
fn a_push_that_was_refused_first_is_no_mismatch() {
    let mut scene = Scene::new();
    scene.made.since = "2026-01-09".to_owned();
    let suite = |id: u64, result: &str| {
        json!({
            "id": id, "actor_name": "bob", "before_sha": scene.before, "after_sha": scene.last,
            "ref": "refs/heads/main", "pushed_at": "2026-01-09T12:00:00Z", "result": result,
        })
    };
    let suites = json!([suite(1, "fail"), suite(2, "pass")]);
    scene.pages.push(page("/rulesets/rule-suites", suites));
    scene.collect();
    let judgement = scene.made.judge("change.bypass", NOW);
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
}
