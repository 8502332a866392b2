//! GitLab's pages, as the same facts that GitHub's give: one judge for both.
//!
//! Most pages say by themselves what a page of GitHub says. Who approved which head, how a change came to a branch, and
//! what protects a branch stand on several pages: those are put together in [`derived`], each as old as its oldest part.

mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::forge::Forge;
use super::pages::{Body, Page};
use super::shapes::{
    Account, Activity, Allowances, CheckRun, CheckRuns, Context, Protection, Pull, RequiredChecks,
    RequiredReviews, Review, Statuses, Switch,
};
use shapes::{
    ApprovalRule, ApprovalSettings, Approvals, Branch, Commit, Event, Member, MergeRequest,
    Project, ProtectedBranch, Reviewer, Status, User, Version,
};

/// A page of GitLab that says something only together with others.
#[derive(Debug)]
pub(super) enum Raw {
    Approvals(Approvals),
    ApprovalRules(Vec<ApprovalRule>),
    ApprovalSettings(ApprovalSettings),
    Events(Vec<Event>),
    Project(Project),
    ProtectedBranch(Box<ProtectedBranch>),
    Reviewers(Vec<Reviewer>),
    Versions(Vec<Version>),
}

/// The project and the path below it, of a path of GitLab's interface.
pub(super) fn place(path: &str) -> Option<(String, String)> {
    let rest = path.strip_prefix("/projects/")?;
    let (project, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let project = super::pages::decoded(project).to_ascii_lowercase();
    // No path of GitHub's is called so.
    Some((project, format!("/gitlab/{}", super::pages::decoded(rest))))
}

/// What a page says by itself: the path of the same page of GitHub, and its body.
pub(super) fn body(path: &str, repository: &str, line: &[u8]) -> (String, Result<Body, String>) {
    use super::pages::read;
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let stays = |raw: Result<Raw, String>| (path.to_owned(), raw.map(Body::GitLab));
    match parts.as_slice() {
        [] | [""] => stays(read(line).map(Raw::Project)),
        ["members", "all"] => {
            let people = read::<Vec<Member>>(line);
            let people =
                people.map(|people| people.into_iter().map(Member::collaborator).collect());
            ("/collaborators".to_owned(), people.map(Body::Collaborators))
        }
        ["repository", "commits", sha, "merge_requests"] => {
            let found = read::<Vec<MergeRequest>>(line);
            let found = found.map(|found| found.iter().map(MergeRequest::brief).collect());
            (
                format!("/commits/{sha}/pulls"),
                found.map(Body::PullsOfCommit),
            )
        }
        ["repository", "commits", sha, "statuses"] => {
            let runs = read::<Vec<Status>>(line).map(runs);
            (
                format!("/commits/{sha}/check-runs"),
                runs.map(Body::CheckRuns),
            )
        }
        ["repository", "branches", ..] => {
            let name = parts.get(2..).unwrap_or_default().join("/");
            let page = read::<Branch>(line).map(Branch::page);
            (format!("/branches/{name}"), page.map(Body::Branch))
        }
        ["merge_requests", number] => {
            let pull = read::<MergeRequest>(line).map(|one| one.pull(repository));
            let pull = pull.map(|pull| Body::Pull(Box::new(pull)));
            (format!("/pulls/{number}"), pull)
        }
        ["merge_requests", number, "commits"] => {
            let commits = read::<Vec<Commit>>(line);
            // The newest comes first here.
            let commits = commits.map(|all| all.into_iter().rev().map(Commit::listed).collect());
            (
                format!("/pulls/{number}/commits"),
                commits.map(Body::PullCommits),
            )
        }
        ["merge_requests", _, "approvals"] => stays(read(line).map(Raw::Approvals)),
        ["merge_requests", _, "reviewers"] => stays(read(line).map(Raw::Reviewers)),
        ["merge_requests", _, "versions"] => stays(read(line).map(Raw::Versions)),
        ["events"] => stays(read(line).map(Raw::Events)),
        ["protected_branches", ..] => stays(read(line).map(Raw::ProtectedBranch)),
        ["approvals"] => stays(read(line).map(Raw::ApprovalSettings)),
        ["approval_rules"] => stays(read(line).map(Raw::ApprovalRules)),
        _ => (path.to_owned(), Ok(Body::Other)),
    }
}

/// A job or an outside status is a run of a check.
fn runs(statuses: Vec<Status>) -> CheckRuns {
    let runs = statuses.into_iter().map(|one| CheckRun {
        status: match one.status.as_str() {
            "success" | "failed" | "canceled" | "skipped" => "completed".to_owned(),
            // One that may be left out holds nothing up; another blocks its pipeline until somebody starts it.
            "manual" if one.allow_failure => "completed".to_owned(),
            other => other.to_owned(),
        },
        conclusion: Some(match one.status.as_str() {
            "success" => "success".to_owned(),
            "skipped" | "manual" => "skipped".to_owned(),
            // The pipeline passes with it all the same.
            "failed" | "canceled" if one.allow_failure => "neutral".to_owned(),
            _ => "failure".to_owned(),
        }),
        started_at: one.started_at.or(Some(one.created_at)),
        completed_at: one.finished_at.or(Some(one.created_at)),
        name: one.name,
        app: None,
    });
    CheckRuns {
        total_count: None,
        check_runs: runs.collect(),
    }
}

/// The pages that several pages of GitLab come to.
pub(super) fn derived(forge: &Forge, repository: &str) -> Vec<Page> {
    let mut pages = Vec::new();
    if !forge.is_gitlab() {
        return pages;
    }
    let paths: BTreeSet<&str> = forge.paths().collect();
    for path in paths {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["gitlab", "merge_requests", number, "approvals"] => {
                // Each answer for itself: what was there at the merge may be gone from the last one.
                let answers = forge.answers(path).map(Ok);
                let answers = answers.chain(forge.newest(path).err().map(Err));
                for answer in answers {
                    let found = answer.and_then(|(at, body)| reviews(forge, number, at, body));
                    pages.push(page(repository, format!("/pulls/{number}/reviews"), found));
                }
            }
            ["commits", sha, "check-runs"] => {
                // Outside statuses are among the runs here.
                let none = Statuses {
                    total_count: 0,
                    statuses: Vec::new(),
                };
                let at = forge.newest(path).map(|(at, _)| at);
                let body = at.map(|at| (at, Body::Statuses(none)));
                pages.push(page(repository, format!("/commits/{sha}/status"), body));
            }
            ["branches", name @ ..] => {
                // There are no rules but those of protected branches.
                let at = forge.newest(path).map(|(at, _)| at);
                let rules = at.map(|at| (at, Body::Rules(Vec::new())));
                let path = format!("/rules/branches/{}", name.join("/"));
                pages.push(page(repository, path, rules));
            }
            ["gitlab", "protected_branches", name @ ..] => {
                let name = name.join("/");
                let found = protection(forge, path, &name);
                pages.push(page(
                    repository,
                    format!("/branches/{name}/protection"),
                    found,
                ));
            }
            ["gitlab", "events"] => pages.extend(activity(forge, path, repository)),
            _ => {}
        }
    }
    pages
}

