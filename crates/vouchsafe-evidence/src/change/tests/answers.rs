//! What is no answer is no verdict: refused, cut, early, late and changed pages.

use serde_json::{Value, json};

use super::made::codes;
use super::scene::{NOW, Scene, cannot_see, collaborator, finds, page, review, user};
use crate::judgement::Outcome;

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
    // Dan was given write access at some time between two listings.
    let people = |scene: &mut Scene, at: &str, dan: bool| {
        let people = ["ann", "bob", "cem"].map(|login| collaborator(login, true));
        let mut people = people.to_vec();
        people.push(collaborator("dan", dan));
        let mut listing = page("/collaborators", json!(people));
        listing["at"] = json!(at);
        scene.pages.push(listing);
    };
    cannot_see("they changed between the listings", |scene| {
        scene.of_last("/reviews")[0]["user"] = user("dan");
        people(scene, "2026-01-10T00:00:00Z", true);
    });
    // He had none before and after.
    finds(&["REVIEWER_NO_RIGHT"], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("dan");
        people(scene, "2026-01-10T00:00:00Z", false);
    });
    // He was given it before.
    finds(&[], |scene| {
        scene.of_last("/reviews")[0]["user"] = user("dan");
        people(scene, "2026-01-08T00:00:00Z", true);
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
fn a_page_that_was_not_as_the_contract_says_is_no_verdict() {
    cannot_see("not as the recorded contract says: [].state", |scene| {
        let changed = json!(["[].state has a value that is not known"]);
        scene.page("/pulls/7/reviews")["changed"] = changed;
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
    other["path"] = json!("/repos/acme/other/pulls/1");
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
fn a_file_of_pages_that_was_cut_is_an_error_until_it_is_whole() {
    let mut scene = Scene::new();
    scene.collect();
    scene
        .made
        .write("evidence/pages/2.jsonl", "{\"page\":1,\"path\":");
    scene.made.collect("2026-01-10T01:30:00Z");
    let judgement = scene.made.judge("change.reviewed", NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(
        judgement.unobservable[0]
            .what
            .contains("2.jsonl: line 1 is not JSON")
    );
    scene.made.write(
        "evidence/pages/2.jsonl",
        &format!("{}\n", page("/x", json!({}))),
    );
    scene.made.collect("2026-01-10T01:40:00Z");
    assert_eq!(
        scene.made.judge("change.reviewed", NOW).outcome,
        Outcome::Pass
    );
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let mut scene = Scene::new();
    scene.reviews(&[]);
    scene.collect();
    let once = serde_json::to_vec(&scene.made.judge("change.reviewed", NOW)).unwrap();
    let again = serde_json::to_vec(&scene.made.judge("change.reviewed", NOW)).unwrap();
    assert_eq!(once, again);
}

#[test]
fn a_file_of_pages_is_stored_once() {
    let mut scene = Scene::new();
    scene.collect();
    scene.made.collect("2026-01-10T01:30:00Z");
    assert_eq!(scene.made.stored(crate::change::PAGES).len(), 1);
}
