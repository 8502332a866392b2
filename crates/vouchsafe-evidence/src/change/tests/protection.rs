//! Rules of a branch: what is asked, what is hidden, and who may go round them.

use serde_json::{Value, json};

use super::scene::{NOW, Scene, page};
use crate::judgement::Outcome;

fn rules() -> Value {
    json!([
        {"type": "pull_request", "ruleset_id": 9, "parameters": {
            "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
            "require_last_push_approval": true,
        }},
        {"type": "required_status_checks", "ruleset_id": 9, "parameters": {
            "required_status_checks": [{"context": "build"}],
        }},
        {"type": "non_fast_forward", "ruleset_id": 9},
        {"type": "deletion", "ruleset_id": 9},
    ])
}

fn legacy() -> Value {
    json!({
        "required_pull_request_reviews": {
            "required_approving_review_count": 1, "dismiss_stale_reviews": true,
            "require_last_push_approval": true,
        },
        "required_status_checks": {"contexts": ["build"]},
        "enforce_admins": {"enabled": true},
        "allow_force_pushes": {"enabled": false},
        "allow_deletions": {"enabled": false},
    })
}

fn hidden(path: &str) -> Value {
    let mut page = page(path, Value::Null);
    page["status"] = json!(404);
    page
}

/// What comes out, with the codes.
fn judged(pages: Vec<Value>) -> (Outcome, String) {
    let mut scene = Scene::new();
    scene.pages = pages;
    scene.collect();
    let judgement = scene.made.judge("change.protection", NOW);
    let codes: Vec<_> = judgement
        .deviations
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    (judgement.outcome, codes.join(" "))
}

fn older(protection: Value) -> (Outcome, String) {
    let path = "/branches/main/protection";
    judged(vec![
        page("/rules/branches/main", json!([])),
        page(path, protection),
    ])
}

#[test]
fn either_form_of_protection_is_enough() {
    assert_eq!(older(legacy()), (Outcome::Pass, String::new()));
    let ruleset = json!({"id": 9, "enforcement": "active", "bypass_actors": []});
    let newer = vec![
        page("/rules/branches/main", rules()),
        page("/rulesets/9", ruleset),
        hidden("/branches/main/protection"),
    ];
    assert_eq!(judged(newer), (Outcome::Pass, String::new()));
}

#[test]
fn each_rule_that_is_missing_is_named() {
    let without = |spoil: &dyn Fn(&mut Value)| {
        let mut protection = legacy();
        spoil(&mut protection);
        older(protection)
    };
    let fails = |code: &str| (Outcome::Fail, code.to_owned());
    let reviews = "required_pull_request_reviews";
    let none = |one: &mut Value| one[reviews]["required_approving_review_count"] = json!(0);
    assert_eq!(without(&none), fails("NO_REVIEW_REQUIRED"));
    let stale = |one: &mut Value| one[reviews]["dismiss_stale_reviews"] = json!(false);
    assert_eq!(without(&stale), fails("STALE_NOT_DISMISSED"));
    let last = |one: &mut Value| one[reviews]["require_last_push_approval"] = json!(false);
    assert_eq!(without(&last), fails("LAST_PUSH_NOT_APPROVED"));
    let checks = |one: &mut Value| one["required_status_checks"] = Value::Null;
    assert_eq!(without(&checks), fails("NO_CHECKS_REQUIRED"));
    let force = |one: &mut Value| one["allow_force_pushes"]["enabled"] = json!(true);
    assert_eq!(without(&force), fails("FORCE_PUSH_ALLOWED"));
    let delete = |one: &mut Value| one["allow_deletions"]["enabled"] = json!(true);
    assert_eq!(without(&delete), fails("DELETION_ALLOWED"));
    let admins = |one: &mut Value| one["enforce_admins"]["enabled"] = json!(false);
    assert_eq!(without(&admins), fails("BYPASS_ALLOWED"));
    let exempt = |one: &mut Value| {
        one[reviews]["bypass_pull_request_allowances"] = json!({"users": [{}], "teams": []});
    };
    assert_eq!(without(&exempt), fails("BYPASS_ALLOWED"));
}

#[test]
fn what_is_hidden_is_no_verdict() {
    let error = (Outcome::Error, String::new());
    assert_eq!(judged(vec![]), error);
    assert_eq!(judged(vec![hidden("/rules/branches/main")]), error);
    // No rule is shown, and the older form is hidden: it may be there.
    let none = page("/rules/branches/main", json!([]));
    assert_eq!(
        judged(vec![none.clone(), hidden("/branches/main/protection")]),
        error
    );
    // The branch says that it is not protected: then there is none.
    let bare = page("/branches/main", json!({"protected": false}));
    let (outcome, codes) = judged(vec![none, hidden("/branches/main/protection"), bare]);
    assert_eq!((outcome, codes.split(' ').count()), (Outcome::Fail, 6));
    // The ruleset is hidden, or its bypasses are.
    let listed = page("/rules/branches/main", rules());
    assert_eq!(judged(vec![listed.clone(), hidden("/rulesets/9")]), error);
    let ruleset = page("/rulesets/9", json!({"id": 9, "enforcement": "active"}));
    assert_eq!(judged(vec![listed, ruleset]), error);
}

#[test]
fn a_bypass_within_pull_requests_is_noted_and_one_always_deviates() {
    let with = |mode: &str| {
        let actor = json!({"actor_id": 5, "actor_type": "Team", "bypass_mode": mode});
        let ruleset = json!({"id": 9, "enforcement": "active", "bypass_actors": [actor]});
        judged(vec![
            page("/rules/branches/main", rules()),
            page("/rulesets/9", ruleset),
        ])
    };
    assert_eq!(with("pull_request"), (Outcome::Pass, String::new()));
    assert_eq!(with("always"), (Outcome::Fail, "BYPASS_ALLOWED".to_owned()));
}