type Derived = Result<(Timestamp, Body), String>;

fn page(repository: &str, path: String, body: Derived) -> Page {
    let at = body.as_ref().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
    Page {
        repository: repository.to_owned(),
        path,
        query: String::new(),
        at,
        next: None,
        body: body.map(|(_, body)| body),
    }
}

/// Who approved which head: the approvals that stood in an answer, and the head that the merge request had at that time.
fn reviews(forge: &Forge, number: &str, at: Timestamp, answer: &Body) -> Derived {
    let of = |what: &str| forge.listing(&format!("/gitlab/merge_requests/{number}/{what}"));
    let (reviewers, versions) = (of("reviewers")?, of("versions")?);
    let mut heads: Vec<&Version> = Vec::new();
    for body in &versions.pages {
        match body {
            Body::GitLab(Raw::Versions(found)) => heads.extend(found),
            _ => return Err("the versions of a merge request are another page".to_owned()),
        }
    }
    heads.sort_by_key(|version| version.created_at);
    for body in &reviewers.pages {
        let Body::GitLab(Raw::Reviewers(found)) = body else {
            return Err("the reviewers of a merge request are another page".to_owned());
        };
        // When that was asked for is not shown, so neither is whether it was open at the merge.
        if found.iter().any(|one| one.state == "requested_changes") {
            return Err(format!(
                "a reviewer of merge request {number} asked for changes, at a time that is not shown"
            ));
        }
    }
    let Body::GitLab(Raw::Approvals(found)) = answer else {
        return Err("the approvals of a merge request are another page".to_owned());
    };
    let reviews = found.approved_by.iter().map(|approval| {
        let mut earlier = heads.iter().rev();
        let head = earlier.find(|version| version.created_at <= approval.approved_at);
        Review {
            // Somebody approves once: an approval that is taken back and given again has another time.
            id: approval.user.id,
            user: approval.user.account(),
            state: "APPROVED".to_owned(),
            commit_id: head.map(|version| Arc::clone(&version.head_commit_sha)),
            submitted_at: Some(approval.approved_at),
        }
    });
    Ok((at, Body::Reviews(reviews.collect())))
}

