//! A forge for tests: answers that GitHub's own OpenAPI description allows.
//!
//! With `VOUCHSAFE_DOUBLE_DUMP` set to a folder, what is answered is written there, and
//! `tests/github-double/validate.py` compares it with that description.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::double::{Reply, Request};

const SHAPES: &str = include_str!("shapes.json");

/// Repository `o/r`: each commit of main came by a pull request of its own.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    shapes: BTreeMap<String, Value>,
    /// The commits of main.
    pub(crate) commits: Vec<String>,
    /// When the pull requests were merged.
    pub(crate) merged_at: String,
}

impl Forge {
    pub(crate) fn new(commits: &[String]) -> Self {
        Self {
            shapes: serde_json::from_str(SHAPES).unwrap(),
            commits: commits.to_vec(),
            merged_at: "2026-01-10T12:00:00Z".to_owned(),
        }
    }

    /// The head of the pull request of that number.
    pub(crate) fn head(number: usize) -> String {
        format!("{number:040x}")
    }

    /// The answer to a request, with an ETag; 304 when that is known.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let Some((template, body)) = self.body(&request.path) else {
            return Reply::refusal(404, "Not Found");
        };
        dump(template, &body);
        let etag = format!("W/\"{:x}\"", body.to_string().len());
        if request.headers.get("if-none-match") == Some(&etag) {
            return Reply::of(304, super::double::Body::Text(String::new())).with("etag", etag);
        }
        Reply::json(&body).with("etag", etag)
    }

    /// The path in GitHub's description, and a body.
    pub(crate) fn body(&self, path: &str) -> Option<(&'static str, Value)> {
        if path == "/orgs/o" {
            let body = self.shape(
                "organisation",
                json!({"login": "o", "two_factor_requirement_enabled": true}),
            );
            return Some(("/orgs/{org}", body));
        }
        let rest = path.strip_prefix("/repos/o/r")?;
        let parts: Vec<_> = rest.split('/').skip(1).collect();
        Some(match parts.as_slice() {
            [] => {
                let owner = json!({"login": "o", "type": "Organization"});
                let fields = json!({"full_name": "o/r", "name": "r", "default_branch": "main", "owner": owner});
                ("/repos/{owner}/{repo}", self.shape("repository", fields))
            }
            ["commits", sha, what] => self.commit(sha, what)?,
            ["pulls", number, rest @ ..] => self.pull(number.parse().ok()?, rest)?,
            rest => self.setting(rest)?,
        })
    }

    fn setting(&self, parts: &[&str]) -> Option<(&'static str, Value)> {
        Some(match parts {
            ["collaborators"] => {
                let rights = json!({"pull": true, "push": true, "admin": false});
                let one = self.shape(
                    "collaborator",
                    json!({"login": "ann", "permissions": rights}),
                );
                ("/repos/{owner}/{repo}/collaborators", json!([one]))
            }
            ["rulesets"] => {
                let one = self.shape(
                    "ruleset",
                    json!({"id": 7, "source": "o/r", "source_type": "Repository"}),
                );
                ("/repos/{owner}/{repo}/rulesets", json!([one]))
            }
            ["rulesets", "7"] => {
                let fields = json!({"id": 7, "rules": [{"type": "deletion"}], "bypass_actors": [{"actor_id": 5,
                    "actor_type": "RepositoryRole", "bypass_mode": "always"}]});
                (
                    "/repos/{owner}/{repo}/rulesets/{ruleset_id}",
                    self.shape("ruleset", fields),
                )
            }
            ["rulesets", "rule-suites"] => {
                let one = self.shape(
                    "suite",
                    json!({"ref": "refs/heads/main", "result": "bypass"}),
                );
                ("/repos/{owner}/{repo}/rulesets/rule-suites", json!([one]))
            }
            rest => self.access(rest)?,
        })
    }

    fn access(&self, parts: &[&str]) -> Option<(&'static str, Value)> {
        Some(match parts {
            ["rules", "branches", _] => {
                let one = json!({"type": "deletion", "ruleset_id": 7});
                (
                    "/repos/{owner}/{repo}/rules/branches/{branch}",
                    json!([one]),
                )
            }
            ["branches", name] => {
                let tip = json!({"name": name, "commit": {"sha": self.commits.last()?}, "protected": true});
                (
                    "/repos/{owner}/{repo}/branches/{branch}",
                    self.shape("branch", tip),
                )
            }
            ["branches", _, "protection"] => {
                let admins = json!({"url": "https://forge.example/x", "enabled": true});
                (
                    "/repos/{owner}/{repo}/branches/{branch}/protection",
                    json!({"enforce_admins": admins}),
                )
            }
            ["activity"] => ("/repos/{owner}/{repo}/activity", self.activity()),
            ["deployments"] => {
                let sha = self.commits.last()?;
                let one = self.shape(
                    "deployment",
                    json!({"sha": sha, "payload": "free text of a robot"}),
                );
                ("/repos/{owner}/{repo}/deployments", json!([one]))
            }
            ["environments"] => (
                "/repos/{owner}/{repo}/environments",
                self.shape("environments", json!({})),
            ),
            ["keys"] => (
                "/repos/{owner}/{repo}/keys",
                json!([self.shape("key", json!({"title": "deploy"}))]),
            ),
            ["actions", "secrets"] => (
                "/repos/{owner}/{repo}/actions/secrets",
                self.shape("secrets", json!({})),
            ),
            _ => return None,
        })
    }

    fn activity(&self) -> Value {
        let moves = self.commits.windows(2).enumerate().map(|(id, pair)| {
            let fields = json!({"id": id, "before": pair[0], "after": pair[1], "ref": "refs/heads/main",
                "activity_type": "pr_merge", "actor": {"login": "ann", "type": "User"}});
            self.shape("activity", fields)
        });
        moves.rev().collect()
    }

    fn commit(&self, sha: &str, what: &str) -> Option<(&'static str, Value)> {
        match what {
            "pulls" => {
                let place = self.commits.iter().position(|commit| commit == sha)?;
                let link = self.shape("link", self.merge(place + 1));
                Some((
                    "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
                    json!([link]),
                ))
            }
            "check-runs" => {
                let mut runs = self.shape("runs", json!({}));
                let run = json!({"name": "test", "head_sha": sha, "status": "completed", "conclusion": "success",
                    "started_at": "2026-01-10T11:00:00Z", "completed_at": "2026-01-10T11:10:00Z"});
                merge(&mut runs["check_runs"][0], run);
                Some(("/repos/{owner}/{repo}/commits/{ref}/check-runs", runs))
            }
            "status" => {
                let mut status = self.shape("status", json!({"sha": sha, "state": "success"}));
                merge(
                    &mut status["statuses"][0],
                    json!({"state": "success", "context": "ci"}),
                );
                Some(("/repos/{owner}/{repo}/commits/{ref}/status", status))
            }
            _ => None,
        }
    }

    fn merge(&self, number: usize) -> Value {
        json!({"number": number, "state": "closed", "merged_at": self.merged_at, "user": {"login": "bob", "type": "User"},
            "merge_commit_sha": self.commits[number - 1], "base": {"ref": "main"}, "head": {"sha": Self::head(number)},
            "title": "Mend it", "body": "canary of the body"})
    }

    fn pull(&self, number: usize, rest: &[&str]) -> Option<(&'static str, Value)> {
        self.commits.get(number.checked_sub(1)?)?;
        Some(match rest {
            [] => {
                let mut pull = self.shape("pull", self.merge(number));
                merge(
                    &mut pull,
                    json!({"merged": true, "merged_by": {"login": "ann", "type": "User"},
                        "head": {"ref": format!("work-{number}"), "repo": {"full_name": "o/r"}}}),
                );
                ("/repos/{owner}/{repo}/pulls/{pull_number}", pull)
            }
            ["reviews"] => (
                "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
                json!([self.review(1, number)]),
            ),
            ["commits"] => {
                let commit = json!({"sha": Self::head(number), "author": {"login": "bob"}, "committer": {"login": "bob"}});
                let commit = self.shape("commit", commit);
                (
                    "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
                    json!([commit]),
                )
            }
            _ => return None,
        })
    }

    /// A review of the pull request of that number.
    pub(crate) fn review(&self, id: u64, number: usize) -> Value {
        self.shape(
            "review",
            json!({"id": id, "state": "APPROVED", "commit_id": Self::head(number),
            "user": {"login": "ann", "type": "User"}, "body": "canary of the body"}),
        )
    }

    fn shape(&self, name: &str, fields: Value) -> Value {
        let mut shape = self.shapes[name].clone();
        merge(&mut shape, fields);
        shape
    }
}

/// Puts fields into an object, into the objects in it too.
pub(crate) fn merge(into: &mut Value, fields: Value) {
    match (into, fields) {
        (Value::Object(into), Value::Object(fields)) => {
            for (name, field) in fields {
                merge(into.entry(name).or_insert(Value::Null), field);
            }
        }
        (into, fields) => *into = fields,
    }
}

/// Writes what is answered to the folder that the validation reads.
pub(crate) fn dump(template: &str, body: &Value) {
    let Some(folder) = std::env::var_os("VOUCHSAFE_DOUBLE_DUMP") else {
        return;
    };
    let text = json!({"path": template, "body": body}).to_string();
    let name = crate::digest::Digest::of(text.as_bytes()).to_string();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
}
