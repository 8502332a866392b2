//! GitLab's pages, judged by the same judge.

use serde_json::{Value, json};

use super::made::{ANN, BOB, Draft, Made};
use crate::judgement::{Judgement, Outcome};

const NOW: &str = "2026-01-10T02:00:00Z";
const PUSHED: &str = "2026-01-09T09:00:00Z";
const APPROVED: &str = "2026-01-09T11:00:00Z";
const MERGED: &str = "2026-01-09T12:00:00Z";

/// A project with one merge request, made by Bob and approved by Ann.
struct Scene {
    made: Made,
    pages: Vec<Value>,
    base: String,
    head: String,
    merge: String,
}

#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
fn page(rest: &str, body: Value) -> Value {
    json!({
        "page": 1, "method": "GET", "path": format!("/projects/acme%2Fsub%2Fapp{rest}"), "query": "", "status": 200,
        "at": "2026-01-10T00:00:00Z", "headers": {}, "complete": true, "body": body,
    })
}

fn user(login: &str) -> Value {
    json!({"id": login.len() * 100 + usize::from(login.as_bytes()[0]), "username": login, "name": login})
}

fn member(login: &str, level: u64) -> Value {
    let mut member = user(login);
    member["access_level"] = json!(level);
    member["state"] = json!("active");
    member
}

fn event(login: &str, branch: &str, from: &str, to: &str, at: &str) -> Value {
    let push = json!({"action": "pushed", "ref_type": "branch", "ref": branch, "commit_from": from, "commit_to": to});
    json!({"id": at.len() + login.len() + branch.len(), "created_at": at, "author": user(login), "push_data": push})
}

impl Scene {
    fn new() -> Self {
        let mut made = Made::new();
        made.since = "2026-01-09".to_owned();
        made.settings.push_str(
            "identities = { \"ann@example.org\" = \"ann\", \"bob@example.org\" = \"bob\" }\n",
        );
        let base = made.simple(&[], "2026-01-01T09:00:00Z", "Begin");
        let head = made.simple(&[&base], PUSHED, "Work");
        // GitLab merges in the name of whoever merges: here of the approver.
        let merge = made.commit(&Draft {
            parents: &[&base, &head],
            author: ANN,
            committer: ANN,
            authored: MERGED,
            committed: MERGED,
            message: "Merge branch 'work' into 'main'",
        });
        made.set("main", &merge);
        let mut scene = Self {
            made,
            pages: Vec::new(),
            base,
            head,
            merge,
        };
        scene.pages();
        scene
    }

    fn pages(&mut self) {
        let (base, head, merge) = (&self.base, &self.head, &self.merge);
        let request = json!({
            "iid": 5, "state": "merged", "merged_at": MERGED, "author": user("bob"), "target_branch": "main",
            "source_branch": "work", "target_project_id": 1, "source_project_id": 1, "sha": head,
            "merge_commit_sha": merge, "squash_commit_sha": null, "labels": [],
        });
        let commit = json!([{
            "id": head, "parent_ids": [], "message": "Work", "author_name": BOB.0, "author_email": BOB.1,
            "authored_date": PUSHED, "committer_name": BOB.0, "committer_email": BOB.1, "committed_date": PUSHED,
        }]);
        let job = json!([{
            "name": "build", "status": "success", "created_at": PUSHED, "started_at": PUSHED, "finished_at": PUSHED,
            "allow_failure": false,
        }]);
        let members = json!([member("ann", 30), member("bob", 40), member("rep", 20)]);
        let mut people = page("/members/all", members);
        people["at"] = json!("2026-01-08T00:00:00Z");
        self.pages = vec![
            people,
            page(
                &format!("/repository/commits/{merge}/merge_requests"),
                json!([request]),
            ),
            page("/merge_requests/5", request),
            page("/merge_requests/5/commits", commit),
            page(
                "/merge_requests/5/approvals",
                json!({"approved_by": [{"user": user("ann"), "approved_at": APPROVED}]}),
            ),
            page(
                "/merge_requests/5/reviewers",
                json!([{"user": user("ann"), "state": "approved"}]),
            ),
            page(
                "/merge_requests/5/versions",
                json!([{"id": 1, "head_commit_sha": head, "created_at": PUSHED}]),
            ),
            page(&format!("/repository/commits/{head}/statuses"), job),
            page(
                "/events",
                json!([
                    event("ann", "main", base, merge, "2026-01-09T12:00:01Z"),
                    event("bob", "work", base, head, PUSHED),
                ]),
            ),
        ];
    }

    fn body(&mut self, rest: &str) -> &mut Value {
        &mut self.page(rest)["body"]
    }

