//! The collector against a double of the forge, in the shapes of its documentation.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::forge::contract::Contract;
use crate::forge::origin::PlainHttp;
use crate::forge::{Api, Limits, Stop, Token};
use crate::github::tests::double::{Double, Reply, Request};
use crate::github::tests::repository::Repo;

/// A clock that only waiting moves.
struct Still(Timestamp);

impl Pace for Still {
    fn now(&mut self) -> Timestamp {
        self.0
    }

    fn sleep(&mut self, duration: Duration) {
        self.0 += duration;
    }
}

const HEAD: &str = "00000000000000000000000000000000000000aa";

/// What the double answers below the project.
fn body(rest: &str, commit: &str) -> Option<Value> {
    let ann = json!({"id": 1, "username": "ann", "name": "Ann", "state": "active"});
    let request = json!({
        "iid": 5, "state": "merged", "merged_at": "2026-01-10T12:00:00Z", "author": ann, "target_branch": "main",
        "source_branch": "work", "target_project_id": 9, "source_project_id": 9, "sha": HEAD, "description": "canary",
        "merge_commit_sha": commit, "squash_commit_sha": null, "labels": [],
    });
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    Some(match parts.as_slice() {
        [] => {
            json!({"path_with_namespace": "g/p", "default_branch": "main", "only_allow_merge_if_pipeline_succeeds": true})
        }
        ["members", "all"] => {
            json!([{"id": 1, "username": "ann", "state": "active", "access_level": 30}])
        }
        ["approvals"] => {
            json!({"reset_approvals_on_push": true, "merge_requests_author_approval": false,
            "merge_requests_disable_committers_approval": true, "disable_overriding_approvers_per_merge_request": true})
        }
        ["approval_rules"] | ["merge_requests", "5", "reviewers" | "commits"] => json!([]),
        ["events"] => {
            json!([{"id": 1, "created_at": "2026-01-10T12:00:00Z", "author": ann, "push_data": {
            "action": "pushed", "ref_type": "branch", "ref": "main", "commit_from": HEAD, "commit_to": commit}}])
        }
        ["repository", "branches", "main"] => json!({"name": "main", "protected": true}),
        ["protected_branches", "main"] => {
            json!({"name": "main", "push_access_levels": [{"access_level": 0}],
            "merge_access_levels": [], "allow_force_push": false})
        }
        ["repository", "commits", _, "statuses"] => {
            json!([{"name": "build", "status": "success", "allow_failure": false,
            "created_at": "2026-01-10T11:00:00Z", "started_at": null, "finished_at": null}])
        }
        ["repository", "commits", _, "merge_requests"] => json!([request]),
        ["merge_requests", "5"] => request,
        ["merge_requests", "5", "approvals"] => {
            json!({"approved_by": [{"user": ann, "approved_at": "2026-01-10T11:00:00Z"}]})
        }
        ["merge_requests", "5", "versions"] => {
            json!([{"id": 1, "head_commit_sha": HEAD, "created_at": "2026-01-10T10:00:00Z"}])
        }
        _ => return None,
    })
}

fn collected(
    folder: &std::path::Path,
    repo: &Repo,
    double: &Double,
    now: &str,
) -> Result<Summary, CollectError> {
    let options = Options {
        repository: Project::parse("g/p").unwrap(),
        api: Api::parse(&double.url(), PlainHttp::DangerToLoopback).unwrap(),
        token: Some(Token::new("canary-of-the-token", "test").unwrap()),
        clone: repo.path().to_path_buf(),
        branches: Vec::new(),
        since: Some("2026-01-01".parse().unwrap()),
        out: folder.to_path_buf(),
        again: false,
        limits: Limits {
            attempts: 1,
            ..Limits::default()
        },
    };
    collect_with(&options, &mut Still(now.parse().unwrap()), &mut |_| {})
}

