//! Who made a change and who approved it: accounts that were renamed or are gone, programs, pushers, the forge itself.

use serde_json::{Value, json};

use super::made::{ANN, Draft};
use super::scene::{AFTER, BEFORE, Scene, cannot_see, finds, judged, page, pushed, review, user};
use crate::judgement::Outcome;

/// The page of pushes to the branch of the last pull request.
fn pushes(scene: &mut Scene) -> &mut Value {
    let found = scene.pages.iter_mut().find(|page| {
        page["path"] == "/repos/acme/app/activity" && page["body"][0]["ref"] == "refs/heads/work-7"
    });
    &mut found.unwrap()["body"]
}

#[test]
fn who_pushed_an_approved_head_must_be_shown() {
    cannot_see("no page of activity of Acme/App shows it", |scene| {
        *pushes(scene) = json!([]);
    });
    // The account that pushed it is gone.
    cannot_see("whether the reviewer pushed the head", |scene| {
        pushes(scene)[0]["actor"] = Value::Null;
    });
    cannot_see("its branch is gone", |scene| {
        scene.of_last("")["head"]["repo"] = Value::Null;
    });
    // A push of the same commit to another branch, or after the merge, shows nothing of this one.
    cannot_see("whether the reviewer pushed the head", |scene| {
        pushes(scene)[0]["ref"] = json!("refs/heads/other");
    });
    cannot_see("whether the reviewer pushed the head", |scene| {
        pushes(scene)[0]["timestamp"] = json!(AFTER);
    });
    // Of two reviewers one at least did not push it last.
    finds(&[], |scene| {
        *pushes(scene) = json!([]);
        let head = scene.head.clone();
        let both = ["ann", "cem"].map(|login| review(login, "APPROVED", &head, BEFORE));
        scene.reviews(&both);
    });
    // The verified signature of the head shows who made it.
    finds(&[], |scene| {
        *pushes(scene) = json!([]);
        scene.of_last("/commits")[1]["commit"]["verification"] = json!({"verified": true});
    });
}

#[test]
fn a_later_push_to_another_branch_hides_no_pusher() {
    finds(&["SELF_APPROVAL"], |scene| {
        let head = scene.head.clone();
        *pushes(scene) = json!([
            pushed("ann", "work-7", &head, "2026-01-09T09:30:00Z"),
            pushed("bob", "other", &head, "2026-01-09T10:30:00Z"),
            pushed("bob", "work-7", &head, "2026-01-09T10:40:00Z"),
        ]);
    });
}

#[test]
fn whoever_pushed_one_of_its_commits_made_it() {
    finds(&["SELF_APPROVAL"], |scene| {
        let first = scene.of_last("/commits")[0]["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        let event = pushed("ann", "work-7", &first, "2026-01-09T09:00:00Z");
        pushes(scene).as_array_mut().unwrap().push(event);
    });
    // Somebody who makes the branch again after the merge did not.
    finds(&[], |scene| {
        let head = scene.head.clone();
        let mut event = pushed("ann", "work-7", &head, AFTER);
        event["activity_type"] = json!("branch_creation");
        pushes(scene).as_array_mut().unwrap().push(event);
    });
}

#[test]
fn pushes_to_a_fork_are_those_of_its_own_pages() {
    let fork = |scene: &mut Scene, login: &str| {
        *pushes(scene) = json!([]);
        scene.of_last("")["head"]["repo"]["full_name"] = json!("bob/app");
        let event = pushed(login, "work-7", &scene.head, "2026-01-09T09:30:00Z");
        let mut page = page("/activity", json!([event]));
        page["path"] = json!("/repos/bob/app/activity");
        scene.pages.push(page);
    };
    finds(&[], |scene| fork(scene, "bob"));
    finds(&["SELF_APPROVAL"], |scene| fork(scene, "ann"));
    // The branch of the same name in the repository itself is another one.
    cannot_see("no page of activity of bob/app shows it", |scene| {
        scene.of_last("")["head"]["repo"]["full_name"] = json!("bob/app");
    });
}

#[test]
fn an_account_stays_the_same_when_it_is_renamed() {
    // Bob is called robert when the reviews are listed.
    let renamed = |login: &str, now: &str| {
        let mut account = user(login);
        account["login"] = json!(now);
        account
    };
    finds(&["SELF_APPROVAL"], |scene| {
        scene.of_last("/reviews")[0]["user"] = renamed("bob", "robert");
    });
    finds(&[], |scene| {
        scene.of_last("/reviews")[0]["user"] = renamed("ann", "anna");
    });
    finds(&["COAUTHOR_APPROVAL"], |scene| {
        let id = user("ann")["id"].clone();
        let message = format!("Work\n\nCo-authored-by: A <{id}+oldname@users.noreply.github.com>");
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
    });
}

#[test]
fn accounts_that_are_gone_name_nobody() {
    let ghost = json!({"login": "ghost", "id": 10137, "type": "User"});
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        scene.of_last("/reviews")[0]["user"] = ghost.clone();
    });
    finds(&["UNKNOWN_IDENTITY"], |scene| {
        scene.of_last("")["user"] = ghost.clone();
    });
    // A listing from before the account was deleted names it.
    finds(&[], |scene| {
        let mut earlier = scene.page("/pulls/7/reviews").clone();
        earlier["at"] = json!("2026-01-09T14:00:00Z");
        scene.pages.push(earlier);
        scene.of_last("/reviews")[0]["user"] = Value::Null;
    });
}