    fn page(&mut self, rest: &str) -> &mut Value {
        let path = format!("/projects/acme%2Fsub%2Fapp{rest}");
        let found = self.pages.iter_mut().find(|page| page["path"] == path);
        found.unwrap_or_else(|| panic!("no page {path}"))
    }
}

fn judge(check: &str, spoil: impl FnOnce(&mut Scene)) -> (Outcome, String, Judgement) {
    let mut scene = Scene::new();
    spoil(&mut scene);
    let lines: String = scene.pages.iter().map(|page| format!("{page}\n")).collect();
    scene.made.write("evidence/pages/1.jsonl", &lines);
    scene
        .made
        .settings
        .push_str("pages = [\"evidence/pages\"]\n");
    scene.made.collect("2026-01-10T01:00:00Z");
    let judgement = scene.made.judge(check, NOW);
    let codes: Vec<_> = judgement
        .deviations
        .iter()
        .map(|one| one.code.clone())
        .collect();
    (judgement.outcome, codes.join(" "), judgement)
}

#[track_caller]
fn finds(code: &str, spoil: impl FnOnce(&mut Scene)) {
    let (outcome, codes, judgement) = judge("change.reviewed", spoil);
    assert_eq!(codes, code, "{judgement:?}");
    let expected = if code.is_empty() {
        Outcome::Pass
    } else {
        Outcome::Fail
    };
    assert_eq!(outcome, expected, "{judgement:?}");
}

#[track_caller]
fn cannot_see(words: &str, spoil: impl FnOnce(&mut Scene)) {
    let (outcome, codes, judgement) = judge("change.reviewed", spoil);
    assert_eq!(
        (outcome, codes.as_str()),
        (Outcome::Error, ""),
        "{judgement:?}"
    );
    assert!(
        judgement
            .unobservable
            .iter()
            .any(|one| one.what.contains(words)),
        "{judgement:?}"
    );
}

const APPROVALS: &str = "/merge_requests/5/approvals";

#[test]
fn a_merge_request_that_is_in_order_passes_and_each_fault_of_it_is_found() {
    finds("", |_| {});
    finds("NO_APPROVAL", |scene| {
        scene.body(APPROVALS)["approved_by"] = json!([])
    });
    finds("SELF_APPROVAL", |scene| {
        scene.body(APPROVALS)["approved_by"][0]["user"] = user("bob")
    });
    finds("REVIEWER_NO_RIGHT", |scene| {
        scene.body(APPROVALS)["approved_by"][0]["user"] = user("rep")
    });
    finds("BOT_APPROVAL", |scene| {
        scene.body(APPROVALS)["approved_by"][0]["user"] = user("project_12_bot_ab12");
    });
    finds("APPROVED_AFTER_MERGE", |scene| {
        scene.body(APPROVALS)["approved_by"][0]["approved_at"] = json!("2026-01-09T13:00:00Z");
    });
    // The head was pushed after the approval.
    finds("STALE_APPROVAL", |scene| {
        let first = scene.base.clone();
        let head = scene.head.clone();
        *scene.body("/merge_requests/5/versions") = json!([
            {"id": 2, "head_commit_sha": head, "created_at": "2026-01-09T11:30:00Z"},
            {"id": 1, "head_commit_sha": first, "created_at": PUSHED},
        ]);
    });
    finds("UNKNOWN_IDENTITY", |scene| {
        scene.body("/merge_requests/5/commits")[0]["author_email"] = json!("bob@home.example");
    });
    finds("", |scene| {
        let known = format!("{}-bob@users.noreply.gitlab.com", user("bob")["id"]);
        scene.body("/merge_requests/5/commits")[0]["author_email"] = json!(known);
    });
    finds("NO_PR", |scene| {
        let rest = format!("/repository/commits/{}/merge_requests", scene.merge);
        *scene.body(&rest) = json!([]);
    });
    finds("PR_OTHER_BASE", |scene| {
        let rest = format!("/repository/commits/{}/merge_requests", scene.merge);
        scene.body(&rest)[0]["target_branch"] = json!("other");
    });
    // The approver pushed the head.
    finds("SELF_APPROVAL", |scene| {
        scene.body("/events")[1]["author"] = user("ann")
    });
}

