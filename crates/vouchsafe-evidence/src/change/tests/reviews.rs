//! Every deviation of reviews: found, and none invented beside it.

use serde_json::{Value, json};

use super::made::{ANN, codes};
use super::scene::{LAST, MERGED, Scene, page, review, user};
use crate::judgement::{Judgement, Outcome};

const NOW: &str = "2026-01-10T02:00:00Z";
const BEFORE: &str = "2026-01-09T11:00:00Z";
const AFTER: &str = "2026-01-09T13:00:00Z";

fn judged(mut scene: Scene, check: &str) -> (Judgement, Scene) {
    scene.collect();
    (scene.made.judge(check, NOW), scene)
}

/// Spoils the last pull request and asks for exactly these deviations of it, and nothing that cannot be seen.
#[track_caller]
fn finds(expected: &[&str], spoil: impl FnOnce(&mut Scene)) {
    let mut scene = Scene::new();
    spoil(&mut scene);
    let (judgement, scene) = judged(scene, "change.reviewed");
    let expected: Vec<_> = expected
        .iter()
        .map(|code| (*code, scene.last.as_str()))
        .collect();
    assert_eq!(codes(&judgement), expected);
    assert_eq!(judgement.unobservable, []);
    assert_eq!(judgement.population.unwrap().items.len(), scene.changes);
}

/// Spoils the last pull request and asks that it cannot be judged, with these words.
#[track_caller]
fn cannot_see(words: &str, spoil: impl FnOnce(&mut Scene)) {
    let mut scene = Scene::new();
    spoil(&mut scene);
    let (judgement, scene) = judged(scene, "change.reviewed");
    assert_eq!(codes(&judgement), []);
    assert_eq!(judgement.outcome, Outcome::Error);
    let [one] = judgement.unobservable.as_slice() else {
        panic!("{:?}", judgement.unobservable);
    };
    assert_eq!(one.item, scene.last);
    assert!(one.what.contains(words), "{}", one.what);
}

#[test]
fn merges_squashes_rebases_queues_bots_and_reverts_that_are_in_order_pass() {
    let (judgement, scene) = judged(Scene::new(), "change.reviewed");
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    let items = judgement.population.unwrap().items;
    assert_eq!(items.len(), 8);
    assert!(items.iter().all(|item| item.columns["state"] == "approved"));
    let last = items.iter().find(|item| item.id == scene.last).unwrap();
    assert_eq!(last.columns["approvers"], "ann");
    assert_eq!(last.columns["approved_at"], BEFORE);
    assert_eq!(last.columns["pull_request"], "7");
    assert_eq!(last.columns["parents"], "merge");
}

#[test]
fn nobody_approved_it() {
    finds(&["NO_APPROVAL"], |scene| scene.reviews(&[]));
    finds(&["NO_APPROVAL"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[review("ann", "COMMENTED", &head, BEFORE)]);
    });
}

#[test]
fn an_approval_that_was_dismissed_or_taken_back_is_none() {
    finds(&["NO_APPROVAL"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[review("ann", "DISMISSED", &head, BEFORE)]);
    });
    finds(&["CHANGES_REQUESTED_OPEN", "NO_APPROVAL"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("ann", "APPROVED", &head, "2026-01-09T10:00:00Z"),
            review("ann", "CHANGES_REQUESTED", &head, BEFORE),
        ]);
    });
}

#[test]
fn a_later_comment_takes_no_approval_back() {
    finds(&[], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("ann", "APPROVED", &head, "2026-01-09T10:00:00Z"),
            review("ann", "COMMENTED", &head, BEFORE),
        ]);
    });
}

#[test]
fn an_approval_by_its_maker_is_none() {
    finds(&["SELF_APPROVAL"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[review("Bob", "APPROVED", &head, BEFORE)]);
    });
    // Ann wrote one of the commits of Bob's pull request.
    finds(&["SELF_APPROVAL"], |scene| {
        scene.of_last("/commits")[0]["author"] = user("ann");
    });
    finds(&["SELF_APPROVAL"], |scene| {
        scene.of_last("/commits")[0]["committer"] = user("ann");
    });
}