#[test]
fn an_approval_that_was_dismissed_after_the_merge_was_one() {
    let at = |listed: &str| {
        let mut scene = Scene::new();
        let mut earlier = scene.page("/pulls/7/reviews").clone();
        earlier["at"] = json!(listed);
        scene.of_last("/reviews")[0]["state"] = json!("DISMISSED");
        scene.pages.push(earlier);
        judged(scene, "change.reviewed").0
    };
    assert_eq!(at("2026-01-09T14:00:00Z").outcome, Outcome::Pass);
    // Before the merge it may have been dismissed before the merge.
    assert_eq!(at("2026-01-09T11:30:00Z").outcome, Outcome::Fail);
}

#[test]
fn the_forge_commits_with_a_verified_signature_or_it_did_not() {
    let by_forge = |scene: &mut Scene, verification: Value| {
        let commit = &mut scene.of_last("/commits")[1];
        commit["committer"] = user("web-flow");
        commit["commit"]["committer"]["email"] = json!("noreply@github.com");
        commit["commit"]["verification"] = verification;
    };
    finds(&[], |scene| by_forge(scene, json!({"verified": true})));
    for forged in [json!({"verified": false}), Value::Null] {
        finds(&["UNKNOWN_IDENTITY"], |scene| {
            by_forge(scene, forged.clone())
        });
        // An account of that name counts for no less.
        finds(&["UNKNOWN_IDENTITY"], |scene| {
            by_forge(scene, forged.clone());
            let commit = &mut scene.of_last("/commits")[1]["commit"];
            commit["committer"]["email"] = json!("x@example.org");
        });
    }
}

#[test]
fn a_program_as_co_author_is_shown_and_hides_nobody() {
    let named = |line: &str| {
        let mut scene = Scene::new();
        let message = format!("Work\n\nCo-authored-by: {line}");
        scene.of_last("/commits")[0]["commit"]["message"] = json!(message);
        let settings = &mut scene.made.settings;
        settings.push_str("machines = [\"helper@acme.example\", \"Acme-CI\"]\n");
        let (judgement, scene) = judged(scene, "change.reviewed");
        let items = judgement.population.unwrap().items;
        let last = items
            .into_iter()
            .find(|item| item.id == scene.last)
            .unwrap();
        let programs = last.columns.get("programs").cloned().unwrap_or_default();
        (judgement.outcome, programs)
    };
    let passes = |programs: &str| (Outcome::Pass, programs.to_owned());
    assert_eq!(named("Claude <noreply@anthropic.com>"), passes("Claude"));
    assert_eq!(named("Helper <Helper@acme.example>"), passes("Helper"));
    let app = "build[bot] <77+build[bot]@users.noreply.github.com>";
    assert_eq!(named(app), passes("build[bot]"));
    // Everybody else may be the reviewer.
    for person in ["Claude <claude@home.example>", "Claude <ann@anthropic.com>"] {
        assert_eq!(named(person), (Outcome::Fail, String::new()));
    }
}

#[test]
fn an_account_that_the_settings_call_a_machine_approves_nothing() {
    finds(&["BOT_APPROVAL"], |scene| {
        scene.made.settings.push_str("machines = [\"CEM\"]\n");
        scene.of_last("/reviews")[0]["user"] = user("cem");
    });
}

