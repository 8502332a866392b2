//! Emergency changes, and checks before the merge.

use serde_json::{Value, json};

use super::made::codes;
use super::scene::{AFTER, BEFORE, NOW, Scene, judged, page, review, user};
use crate::judgement::Outcome;

#[test]
fn an_emergency_is_judged_afterwards() {
    let label = "emergency_label = \"emergency\"\nemergency_days = 2\n";
    let retro = |at: Option<&str>, now: &str| {
        let mut scene = Scene::new();
        scene.made.settings.push_str(label);
        scene.of_last("")["labels"] = json!([{"name": "emergency"}]);
        match at {
            Some(at) => scene.of_last("/reviews")[0]["submitted_at"] = json!(at),
            None => scene.reviews(&[]),
        }
        if let Some(at) = at {
            scene.page("/pulls/7/reviews")["at"] = json!(at);
        }
        scene.collect();
        let reviewed = scene.made.judge("change.reviewed", now);
        assert_eq!(reviewed.outcome, Outcome::Pass, "{reviewed:?}");
        let judgement = scene.made.judge("change.emergency-retro", now);
        assert_eq!(judgement.population.as_ref().unwrap().items.len(), 1);
        let codes: Vec<_> = judgement
            .deviations
            .iter()
            .map(|one| one.code.clone())
            .collect();
        (judgement.outcome, codes)
    };
    let days = "2026-01-12T00:00:00Z";
    assert_eq!(retro(Some(AFTER), days), (Outcome::Pass, vec![]));
    assert_eq!(retro(None, "2026-01-11T11:59:00Z"), (Outcome::Pass, vec![]));
    let unreviewed = (Outcome::Fail, vec!["EMERGENCY_UNREVIEWED".to_owned()]);
    assert_eq!(retro(None, "2026-01-11T12:01:00Z"), unreviewed);
    let late = (Outcome::Fail, vec!["EMERGENCY_REVIEWED_LATE".to_owned()]);
    assert_eq!(retro(Some("2026-01-11T12:00:01Z"), days), late);
}

#[test]
fn a_register_names_emergencies_and_their_review() {
    let mut scene = Scene::new();
    scene.briefs()["body"] = json!([]);
    let row = format!(
        "[[emergency]]\nid = \"E1\"\ncommit = \"{}\"\nreason = \"outage\"\nowner = \"bob\"\nreview_pull = 9\n",
        scene.last
    );
    let orphan = "[[emergency]]\nid = \"E2\"\npull = 99\nreason = \"x\"\nowner = \"bob\"\n";
    scene
        .made
        .write("evidence/emergencies.toml", &format!("{row}{orphan}"));
    let head = scene.head.clone();
    scene.pages.push(page("/pulls/9", json!({
        "number": 9, "merged": false, "merged_at": null, "merge_commit_sha": null, "user": user("bob"),
        "labels": [], "base": {"ref": "main"}, "commits": 2,
        "head": {"sha": head, "ref": "work-7", "repo": {"full_name": "acme/app"}},
    })));
    let commits = scene.of_last("/commits").clone();
    scene.pages.push(page("/pulls/9/commits", commits));
    let approved = review("ann", "APPROVED", &head, "2026-01-09T20:00:00Z");
    scene
        .pages
        .push(page("/pulls/9/reviews", json!([approved])));
    let (judgement, scene) = judged(scene, "change.emergency-retro");
    assert_eq!(
        codes(&judgement),
        [("EMERGENCY_UNKNOWN_CHANGE", "register: E2")]
    );
    assert_eq!(judgement.unobservable, []);
    let reviewed = scene.made.judge("change.reviewed", NOW);
    assert_eq!(reviewed.outcome, Outcome::Pass);
}

#[test]
fn an_emergency_excuses_no_mismatch_and_no_open_request() {
    let mut scene = Scene::new();
    scene
        .made
        .settings
        .push_str("emergency_label = \"emergency\"\n");
    scene.of_last("")["labels"] = json!([{"name": "emergency"}]);
    let head = scene.head.clone();
    scene.reviews(&[review("cem", "CHANGES_REQUESTED", &head, BEFORE)]);
    let (judgement, scene) = judged(scene, "change.reviewed");
    let expected = [("CHANGES_REQUESTED_OPEN", scene.last.as_str())];
    assert_eq!(codes(&judgement), expected);
}

