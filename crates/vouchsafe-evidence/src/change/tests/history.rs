//! Attacks on the history itself.

use std::process::Command;

use super::made::{BOB, Draft, Made, codes};
use crate::change::{COMMITS, HEAD};
use crate::judgement::{Judgement, Outcome};

const WHOLE: &str = "change.history-whole";
const NOW: &str = "2026-01-20T00:00:00Z";

/// A chain of commits, one a day from 2026-01-02 on.
fn chain(made: &Made, length: usize) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for number in 0..length {
        let parents: Vec<&str> = ids.last().map(String::as_str).into_iter().collect();
        let when = format!("2026-01-{:02}T09:00:00Z", number + 2);
        let id = made.simple(&parents, &when, &format!("Change {number}"));
        ids.push(id);
    }
    made.set("main", ids.last().unwrap());
    ids
}

fn items(judgement: &Judgement) -> usize {
    judgement.population.as_ref().unwrap().items.len()
}

#[test]
fn later_runs_store_what_is_new_and_the_whole_is_proved() {
    for format in ["sha1", "sha256"] {
        let made = Made::of_format(format);
        let ids = chain(&made, 4);
        made.set("main", &ids[1]);
        made.collect("2026-01-03T10:00:00Z");
        made.set("main", &ids[3]);
        made.collect("2026-01-05T10:00:00Z");
        made.collect("2026-01-05T11:00:00Z");
        let stored = made.stored(COMMITS);
        assert_eq!(stored.len(), 2, "nothing is stored twice");
        assert!(!stored[1].contains("Change 1") && stored[1].contains("Change 2"));
        let judgement = made.judge(WHOLE, NOW);
        assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
        assert_eq!(items(&judgement), 4);
    }
}

