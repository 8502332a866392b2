//! From a commit to the pull request that brought it, with pages that differ from git.

use serde_json::{Value, json};

use super::made::codes;
use super::scene::{Scene, cannot_see, finds, judged, page, pushed, review, user};

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
    scene.pages.push(page(
        "/pulls/8",
        json!({
            "number": 8, "merged": true, "merged_at": merged_at, "merge_commit_sha": merge,
            "user": user("bob"), "labels": [], "base": {"ref": "main"}, "commits": 1,
            "head": {"sha": work, "ref": "work-8", "repo": {"full_name": "acme/app"}},
        }),
    ));
    let event = pushed("bob", "work-8", &work, "2026-01-09T13:10:00Z");
    scene.pages.push(page("/activity", json!([event])));
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