/// Pushes. One whose last commit is the merge of a merge request into that branch is that merge.
fn activity(forge: &Forge, path: &str, repository: &str) -> Vec<Page> {
    let merged: BTreeMap<(String, &str), &str> = forge
        .all_pulls()
        .filter(|pull| pull.merged)
        .filter_map(|pull| {
            let became = pull.merge_commit_sha.as_deref()?;
            // Whoever pushes the head itself to the branch has it marked as merged, too.
            let kind = match *became == *pull.head.sha {
                true => "merge_or_push",
                false => "pr_merge",
            };
            Some(((pull.base.branch.clone(), became), kind))
        })
        .collect();
    let mut pages = Vec::new();
    for (at, body) in forge.answers(path) {
        let Body::GitLab(Raw::Events(events)) = body else {
            continue;
        };
        let pushes = events.iter().filter_map(|event| pushed(event, &merged));
        let body = Ok((at, Body::Activity(pushes.collect())));
        pages.push(page(repository, "/activity".to_owned(), body));
    }
    pages
}

fn pushed(event: &Event, merged: &BTreeMap<(String, &str), &str>) -> Option<Activity> {
    let push = event.push_data.as_ref()?;
    if push.ref_type != "branch" {
        return None;
    }
    let branch = push.branch.clone()?;
    let none = || Arc::from("0".repeat(40));
    let after = push.commit_to.clone().unwrap_or_else(none);
    let as_merged = merged.get(&(branch.clone(), &*after));
    let kind = match (as_merged, push.action.as_str()) {
        (Some(kind), _) => kind,
        (None, "pushed") => "push",
        (None, "created") => "branch_creation",
        (None, "removed") => "branch_deletion",
        (None, other) => other,
    };
    Some(Activity {
        id: event.id,
        before: push.commit_from.clone().unwrap_or_else(none),
        after,
        branch: format!("refs/heads/{branch}"),
        timestamp: event.created_at,
        activity_type: kind.to_owned(),
        actor: event.author.as_ref().and_then(User::account),
    })
}