#[test]
fn an_approval_by_the_last_pusher_is_none() {
    finds(&["SELF_APPROVAL"], |scene| {
        let event = json!([{
            "id": 1, "before": "0000000000000000000000000000000000000000", "after": scene.head,
            "ref": "refs/heads/work", "timestamp": "2026-01-09T09:30:00Z", "activity_type": "push",
            "actor": user("ann"),
        }]);
        scene.pages.push(page("/activity", event));
    });
}

#[test]
fn an_approval_by_a_co_author_is_none() {
    finds(&["COAUTHOR_APPROVAL"], |scene| {
        let message = "Work\n\nCo-authored-by: Ann <12+ann@users.noreply.github.com>";
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
    // By an address that another pull request shows to be hers.
    finds(&["COAUTHOR_APPROVAL"], |scene| {
        let message = format!("Work\n\nco-authored-by: A. <{}>", ANN.1);
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
}

#[test]
fn a_maker_whose_account_is_not_known_may_be_the_reviewer() {
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        let commit = &mut scene.of_last("/commits")[0];
        commit["author"] = Value::Null;
        commit["commit"]["author"]["email"] = json!("ann@home.example");
    });
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        let message = "Work\n\nCo-authored-by: A. <ann@home.example>";
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
    // The settings say whose address it is.
    for (login, code) in [("cem", None), ("ann", Some("COAUTHOR_APPROVAL"))] {
        finds(&code.into_iter().collect::<Vec<_>>(), |scene| {
            let message = "Work\n\nCo-authored-by: A. <ann@home.example>";
            scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
            let line = format!("identities = {{ \"ann@home.example\" = \"{login}\" }}\n");
            scene.made.settings.push_str(&line);
        });
    }
}

#[test]
fn an_approval_by_nobody_known_is_none() {
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        scene.of_last("/reviews")[0]["user"] = Value::Null;
    });
}

#[test]
fn an_approval_of_another_head_is_stale() {
    finds(&["STALE_APPROVAL"], |scene| {
        let first = scene.of_last("/commits")[0]["sha"].clone();
        scene.of_last("/reviews")[0]["commit_id"] = first;
    });
    finds(&["STALE_APPROVAL"], |scene| {
        scene.of_last("/reviews")[0]["commit_id"] = Value::Null;
    });
}

#[test]
fn an_approval_after_the_merge_is_late() {
    finds(&["APPROVED_AFTER_MERGE"], |scene| {
        scene.of_last("/reviews")[0]["submitted_at"] = json!(AFTER);
    });
}

#[test]
fn an_approval_by_a_bot_is_none() {
    finds(&["BOT_APPROVAL"], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("approver[bot]");
    });
    // An app that calls itself a user all the same.
    finds(&["BOT_APPROVAL"], |scene| {
        scene.of_last("/reviews")[0]["user"] =
            json!({"login": "approver[bot]", "id": 1, "type": "User"});
    });
}

#[test]
fn an_approval_without_write_access_is_none() {
    finds(&["REVIEWER_NO_RIGHT"], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("dan");
    });
    finds(&["REVIEWER_NO_RIGHT"], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("stranger");
    });
}

#[test]
fn of_several_approvals_one_that_counts_is_enough() {
    finds(&[], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("bob", "APPROVED", &head, BEFORE),
            review("helper[bot]", "APPROVED", &head, BEFORE),
            review("cem", "APPROVED", &head, BEFORE),
        ]);
    });
    finds(&["BOT_APPROVAL", "SELF_APPROVAL"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("bob", "APPROVED", &head, BEFORE),
            review("helper[bot]", "APPROVED", &head, BEFORE),
        ]);
    });
}

