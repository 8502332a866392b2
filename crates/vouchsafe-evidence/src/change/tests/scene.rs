//! A forge of paper: pull requests of every kind that are in order, and one more for a test to spoil.

use serde_json::{Value, json};

use super::made::{ANN, BOB, Draft, FORGE, Made, codes};
use crate::judgement::{Judgement, Outcome};

/// A repository with seven pull requests; the last is the one that a test spoils.
pub(super) struct Scene {
    pub(super) made: Made,
    pub(super) pages: Vec<Value>,
    pub(super) root: String,
    /// The commit that the last pull request became.
    pub(super) last: String,
    /// The head of the last pull request.
    pub(super) head: String,
    /// The head of the branch before it.
    pub(super) before: String,
    /// The number of changes of the period.
    pub(super) changes: usize,
}

pub(super) const LAST: u64 = 7;
/// When the last pull request is judged, and moments before and after its merge.
pub(super) const NOW: &str = "2026-01-10T02:00:00Z";
pub(super) const BEFORE: &str = "2026-01-09T11:00:00Z";
pub(super) const AFTER: &str = "2026-01-09T13:00:00Z";

pub(super) fn user(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else {
        "User"
    };
    json!({"login": login, "id": number(login), "type": kind})
}

/// The number of an account: it stays when the login is written or called otherwise.
fn number(login: &str) -> u64 {
    let login = login.to_ascii_lowercase();
    let bytes = login.bytes().map(u64::from);
    bytes.fold(7, |number, byte| (number * 31 + byte) % 1_000_003)
}

