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
        "labels": [], "base": {"ref": "main"}, "head": {"sha": head}, "commits": 2,
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