#[test]
fn a_forced_push_between_two_runs_is_found() {
    let made = Made::new();
    let ids = chain(&made, 3);
    made.collect("2026-01-04T10:00:00Z");
    let other = made.simple(&[&ids[1]], "2026-01-05T09:00:00Z", "Another");
    made.set("main", &other);
    made.collect("2026-01-05T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(codes(&judgement), [("FORCE_PUSH", other.as_str())]);
    // What was forced away was a change of the branch all the same.
    let items = judgement.population.unwrap().items;
    let removed: Vec<_> = items
        .iter()
        .filter(|item| item.columns.contains_key("removed"))
        .collect();
    assert_eq!((items.len(), removed.len()), (4, 1));
    assert_eq!(removed[0].id, ids[2]);
}

#[test]
fn a_merge_that_swaps_its_parents_is_found() {
    let made = Made::new();
    let ids = chain(&made, 3);
    made.collect("2026-01-04T10:00:00Z");
    let side = made.simple(&[&ids[0]], "2026-01-05T09:00:00Z", "Side");
    let merge = made.simple(&[&side, &ids[2]], "2026-01-05T09:30:00Z", "Merge main");
    made.set("main", &merge);
    made.collect("2026-01-05T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(codes(&judgement), [("CHAIN_REWRITTEN", merge.as_str())]);
    assert_eq!(items(&judgement), 5);
}

#[test]
fn a_commit_that_claims_to_be_older_than_a_run_without_it_is_backdated() {
    let made = Made::new();
    let ids = chain(&made, 3);
    made.collect("2026-01-06T10:00:00Z");
    let old = made.simple(&[&ids[2]], "2026-01-05T09:00:00Z", "Was there all the time");
    made.set("main", &old);
    made.collect("2026-01-07T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(codes(&judgement), [("BACKDATED", old.as_str())]);
    // Its date is not its claim, but that of the run that did not have it.
    let items = judgement.population.unwrap().items;
    let item = items.iter().find(|item| item.id == old).unwrap();
    assert_eq!(item.at.unwrap().to_string(), "2026-01-06T09:00:00Z");
    assert_eq!(item.columns["claimed"], "2026-01-05T09:00:00Z");
}

#[test]
fn clocks_that_jump_are_flagged_and_move_nothing_out_of_the_period() {
    let made = Made::new();
    let ids = chain(&made, 2);
    let future = made.simple(&[&ids[1]], "2099-01-01T00:00:00Z", "Future");
    let past = made.simple(&[&future], "1999-01-01T00:00:00Z", "Past");
    made.set("main", &past);
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    let mut expected = [("CLOCK", future.as_str()), ("CLOCK", past.as_str())];
    expected.sort_by_key(|(_, id)| *id);
    assert_eq!(codes(&judgement), expected);
    let dates: Vec<_> = judgement
        .population
        .unwrap()
        .items
        .iter()
        .map(|item| item.at.unwrap().to_string())
        .collect();
    assert_eq!(
        &dates[2..],
        ["2026-01-06T10:00:00Z", "2026-01-06T10:00:00Z"]
    );
}

#[test]
fn a_replacement_of_an_object_is_not_read_and_is_no_pass() {
    let made = Made::new();
    let ids = chain(&made, 3);
    // Git itself would show a history without the second change.
    let forged = made.simple(&[&ids[0]], "2026-01-04T09:00:00Z", "Change 2");
    made.git(&["replace", &ids[2], &forged]);
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!((judgement.outcome, items(&judgement)), (Outcome::Error, 3));
    assert!(judgement.unobservable[0].what.contains("replacements"));
}

#[test]
fn grafts_are_not_read_and_are_no_pass() {
    let made = Made::new();
    let ids = chain(&made, 3);
    made.write(".git/info/grafts", &format!("{} {}\n", ids[2], ids[0]));
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!((judgement.outcome, items(&judgement)), (Outcome::Error, 3));
    assert!(judgement.unobservable[0].what.contains("grafts"));
}

#[test]
fn a_shallow_clone_is_no_history_until_it_is_whole() {
    let origin = Made::new();
    chain(&origin, 3);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", origin.path().display());
    let cloned = Command::new("git")
        .args(["clone", "-q", "--depth", "1", &url])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(cloned.success());
    let made = Made::around(folder);
    made.collect("2026-01-06T10:00:00Z");
    assert!(made.stored(COMMITS)[0].starts_with("failed: the clone is shallow"));
    for check in [WHOLE, "change.reviewed", "change.messages"] {
        let judgement = made.judge(check, NOW);
        assert_eq!(
            (judgement.outcome, codes(&judgement)),
            (Outcome::Error, vec![]),
            "{check}"
        );
    }
    made.git(&["fetch", "-q", "--unshallow"]);
    made.collect("2026-01-07T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!((judgement.outcome, items(&judgement)), (Outcome::Pass, 3));
}

#[test]
fn a_branch_that_is_not_there_is_an_error() {
    let mut made = Made::new();
    chain(&made, 2);
    made.settings = "branches = [\"main\", \"release\"]\n".to_owned();
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(
        judgement.unobservable[0]
            .what
            .contains("there is no branch release")
    );
    assert!(made.stored(HEAD)[1].starts_with("failed: "));
}

#[test]
fn a_branch_that_was_renamed_is_one_branch() {
    let mut made = Made::new();
    let ids = chain(&made, 3);
    made.git(&["branch", "-m", "main", "master"]);
    made.settings = "branches = [\"master\"]\n".to_owned();
    made.collect("2026-01-04T10:00:00Z");
    made.git(&["branch", "-m", "master", "main"]);
    made.settings =
        "branches = [\"refs/heads/main\"]\nrenamed = [{ from = \"master\", to = \"main\", on = \"2026-01-05\" }]\n".to_owned();
    let other = made.simple(&[&ids[0]], "2026-01-06T09:00:00Z", "Forced");
    made.set("main", &other);
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(codes(&judgement), [("FORCE_PUSH", other.as_str())]);
}

#[test]
fn several_protected_branches_count_a_change_once() {
    let mut made = Made::new();
    let ids = chain(&made, 3);
    made.settings = "branches = [\"main\", \"release\"]\n".to_owned();
    let fix = made.simple(&[&ids[1]], "2026-01-08T09:00:00Z", "Fix");
    made.set("release", &fix);
    made.collect("2026-01-09T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    let items = judgement.population.unwrap().items;
    let on: Vec<_> = items
        .iter()
        .map(|item| item.columns["branch"].as_str())
        .collect();
    assert_eq!(on, ["main release", "main release", "main", "release"]);
}

#[test]
fn a_local_branch_and_that_of_the_remote_that_parted_need_a_name() {
    let mut made = Made::new();
    let ids = chain(&made, 3);
    made.git(&["update-ref", "refs/remotes/origin/main", &ids[1]]);
    made.collect("2026-01-06T10:00:00Z");
    assert_eq!(items(&made.judge(WHOLE, NOW)), 3);
    let other = made.simple(&[&ids[1]], "2026-01-06T10:30:00Z", "Other");
    made.git(&["update-ref", "refs/remotes/origin/main", &other]);
    made.collect("2026-01-06T11:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(judgement.unobservable[0].what.contains("have diverged"));
    made.settings = "branches = [\"refs/remotes/origin/main\"]\n".to_owned();
    made.collect("2026-01-06T12:00:00Z");
    assert_eq!(
        codes(&made.judge(WHOLE, NOW)),
        [("FORCE_PUSH", other.as_str())]
    );
}

#[test]
fn phi_in_a_message_is_withheld_shown_and_never_stored() {
    let made = Made::new();
    let ids = chain(&made, 2);
    let bad = made.simple(
        &[&ids[1]],
        "2026-01-05T09:00:00Z",
        "Fix for SSN 219-09-9999",
    );
    let next = made.simple(&[&bad], "2026-01-06T09:00:00Z", "Next");
    made.set("main", &next);
    made.collect("2026-01-06T10:00:00Z");
    let stored = made.stored(COMMITS);
    assert!(!stored[0].contains("219-09") && stored[0].contains(&format!("{bad} withheld")));
    assert_eq!(
        codes(&made.judge("change.messages", NOW)),
        [("PHI_IN_MESSAGE", bad.as_str())]
    );
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!((judgement.outcome, items(&judgement)), (Outcome::Pass, 4));
    assert!(judgement.notes[0].contains("1 commits are stored without their message"));
}

#[test]
fn octopus_merges_and_second_roots_are_followed() {
    let made = Made::new();
    let ids = chain(&made, 2);
    let foreign = made.simple(&[], "2026-01-03T09:00:00Z", "Another root");
    let side = made.simple(&[&ids[0]], "2026-01-03T10:00:00Z", "Side");
    let merge = made.commit(&Draft {
        parents: &[&ids[1], &side, &foreign],
        author: BOB,
        committer: BOB,
        authored: "2026-01-04T09:00:00Z",
        committed: "2026-01-04T09:00:00Z",
        message: "Octopus",
    });
    made.set("main", &merge);
    made.collect("2026-01-06T10:00:00Z");
    let judgement = made.judge(WHOLE, NOW);
    assert_eq!((judgement.outcome, items(&judgement)), (Outcome::Pass, 3));
}