/// A push to a branch that is not protected.
pub(super) fn pushed(login: &str, branch: &str, head: &str, at: &str) -> Value {
    json!({
        "id": number(&format!("{head}{at}{login}")), "before": "0".repeat(40), "after": head,
        "ref": format!("refs/heads/{branch}"), "timestamp": at, "activity_type": "push", "actor": user(login),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
pub(super) fn page(path: &str, body: Value) -> Value {
    json!({
        "page": 1, "method": "GET", "path": format!("/repos/acme/app{path}"), "query": "", "status": 200,
        "at": "2026-01-10T00:00:00Z", "headers": {}, "complete": true, "body": body,
    })
}

pub(super) fn review(login: &str, state: &str, head: &str, at: &str) -> Value {
    let id = number(&format!("{login}{state}{at}"));
    json!({"id": id, "user": user(login), "state": state, "commit_id": head, "submitted_at": at})
}

/// A person of a snapshot.
pub(super) fn collaborator(login: &str, may_push: bool) -> Value {
    json!({"login": login, "id": number(login), "permissions": {"push": may_push}})
}

/// A commit of a pull request, as the forge lists it.
pub(super) fn listed(id: &str, parent: &str, login: &str, person: (&str, &str), at: &str) -> Value {
    let written = json!({"name": person.0, "email": person.1, "date": at});
    json!({
        "sha": id, "parents": [{"sha": parent}], "author": user(login), "committer": user(login),
        "commit": {"message": "Work", "author": written, "committer": written},
    })
}

/// How a pull request came to the branch.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Way {
    Merge,
    Squash,
    Rebase,
    Queue,
}

/// A pull request that was merged.
struct Merged<'a> {
    number: u64,
    way: Way,
    login: &'a str,
    person: (&'a str, &'a str),
    first: String,
    made_at: String,
    merged_at: String,
}

impl Scene {
    pub(super) fn new() -> Self {
        let made = Made::new();
        let root = made.simple(&[], "2026-01-01T09:00:00Z", "Begin");
        let mut scene = Self {
            made,
            pages: Vec::new(),
            root: root.clone(),
            last: root,
            head: String::new(),
            before: String::new(),
            changes: 0,
        };
        let people = ["ann", "bob", "cem"].map(|login| collaborator(login, true));
        let mut people = people.to_vec();
        people.push(collaborator("dan", false));
        let mut snapshot = page("/collaborators", Value::Array(people));
        snapshot["at"] = json!("2026-01-02T00:00:00Z");
        snapshot["query"] = json!("affiliation=all&per_page=100");
        scene.pages.push(snapshot);
        scene.pull(1, Way::Merge, "bob", BOB, "Work");
        scene.pull(2, Way::Squash, "bob", BOB, "Work (#2)");
        scene.pull(3, Way::Rebase, "bob", BOB, "Work");
        scene.pull(4, Way::Queue, "bob", BOB, "Work");
        let bot = ("dependabot", "support@example.org");
        scene.pull(5, Way::Merge, "dependabot[bot]", bot, "Bump it");
        scene.pull(6, Way::Merge, "ann", ANN, "Revert \"Work\"");
        scene.pull(LAST, Way::Merge, "bob", BOB, "Work");
        scene.made.set("main", &scene.last);
        scene
    }

    /// One pull request that is in order: made by one, approved by another.
    fn pull(&mut self, number: u64, way: Way, login: &str, person: (&str, &str), message: &str) {
        let day = 2 + number;
        let made_at = format!("2026-01-{day:02}T09:00:00Z");
        let merged_at = format!("2026-01-{day:02}T12:00:00Z");
        let base = self.last.clone();
        let draft = |parents: &[&str], committer, committed: &str, message: &str| {
            self.made.commit(&Draft {
                parents,
                author: person,
                committer,
                authored: &made_at,
                committed,
                message,
            })
        };
        // The work began on an older head where the branch is merged or rebased.
        let first = draft(&[&self.root], person, &made_at, message);
        let head = draft(&[&first], person, &made_at, &format!("{message}, more"));
        let last = match way {
            Way::Merge | Way::Queue => {
                let text = format!("Merge pull request #{number}");
                draft(&[&base, &head], FORGE, &merged_at, &text)
            }
            Way::Squash => draft(&[&base], FORGE, &merged_at, message),
            Way::Rebase => {
                let copy = draft(&[&base], FORGE, &merged_at, message);
                draft(&[&copy], FORGE, &merged_at, &format!("{message}, more"))
            }
        };
        let merged = Merged {
            number,
            way,
            login,
            person,
            first,
            made_at,
            merged_at,
        };
        (self.before, self.last, self.head) = (base, last, head);
        self.pages_of(&merged);
        self.checks_of(&merged);
    }

    fn pages_of(&mut self, merged: &Merged<'_>) {
        let Merged {
            number,
            way,
            login,
            person,
            first,
            made_at,
            merged_at,
        } = merged;
        let (last, head) = (self.last.clone(), self.head.clone());
        let reviewer = if *login == "ann" { "bob" } else { "ann" };
        let approved_at = merged_at.replace("T12", "T11");
        let brief = json!({
            "number": number, "merged_at": merged_at, "merge_commit_sha": last, "base": {"ref": "main"},
        });
        let pull = json!({
            "number": number, "merged": true, "merged_at": merged_at, "merge_commit_sha": last,
            "user": user(login), "labels": [], "base": {"ref": "main"}, "commits": 2,
            "head": {"sha": head, "ref": format!("work-{number}"), "repo": {"full_name": "Acme/App"}},
        });
        let event = pushed(login, &format!("work-{number}"), &head, made_at);
        self.pages.push(page("/activity", json!([event])));
        let mut brought = vec![last.clone()];
        if *way == Way::Rebase {
            brought.push(self.made.git(&["rev-parse", &format!("{last}^")]));
        }
        self.changes += brought.len();
        for id in &brought {
            self.pages
                .push(page(&format!("/commits/{id}/pulls"), json!([brief])));
        }
        self.pages.push(page(&format!("/pulls/{number}"), pull));
        let mut commits = [
            listed(first, &self.root, login, *person, made_at),
            listed(&head, first, login, *person, made_at),
        ];
        for (commit, id) in commits.iter_mut().zip([first, &head]) {
            let message = self.made.git(&["log", "-1", "--format=%B", id]);
            commit["commit"]["message"] = json!(message);
        }
        self.pages
            .push(page(&format!("/pulls/{number}/commits"), json!(commits)));
        self.pages.push(page(
            &format!("/pulls/{number}/reviews"),
            json!([review(reviewer, "APPROVED", &head, &approved_at)]),
        ));
    }

    /// A merge queue tries the merged commit, everything else the head.
    fn checks_of(&mut self, merged: &Merged<'_>) {
        let approved_at = merged.merged_at.replace("T12", "T11");
        let run = json!({
            "name": "build", "status": "completed", "conclusion": "success",
            "started_at": approved_at, "completed_at": approved_at,
        });
        let (head, last) = (self.head.clone(), self.last.clone());
        let queued = merged.way == Way::Queue;
        for (id, ran) in [(&head, !queued), (&last, queued)] {
            let runs = if ran { vec![run.clone()] } else { Vec::new() };
            let runs = json!({"total_count": runs.len(), "check_runs": runs});
            let none = json!({"total_count": 0, "statuses": []});
            self.pages
                .push(page(&format!("/commits/{id}/check-runs"), runs));
            self.pages
                .push(page(&format!("/commits/{id}/status"), none));
        }
    }

    /// The page of a path.
    pub(super) fn page(&mut self, path: &str) -> &mut Value {
        let path = format!("/repos/acme/app{path}");
        let found = self.pages.iter_mut().find(|page| page["path"] == path);
        found.unwrap_or_else(|| panic!("no page {path}"))
    }

    /// The body of a page of the last pull request.
    pub(super) fn of_last(&mut self, what: &str) -> &mut Value {
        &mut self.page(&format!("/pulls/{LAST}{what}"))["body"]
    }

    /// The reviews of the last pull request.
    pub(super) fn reviews(&mut self, reviews: &[Value]) {
        *self.of_last("/reviews") = json!(reviews);
    }

    /// The listing of the pull requests that name the last commit.
    pub(super) fn briefs(&mut self) -> &mut Value {
        let path = format!("/commits/{}/pulls", self.last);
        self.page(&path)
    }

    /// Stores the pages and collects.
    pub(super) fn collect(&mut self) {
        let lines: String = self.pages.iter().map(|page| format!("{page}\n")).collect();
        self.made.write("evidence/pages/1.jsonl", &lines);
        if !self.made.settings.contains("pages") {
            self.made
                .settings
                .push_str("pages = [\"evidence/pages\"]\n");
        }
        self.made.collect("2026-01-10T01:00:00Z");
    }
}

pub(super) fn judged(mut scene: Scene, check: &str) -> (Judgement, Scene) {
    scene.collect();
    (scene.made.judge(check, NOW), scene)
}

/// Spoils the last pull request and asks for exactly these deviations of it, and nothing that cannot be seen.
#[track_caller]
pub(super) fn finds(expected: &[&str], spoil: impl FnOnce(&mut Scene)) {
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
pub(super) fn cannot_see(words: &str, spoil: impl FnOnce(&mut Scene)) {
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