/// What protects a branch, in the form that GitHub's older protection has.
fn protection(forge: &Forge, path: &str, branch: &str) -> Derived {
    let (at, Body::GitLab(Raw::ProtectedBranch(protected))) = forge.newest(path)? else {
        return Err(format!("{path} is another page than its path says"));
    };
    let (settings_at, Body::GitLab(Raw::ApprovalSettings(settings))) =
        forge.newest("/gitlab/approvals")?
    else {
        return Err("the settings of approvals are another page".to_owned());
    };
    let (project_at, Body::GitLab(Raw::Project(project))) = forge.newest("/gitlab/")? else {
        return Err("the project is another page".to_owned());
    };
    let listing = forge.newest_listing("/gitlab/approval_rules")?;
    let rules = listing.pages.iter().filter_map(|body| match body {
        Body::GitLab(Raw::ApprovalRules(rules)) => Some(rules),
        _ => None,
    });
    let asked = rules
        .flatten()
        .filter(|rule| rule.asks_for(branch))
        .map(|rule| rule.approvals_required)
        .max();
    let pushers = protected.push_access_levels.iter();
    let pushers = pushers
        .filter(|level| level.access_level != Some(0))
        .count();
    let teams = std::iter::repeat_n(serde::de::IgnoredAny, pushers).collect();
    let checks = project.only_allow_merge_if_pipeline_succeeds;
    let protection = Protection {
        required_pull_request_reviews: Some(RequiredReviews {
            required_approving_review_count: asked.unwrap_or(0),
            dismiss_stale_reviews: settings.reset_approvals_on_push,
            require_last_push_approval: Some(
                !settings.merge_requests_author_approval
                    && settings.merge_requests_disable_committers_approval,
            ),
            bypass_pull_request_allowances: Some(Allowances {
                users: Vec::new(),
                teams,
                apps: Vec::new(),
            }),
        }),
        // The pipeline as a whole: its jobs have no names here.
        required_status_checks: checks.then(|| RequiredChecks {
            contexts: vec!["pipeline".to_owned()],
            checks: Some(Vec::<Context>::new()),
        }),
        // Whoever makes a merge request could set its rules aside.
        enforce_admins: Switch {
            enabled: settings.disable_overriding_approvers_per_merge_request == Some(true),
        },
        allow_force_pushes: Switch {
            enabled: protected.allow_force_push,
        },
        // Nobody deletes a protected branch by git; that maintainers may by the interface is no setting.
        allow_deletions: Switch { enabled: false },
    };
    let at = at.min(settings_at).min(project_at).min(listing.at);
    Ok((at, Body::Protection(Box::new(protection))))
}

impl User {
    /// The account; none for the one that stands for everybody who is gone.
    fn account(&self) -> Option<Account> {
        (self.username != "ghost").then(|| Account {
            login: self.username.clone(),
            id: Some(self.id),
            // Tokens of projects and groups act as users of such names.
            kind: match is_token(&self.username) {
                true => "Bot".to_owned(),
                false => "User".to_owned(),
            },
        })
    }
}

fn is_token(username: &str) -> bool {
    let rest = username
        .strip_prefix("project_")
        .or_else(|| username.strip_prefix("group_"));
    rest.and_then(|rest| rest.split_once("_bot"))
        .is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

impl MergeRequest {
    /// The commit that it became on its target.
    fn became(&self) -> Option<super::commit::Oid> {
        let merged = self.merge_commit_sha.as_ref();
        // Without a merge commit: the squash, or the head itself by fast-forward.
        let merged = merged.or(self.squash_commit_sha.as_ref());
        merged.or(self.sha.as_ref()).cloned()
    }

    fn brief(&self) -> super::shapes::PullBrief {
        super::shapes::PullBrief {
            number: self.iid,
            merged_at: self.merged_at,
            merge_commit_sha: self.became(),
            base: super::shapes::Base {
                branch: self.target_branch.clone(),
            },
        }
    }

    fn pull(self, repository: &str) -> Pull {
        let own = self.source_project_id == Some(self.target_project_id);
        let source = match self.source_project_id {
            Some(_) if own => Some(repository.to_owned()),
            Some(id) => Some(format!("project {id}")),
            None => None,
        };
        Pull {
            number: self.iid,
            merged: self.state == "merged",
            merged_at: self.merged_at,
            merge_commit_sha: self.became(),
            user: self.author.as_ref().and_then(User::account),
            labels: self
                .labels
                .into_iter()
                .map(|name| super::shapes::Label { name })
                .collect(),
            base: super::shapes::Base {
                branch: self.target_branch,
            },
            head: super::shapes::Head {
                sha: self.sha.unwrap_or_else(|| Arc::from("")),
                branch: Some(self.source_branch),
                repo: source.map(|full_name| super::shapes::RepositoryName { full_name }),
            },
            commits: None,
            tried: self.head_pipeline.and_then(|pipeline| pipeline.sha),
            squash: self.squash_commit_sha,
            origin: super::shapes::Origin::GitLab,
        }
    }
}