#[test]
fn checks_were_green_before_the_merge() {
    let green = |spoil: &dyn Fn(&mut Value)| {
        let mut scene = Scene::new();
        let path = format!("/commits/{}/check-runs", scene.head);
        spoil(scene.page(&path));
        let (judgement, scene) = judged(scene, "change.ci-green");
        for one in &judgement.deviations {
            assert_eq!(one.item, scene.last);
        }
        let codes: Vec<_> = judgement
            .deviations
            .iter()
            .map(|one| one.code.clone())
            .collect();
        (judgement.outcome, codes.join(" "))
    };
    let fails = |code: &str| (Outcome::Fail, code.to_owned());
    let unseen = (Outcome::Error, String::new());
    assert_eq!(green(&|_| {}), (Outcome::Pass, String::new()));
    let run = |page: &mut Value, field: &str, value: &str| {
        page["body"]["check_runs"][0][field] = json!(value);
    };
    for bad in [
        "failure",
        "timed_out",
        "cancelled",
        "action_required",
        "stale",
    ] {
        let spoil = |page: &mut Value| run(page, "conclusion", bad);
        assert_eq!(green(&spoil), fails("CHECKS_FAILED"), "{bad}");
    }
    assert_eq!(
        green(&|page| run(page, "completed_at", AFTER)),
        fails("CHECKS_MISSING")
    );
    assert_eq!(
        green(&|page| run(page, "status", "in_progress")),
        fails("CHECKS_MISSING")
    );
    let none = json!({"total_count": 0, "check_runs": []});
    assert_eq!(
        green(&|page| page["body"] = none.clone()),
        fails("CHECKS_MISSING")
    );
    // What the check said before it ran again is not shown.
    let again = |page: &mut Value| {
        run(page, "started_at", AFTER);
        run(page, "completed_at", AFTER);
    };
    assert_eq!(green(&again), unseen);
    assert_eq!(
        green(&|page| page["body"]["total_count"] = json!(2)),
        unseen
    );
    assert_eq!(green(&|page| page["status"] = json!(403)), unseen);
}

/// A run of the check `build`.
fn run(app: Option<u64>, conclusion: &str, at: &str) -> Value {
    json!({
        "name": "build", "status": "completed", "conclusion": conclusion, "started_at": at,
        "completed_at": at, "app": app.map(|id| json!({"id": id})),
    })
}

/// What comes of runs and statuses, where the rule names an app or none.
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
fn judge(runs: Vec<Value>, app: Value, statuses: Value) -> (Outcome, String) {
    let mut scene = Scene::new();
    scene.made.since = "2026-01-09".to_owned();
    let rule = json!([{
        "type": "required_status_checks", "ruleset_id": 1,
        "parameters": {"required_status_checks": [{"context": "build", "integration_id": app}]},
    }]);
    let mut rules = page("/rules/branches/main", rule);
    rules["at"] = json!("2026-01-08T00:00:00Z");
    scene.pages.push(rules);
    let head = scene.head.clone();
    scene.page(&format!("/commits/{head}/check-runs"))["body"] =
        json!({"total_count": runs.len(), "check_runs": runs});
    let count = statuses.as_array().map_or(0, Vec::len);
    scene.page(&format!("/commits/{head}/status"))["body"] =
        json!({"total_count": count, "statuses": statuses});
    let (judgement, _) = judged(scene, "change.ci-green");
    let codes: Vec<_> = judgement
        .deviations
        .iter()
        .map(|one| one.code.clone())
        .collect();
    (judgement.outcome, codes.join(" "))
}

#[test]
fn a_check_counts_by_the_app_that_reported_it() {
    let (pass, unseen) = (
        (Outcome::Pass, String::new()),
        (Outcome::Error, String::new()),
    );
    let fails = |code: &str| (Outcome::Fail, code.to_owned());
    let none = || json!([]);
    let (first, later) = ("2026-01-09T10:00:00Z", "2026-01-09T10:30:00Z");
    assert_eq!(
        judge(vec![run(Some(7), "success", first)], json!(7), none()),
        pass
    );
    // Another app reports a check of the same name.
    let other = vec![run(Some(8), "success", first)];
    assert_eq!(
        judge(other.clone(), json!(7), none()),
        fails("CHECKS_MISSING")
    );
    assert_eq!(judge(other, json!(null), none()), pass);
    // It hides no failure of the one before, whichever was later; a run of the same app that was started again does.
    let failed = run(Some(7), "failure", first);
    let both = vec![failed.clone(), run(Some(8), "success", later)];
    assert_eq!(judge(both, json!(null), none()), fails("CHECKS_FAILED"));
    assert_eq!(
        judge(
            vec![failed, run(Some(7), "success", later)],
            json!(7),
            none()
        ),
        pass
    );
    // Which app reported a status, or a run without one, is not shown.
    let status = json!([{"context": "build", "state": "success", "updated_at": first}]);
    assert_eq!(judge(vec![], json!(7), status.clone()), unseen);
    assert_eq!(judge(vec![], json!(null), status), pass);
    assert_eq!(
        judge(vec![run(None, "success", first)], json!(7), none()),
        unseen
    );
    // The forge lets a skipped check pass; where nothing else ran, nothing was tried.
    for idle in ["skipped", "neutral"] {
        assert_eq!(
            judge(vec![run(Some(7), idle, first)], json!(7), none()),
            fails("CHECKS_MISSING")
        );
    }
}

#[test]
fn checks_that_the_older_protection_asks_for_are_asked_for() {
    let mut scene = Scene::new();
    scene.made.since = "2026-01-09".to_owned();
    let off = json!({"enabled": false});
    let mut older = page(
        "/branches/main/protection",
        json!({
            "required_status_checks": {"contexts": ["scan"], "checks": [{"context": "scan", "app_id": -1}]},
            "enforce_admins": off, "allow_force_pushes": off, "allow_deletions": off,
        }),
    );
    older["at"] = json!("2026-01-08T00:00:00Z");
    scene.pages.push(older);
    let (judgement, scene) = judged(scene, "change.ci-green");
    assert_eq!(codes(&judgement), [("CHECKS_MISSING", scene.last.as_str())]);
}