#[test]
fn whoever_merges_elsewhere_than_at_the_forge_made_the_merge() {
    let merge = |by: (&str, &str)| {
        let mut scene = Scene::new();
        let merge = scene.made.commit(&Draft {
            parents: &[&scene.before, &scene.head],
            author: by,
            committer: by,
            authored: "2026-01-09T12:00:00Z",
            committed: "2026-01-09T12:00:00Z",
            message: "Merge by hand",
        });
        scene.made.set("main", &merge);
        let path = format!("/commits/{merge}/pulls");
        let mut briefs = scene.briefs()["body"].clone();
        briefs[0]["merge_commit_sha"] = json!(merge);
        scene.pages.push(page(&path, briefs));
        scene.of_last("")["merge_commit_sha"] = json!(merge);
        let (judgement, _) = judged(scene, "change.reviewed");
        let codes: Vec<_> = judgement
            .deviations
            .into_iter()
            .map(|one| one.code)
            .collect();
        codes.join(" ")
    };
    assert_eq!(merge(super::made::BOB), "");
    assert_eq!(merge(ANN), "SELF_APPROVAL");
    assert_eq!(merge(("A", "ann@home.example")), "UNKNOWN_IDENTITY");
}

#[test]
fn a_merge_of_the_base_or_an_empty_commit_after_the_approval_makes_it_stale() {
    // Whatever came after the commit that was approved is another head.
    for (parents, message) in [(2, "Merge branch main"), (1, "Try again")] {
        let mut scene = Scene::new();
        let both = [scene.head.clone(), scene.before.clone()];
        let parents: Vec<&str> = both.iter().take(parents).map(String::as_str).collect();
        let at = "2026-01-09T11:30:00Z";
        let head = scene.made.simple(&parents, at, message);
        let merge = scene
            .made
            .simple(&[&scene.before, &head], "2026-01-09T12:00:00Z", "Merge");
        scene.made.set("main", &merge);
        let mut briefs = scene.briefs()["body"].clone();
        briefs[0]["merge_commit_sha"] = json!(merge);
        scene
            .pages
            .push(page(&format!("/commits/{merge}/pulls"), briefs));
        scene.of_last("")["merge_commit_sha"] = json!(merge);
        scene.of_last("")["head"]["sha"] = json!(head);
        scene.of_last("")["commits"] = json!(3);
        let mut listed = super::scene::listed(&head, parents[0], "bob", super::made::BOB, at);
        listed["parents"] = parents.iter().map(|sha| json!({"sha": sha})).collect();
        scene
            .of_last("/commits")
            .as_array_mut()
            .unwrap()
            .push(listed);
        let event = pushed("bob", "work-7", &head, at);
        pushes(&mut scene).as_array_mut().unwrap().push(event);
        let (judgement, _) = judged(scene, "change.reviewed");
        let codes: Vec<_> = judgement
            .deviations
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(codes, ["STALE_APPROVAL"], "{message}");
    }
}

#[test]
fn a_rebase_leaves_merges_of_the_base_out() {
    let mut scene = Scene::new();
    // Between the two commits of the pull request stands a merge, which the rebase did not copy.
    let commits = &mut scene.page("/pulls/3/commits")["body"];
    let mut merge = commits[1].clone();
    merge["sha"] = json!("1234567890123456789012345678901234567890");
    merge["parents"] = json!([{"sha": commits[0]["sha"]}, {"sha": scene.root}]);
    let all = scene.page("/pulls/3/commits")["body"]
        .as_array_mut()
        .unwrap();
    all.insert(1, merge);
    scene.page("/pulls/3")["body"]["commits"] = json!(3);
    let (judgement, _) = judged(scene, "change.reviewed");
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
}

#[test]
fn an_emergency_is_approved_in_a_pull_request_that_shows_it_and_in_no_other() {
    let mut scene = Scene::new();
    scene.briefs()["body"] = json!([]);
    let row = |pull: u64| {
        format!(
            "[[emergency]]\nid = \"E1\"\ncommit = \"{}\"\nreason = \"outage\"\nowner = \"bob\"\nreview_pull = {pull}\n",
            scene.last
        )
    };
    // Pull request 6 was approved, and is about something else.
    scene.made.write("evidence/emergencies.toml", &row(6));
    scene.collect();
    let judgement = scene
        .made
        .judge("change.emergency-retro", "2026-01-20T00:00:00Z");
    assert_eq!(judgement.deviations[0].code, "EMERGENCY_UNREVIEWED");
}