#[test]
fn changes_that_were_asked_for_were_open() {
    finds(&["CHANGES_REQUESTED_OPEN"], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("ann", "APPROVED", &head, BEFORE),
            review("cem", "CHANGES_REQUESTED", &head, "2026-01-09T10:00:00Z"),
        ]);
    });
    // Somebody without write access cannot hold a merge up, and after the merge nobody can.
    finds(&[], |scene| {
        let head = scene.head.clone();
        scene.reviews(&[
            review("ann", "APPROVED", &head, BEFORE),
            review("dan", "CHANGES_REQUESTED", &head, "2026-01-09T10:00:00Z"),
            review("cem", "CHANGES_REQUESTED", &head, AFTER),
        ]);
    });
}

#[test]
fn no_pull_request_brought_it() {
    finds(&["NO_PR"], |scene| scene.briefs()["body"] = json!([]));
    finds(&["NO_PR"], |scene| {
        scene.briefs()["body"][0]["merged_at"] = Value::Null;
    });
}

#[test]
fn the_late_link_from_a_commit_to_its_pull_request_is_no_verdict() {
    cannot_see("less than 10 minutes", |scene| {
        scene.briefs()["body"] = json!([]);
        scene.briefs()["at"] = json!("2026-01-09T12:09:59Z");
    });
    finds(&["NO_PR"], |scene| {
        scene.briefs()["body"] = json!([]);
        scene.briefs()["at"] = json!("2026-01-09T12:10:00Z");
    });
}

#[test]
fn a_pull_request_to_another_branch_does_not_count() {
    finds(&["PR_OTHER_BASE"], |scene| {
        scene.briefs()["body"][0]["base"]["ref"] = json!("feature");
    });
}

#[test]
fn a_pull_request_that_only_names_a_commit_did_not_bring_it() {
    // A direct commit, below a pull request that was approved.
    let mut scene = Scene::new();
    let direct = scene
        .made
        .simple(&[&scene.last], "2026-01-09T13:00:00Z", "Direct");
    let work = scene
        .made
        .simple(&[&direct], "2026-01-09T13:10:00Z", "Work");
    let merge = scene
        .made
        .simple(&[&direct, &work], "2026-01-09T14:00:00Z", "Merge");
    scene.made.set("main", &merge);
    let merged_at = "2026-01-09T14:00:00Z";
    let brief = json!([{"number": 8, "merged_at": merged_at, "merge_commit_sha": merge, "base": {"ref": "main"}}]);
    for id in [&direct, &merge] {
        scene
            .pages
            .push(page(&format!("/commits/{id}/pulls"), brief.clone()));
    }
    scene.pages.push(page("/pulls/8", json!({
        "number": 8, "merged": true, "merged_at": merged_at, "merge_commit_sha": merge,
        "user": user("bob"), "labels": [], "base": {"ref": "main"}, "head": {"sha": work}, "commits": 1,
    })));
    let person = super::made::BOB;
    let listed = super::scene::listed(&work, &direct, "bob", person, "2026-01-09T13:10:00Z");
    scene.pages.push(page("/pulls/8/commits", json!([listed])));
    let approved = review("ann", "APPROVED", &work, "2026-01-09T13:30:00Z");
    scene
        .pages
        .push(page("/pulls/8/reviews", json!([approved])));
    let (judgement, _) = judged(scene, "change.reviewed");
    assert_eq!(codes(&judgement), [("NO_PR", direct.as_str())]);
    assert_eq!(judgement.unobservable, []);
}

