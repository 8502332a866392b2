//! Every deviation of reviews: found, and none invented beside it.

use serde_json::{Value, json};

use super::made::ANN;
use super::scene::{AFTER, BEFORE, Scene, finds, judged, page, review, user};
use crate::judgement::Outcome;

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
            "ref": "refs/heads/work-7", "timestamp": "2026-01-09T09:30:00Z", "activity_type": "push",
            "actor": user("ann"),
        }]);
        scene.pages.push(page("/activity", event));
    });
}

#[test]
fn an_approval_by_a_co_author_is_none() {
    // By her login, where the address has no number; by her number, whatever the login.
    let id = &user("ann")["id"];
    let addresses = ["ann".to_owned(), format!("{id}+ann")];
    for address in addresses {
        finds(&["COAUTHOR_APPROVAL"], |scene| {
            let line = format!("Co-authored-by: Ann <{address}@users.noreply.github.com>");
            scene.of_last("/commits")[0]["commit"]["message"] = json!(format!("Work\n\n{line}"));
        });
    }
    // The number of somebody else with her former login.
    finds(&[], |scene| {
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
fn every_commit_of_a_rebase_and_the_one_of_a_squash_deviate_with_their_pull_request() {
    for (number, count) in [(2, 1), (3, 2), (4, 1)] {
        let mut scene = Scene::new();
        scene.page(&format!("/pulls/{number}/reviews"))["body"] = json!([]);
        let (judgement, _) = judged(scene, "change.reviewed");
        let codes: Vec<_> = judgement
            .deviations
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(codes, vec!["NO_APPROVAL"; count], "pull request {number}");
        assert_eq!(judgement.unobservable, []);
    }
}

#[test]
fn a_commit_that_was_slipped_below_a_rebase_did_not_come_with_it() {
    let mut scene = Scene::new();
    // The pull request had one commit; git shows two that name it.
    scene.page("/pulls/3")["body"]["commits"] = json!(1);
    let commits = &mut scene.page("/pulls/3/commits")["body"];
    commits.as_array_mut().unwrap().remove(0);
    let (judgement, scene) = judged(scene, "change.reviewed");
    let items = judgement.population.unwrap().items;
    let of_three = items
        .iter()
        .filter(|item| {
            item.columns
                .get("pull_request")
                .is_some_and(|one| one == "3")
        })
        .count();
    assert_eq!((judgement.deviations.len(), of_three), (1, 1));
    assert_eq!(judgement.deviations[0].code, "NO_PR");
    assert_ne!(judgement.deviations[0].item, scene.last);
}