#[test]
fn what_gitlab_does_not_show_is_no_verdict() {
    cannot_see("approved_at", |scene| {
        let approval = &mut scene.body(APPROVALS)["approved_by"][0];
        approval.as_object_mut().unwrap().remove("approved_at");
    });
    cannot_see("asked for changes", |scene| {
        scene.body("/merge_requests/5/reviewers")[0]["state"] = json!("requested_changes");
    });
    for rest in [
        APPROVALS,
        "/merge_requests/5/versions",
        "/merge_requests/5/reviewers",
        "/merge_requests/5",
    ] {
        for status in [403, 404, 429] {
            cannot_see("", |scene| {
                scene.page(rest)["status"] = json!(status);
                scene.page(rest)["body"] = Value::Null;
            });
        }
    }
    cannot_see("whether the reviewer pushed the head", |scene| {
        scene.body("/events").as_array_mut().unwrap().remove(1);
    });
    // A request from another project.
    cannot_see("whether the reviewer pushed the head", |scene| {
        scene.body("/merge_requests/5")["source_project_id"] = json!(2);
    });
}

#[test]
fn pushes_and_jobs_are_judged_as_those_of_github() {
    let direct = "change.no-direct-push";
    assert_eq!(judge(direct, |_| {}).0, Outcome::Pass);
    let pushed = judge(direct, |scene| {
        scene.body("/merge_requests/5")["merge_commit_sha"] = json!(scene.base);
        let rest = format!("/repository/commits/{}/merge_requests", scene.merge);
        *scene.body(&rest) = json!([]);
    });
    assert_eq!(pushed.1, "DIRECT_PUSH");
    let green = "change.ci-green";
    assert_eq!(judge(green, |_| {}).0, Outcome::Pass);
    let job = |field: &'static str, value: Value| {
        judge(green, move |scene| {
            let rest = format!("/repository/commits/{}/statuses", scene.head);
            scene.body(&rest)[0][field] = value;
        })
    };
    assert_eq!(job("status", json!("failed")).1, "CHECKS_FAILED");
    assert_eq!(job("status", json!("skipped")).1, "CHECKS_MISSING");
    assert_eq!(
        job("finished_at", json!("2026-01-09T13:00:00Z")).1,
        "CHECKS_MISSING"
    );
}

/// The pages of a project whose branch is protected; the settings of approvals are answered with that status.
fn protecting(status: u16) -> Vec<Value> {
    let mut settings = page(
        "/approvals",
        json!({
            "reset_approvals_on_push": true, "merge_requests_author_approval": false,
            "merge_requests_disable_committers_approval": true,
            "disable_overriding_approvers_per_merge_request": true,
        }),
    );
    settings["status"] = json!(status);
    vec![
        page(
            "",
            json!({"path_with_namespace": "acme/sub/app", "only_allow_merge_if_pipeline_succeeds": true}),
        ),
        page(
            "/protected_branches/main",
            json!({"push_access_levels": [{"access_level": 0}], "allow_force_push": false}),
        ),
        settings,
        page(
            "/approval_rules",
            json!([{"approvals_required": 1, "rule_type": "any_approver", "protected_branches": []}]),
        ),
        page("/repository/branches/main", json!({"protected": true})),
    ]
}

#[test]
fn protection_takes_every_page_that_it_stands_on() {
    let judged = |status: u16, spoil: fn(&mut Vec<Value>)| {
        let (outcome, codes, _) = judge("change.protection", move |scene| {
            let mut pages = protecting(status);
            spoil(&mut pages);
            scene.pages.append(&mut pages);
        });
        (outcome, codes)
    };
    assert_eq!(judged(200, |_| {}), (Outcome::Pass, String::new()));
    // The tier Free has no such settings, and does not say so.
    assert_eq!(judged(404, |_| {}).0, Outcome::Error);
    let fails = |code: &str| (Outcome::Fail, code.to_owned());
    let open = judged(200, |pages| {
        pages[1]["status"] = json!(404);
        pages[4]["body"]["protected"] = json!(false);
    });
    assert_eq!(open.0, Outcome::Fail);
    assert!(open.1.contains("NO_REVIEW_REQUIRED"), "{}", open.1);
    let reported = judged(200, |pages| {
        pages[3]["body"][0]["rule_type"] = json!("report_approver");
    });
    assert_eq!(reported, fails("NO_REVIEW_REQUIRED"));
    let pushers = judged(200, |pages| {
        pages[1]["body"]["push_access_levels"][0]["access_level"] = json!(40)
    });
    assert_eq!(pushers, fails("BYPASS_ALLOWED"));
    assert_eq!(
        judged(200, |pages| pages[3]["body"] = json!([])),
        fails("NO_REVIEW_REQUIRED")
    );
    let forced = judged(200, |pages| {
        pages[1]["body"]["allow_force_push"] = json!(true)
    });
    assert_eq!(forced, fails("FORCE_PUSH_ALLOWED"));
    let piped = judged(200, |pages| {
        pages[0]["body"]["only_allow_merge_if_pipeline_succeeds"] = json!(false);
    });
    assert_eq!(piped, fails("NO_CHECKS_REQUIRED"));
}