#[test]
fn pages_that_differ_from_git_are_named() {
    // Another head than the one that git merged.
    finds(&["GIT_API_MISMATCH"], |scene| {
        let first = scene.of_last("/commits")[0]["sha"].clone();
        scene.of_last("")["head"]["sha"] = first.clone();
        scene.of_last("/reviews")[0]["commit_id"] = first;
    });
    // Other parents.
    finds(&["GIT_API_MISMATCH"], |scene| {
        let last = scene.last.clone();
        scene.of_last("/commits")[0]["parents"][0]["sha"] = json!(last);
    });
    // A merge commit that git does not have.
    finds(&["GIT_API_MISMATCH"], |scene| {
        scene.of_last("")["merge_commit_sha"] = json!("1234567890123456789012345678901234567890");
    });
    // A commit that git did not merge.
    finds(&["GIT_API_MISMATCH"], |scene| {
        scene.of_last("/commits")[0]["sha"] = json!("1234567890123456789012345678901234567890");
    });
    finds(&["GIT_API_MISMATCH"], |scene| {
        scene.of_last("")["merged"] = json!(false)
    });
}

#[test]
fn a_line_in_a_message_proves_nothing() {
    finds(&["NO_APPROVAL"], |scene| {
        scene.reviews(&[]);
        let message = "Work\n\nReviewed-by: Ann <ann@example.org>";
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
}

#[test]
fn rights_before_the_first_snapshot_or_long_after_the_last_are_not_guessed() {
    cannot_see("no listing of collaborators is as old as", |scene| {
        scene.page("/collaborators")["at"] = json!("2026-01-09T11:00:01Z");
        // The other pull requests are not in the period.
        scene.made.since = "2026-01-09".to_owned();
        scene.changes = 1;
    });
    cannot_see("too old to say", |scene| {
        scene.page("/collaborators")["at"] = json!("2025-12-01T00:00:00Z");
        scene.made.since = "2026-01-09".to_owned();
        scene.changes = 1;
    });
}

#[test]
fn rights_are_those_of_the_time() {
    // Dan was given write access the day after.
    finds(&["REVIEWER_NO_RIGHT"], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("dan");
        let people = json!([{"login": "dan", "permissions": {"push": true}}]);
        scene.pages.push(page("/collaborators", people));
    });
    // A listing of those from outside says nothing of the others.
    finds(&[], |scene| {
        let mut outside = page("/collaborators", json!([]));
        outside["query"] = json!("affiliation=outside");
        outside["at"] = json!("2026-01-08T00:00:00Z");
        scene.pages.push(outside);
    });
}

#[test]
fn refused_and_cut_pages_are_no_verdict() {
    for status in [403, 404, 429, 500] {
        cannot_see(&format!("status {status}"), |scene| {
            let page = scene.page("/pulls/7/reviews");
            page["status"] = json!(status);
            page["body"] = Value::Null;
        });
    }
    cannot_see("not received whole", |scene| {
        scene.page("/pulls/7/reviews")["complete"] = json!(false);
    });
    cannot_see("no page /pulls/7/reviews was collected", |scene| {
        scene
            .pages
            .retain(|page| page["path"] != "/repos/acme/app/pulls/7/reviews");
    });
    cannot_see("no page /pulls/7 was collected", |scene| {
        scene
            .pages
            .retain(|page| page["path"] != "/repos/acme/app/pulls/7");
    });
    cannot_see("pulls was collected", |scene| {
        let path = format!("/repos/acme/app/commits/{}/pulls", scene.last);
        scene.pages.retain(|page| page["path"] != path);
    });
}

#[test]
fn a_listing_without_its_last_page_is_no_verdict() {
    let next = r#"<https://api.example.org/repositories/7/x?per_page=100&page=2>; rel="next""#;
    cannot_see("its next page was not collected", |scene| {
        scene.page("/pulls/7/reviews")["headers"] = json!({"link": next});
    });
    // On the second page the approval is taken back.
    finds(&["CHANGES_REQUESTED_OPEN", "NO_APPROVAL"], |scene| {
        scene.page("/pulls/7/reviews")["headers"] = json!({"link": next});
        let head = scene.head.clone();
        let back = review("ann", "CHANGES_REQUESTED", &head, "2026-01-09T11:30:00Z");
        let mut second = page("/pulls/7/reviews", json!([back]));
        second["query"] = json!("page=2&per_page=100");
        scene.pages.push(second);
    });
}

#[test]
fn the_forge_lists_only_some_of_the_commits() {
    cannot_see("lists 2 of 251 commits", |scene| {
        scene.of_last("")["commits"] = json!(251);
    });
}

#[test]
fn pages_from_before_the_merge_say_nothing_of_it() {
    cannot_see("reviews were listed before its merge", |scene| {
        scene.page("/pulls/7/reviews")["at"] = json!("2026-01-09T11:30:00Z");
    });
    cannot_see("older than its merge", |scene| {
        scene.page("/pulls/7")["at"] = json!("2026-01-09T11:30:00Z");
    });
}

#[test]
fn a_field_that_changed_is_named_and_never_a_pass() {
    cannot_see("the field body[0].state is of another type", |scene| {
        scene.of_last("/reviews")[0]["state"] = json!(1);
    });
    cannot_see("the field commit_id of body[0] is missing", |scene| {
        scene.of_last("/reviews")[0]
            .as_object_mut()
            .unwrap()
            .remove("commit_id");
    });
    cannot_see("a state that is not known", |scene| {
        scene.of_last("/reviews")[0]["state"] = json!("ENDORSED");
    });
}

#[test]
fn a_base_that_was_renamed_is_the_protected_branch() {
    let renamed =
        |on: &str| format!("renamed = [{{ from = \"master\", to = \"main\", on = \"{on}\" }}]\n");
    let base = |scene: &mut Scene| {
        scene.briefs()["body"][0]["base"]["ref"] = json!("master");
        scene.of_last("")["base"]["ref"] = json!("master");
    };
    finds(&[], |scene| {
        base(scene);
        scene.made.settings.push_str(&renamed("2026-01-09"));
    });
    finds(&["PR_OTHER_BASE"], |scene| {
        base(scene);
        scene.made.settings.push_str(&renamed("2026-01-08"));
    });
}

#[test]
fn a_withheld_message_hides_no_co_author() {
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        let message = "SSN 219-09-9999\n\nCo-authored-by: Ann <12+ann@users.noreply.github.com>";
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
}

#[test]
fn an_earlier_whole_page_stays_good_when_a_later_one_is_refused() {
    finds(&[], |scene| {
        let mut refused = page("/pulls/7/reviews", Value::Null);
        refused["status"] = json!(403);
        refused["at"] = json!("2026-01-10T00:30:00Z");
        scene.pages.push(refused);
    });
}

#[test]
fn pages_of_two_repositories_need_a_name() {
    let mut scene = Scene::new();
    let mut other = page("/x", json!({}));
    other["path"] = json!("/repos/acme/other/activity");
    scene.pages.push(other);
    scene.collect();
    let judgement = scene.made.judge("change.reviewed", NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    scene.made.settings.push_str("repository = \"Acme/App\"\n");
    scene.made.collect("2026-01-10T01:30:00Z");
    let judgement = scene.made.judge("change.reviewed", NOW);
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
}

#[test]
fn without_pages_git_alone_speaks_and_the_rest_is_unobservable() {
    let scene = Scene::new();
    scene.made.collect("2026-01-10T01:00:00Z");
    let judgement = scene.made.judge("change.reviewed", NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert_eq!(codes(&judgement), []);
    assert_eq!(judgement.unobservable.len(), scene.changes);
    let items = judgement.population.unwrap().items;
    let ways: Vec<_> = items
        .iter()
        .map(|item| item.columns["parents"].as_str())
        .collect();
    let single = ways.iter().filter(|way| **way == "single-parent").count();
    assert_eq!((ways.len(), single), (8, 3));
    let direct = scene.made.judge("change.no-direct-push", NOW);
    assert_eq!((direct.outcome, codes(&direct)), (Outcome::Error, vec![]));
}

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
    assert_eq!((LAST, MERGED), (7, "2026-01-09T12:00:00Z"));
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