fn double(
    commit: &str,
    other: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> Double {
    let commit = commit.to_owned();
    Double::start(move |request| {
        let rest = request.path.strip_prefix("/projects/g%2Fp");
        let known = || {
            rest.and_then(|rest| body(rest, &commit))
                .map(|body| Reply::json(&body))
        };
        other(request)
            .or_else(known)
            .unwrap_or_else(|| Reply::refusal(404, "404 Not Found"))
    })
}

#[test]
fn a_walk_saves_every_question_once_and_goes_on_from_what_is_settled() {
    let repo = Repo::new();
    let commit = repo.commit("2026-01-10T12:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let double = double(&commit, |_| None);
    let summary = collected(folder.path(), &repo, &double, "2026-02-01T00:00:00Z").unwrap();
    assert!(summary.is_whole(), "{summary}");
    // Every endpoint, and the results of the commit beside those of the head.
    assert_eq!(summary.calls, 14 + 1);
    let events = double
        .seen()
        .into_iter()
        .find(|request| request.path.ends_with("/events"));
    assert_eq!(
        events.unwrap().query,
        "action=pushed&after=2025-12-31&per_page=100"
    );
    let second = collected(folder.path(), &repo, &double, "2026-02-01T01:00:00Z").unwrap();
    assert_eq!((second.settled, second.is_whole()), (8, true), "{second}");
    for entry in folder.path().read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn pages_follow_the_number_of_a_project_and_limits_are_waited_for() {
    let repo = Repo::new();
    let commit = repo.commit("2026-01-10T12:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let double = double(&commit, |request| {
        if request.path.ends_with("/approval_rules") && request.times == 1 {
            return Some(Reply::refusal(429, "Retry later").with("retry-after", "7"));
        }
        if !request.path.ends_with("/members/all") || request.query.contains("page=2") {
            return None;
        }
        let host = &request.headers["host"];
        let next =
            format!("<http://{host}/projects/9/members/all?page=2&per_page=100>; rel=\"next\"");
        Some(Reply::json(&json!([])).with("link", next))
    });
    let summary = collected(folder.path(), &repo, &double, "2026-02-01T00:00:00Z").unwrap();
    assert!(summary.is_whole(), "{summary}");
    assert_eq!(double.times("/projects/g%2Fp/members/all"), 2);
    assert_eq!(double.times("/projects/g%2Fp/approval_rules"), 2);
}

#[test]
fn what_a_tier_or_role_hides_is_told_apart_and_another_project_is_refused() {
    let repo = Repo::new();
    let commit = repo.commit("2026-01-10T12:00:00Z");
    let collect = |other: fn(&Request) -> Option<Reply>| {
        let folder = tempfile::tempdir().unwrap();
        collected(
            folder.path(),
            &repo,
            &double(&commit, other),
            "2026-02-01T00:00:00Z",
        )
    };
    let free = collect(|request| {
        let hidden = [
            "/g%2Fp/approvals",
            "/approval_rules",
            "/protected_branches/main",
        ];
        let is_hidden = hidden.iter().any(|path| request.path.ends_with(path));
        is_hidden.then(|| Reply::refusal(404, "404 Not Found"))
    });
    let free = free.unwrap();
    assert_eq!((free.hidden.len(), free.is_whole()), (3, true), "{free}");
    let refused = collect(|request| {
        request
            .path
            .ends_with("/approvals")
            .then(|| Reply::refusal(403, "403 Forbidden"))
    });
    assert!(!refused.unwrap().is_whole());
    let old = collect(|request| {
        let approvals = json!({"approved_by": [{"user": {"id": 1, "username": "ann"}}]});
        request
            .path
            .ends_with("/5/approvals")
            .then(|| Reply::json(&approvals))
    });
    let old = old.unwrap();
    assert!(
        old.changed.iter().any(|line| line.contains("approved_at")),
        "{old}"
    );
    let other = collect(|request| {
        let project = json!({"path_with_namespace": "g/q", "default_branch": "main", "only_allow_merge_if_pipeline_succeeds": true});
        (request.path == "/projects/g%2Fp").then(|| Reply::json(&project))
    });
    assert!(matches!(other, Err(CollectError::Stop(Stop::Renamed(_)))));
}

#[test]
fn every_endpoint_has_a_contract_and_is_in_the_plan() {
    let contract = Contract::of(&DIALECT);
    let recorded = contract.endpoints();
    assert_eq!(recorded.len(), endpoint::ALL.len());
    assert!(
        endpoint::ALL
            .iter()
            .all(|endpoint| recorded[endpoint.path] > 0)
    );
    let repo = Repo::new();
    repo.commit("2026-01-10T12:00:00Z");
    let options = Options {
        repository: Project::parse("g/p").unwrap(),
        api: Api::parse("http://127.0.0.1:1", PlainHttp::DangerToLoopback).unwrap(),
        token: None,
        clone: repo.path().to_path_buf(),
        branches: vec!["main".to_owned()],
        since: None,
        out: repo.path().join("pages"),
        again: false,
        limits: Limits::default(),
    };
    let plan = plan::plan(&options).unwrap();
    for endpoint in endpoint::ALL {
        assert!(
            plan.contains(endpoint.path) && plan.contains(endpoint.permission),
            "{plan}"
        );
    }
    assert!(
        plan.contains("About 22 calls for 1 commits") && plan.contains("UNOBSERVABLE"),
        "{plan}"
    );
}
