//! The shapes of GitLab's answers, as far as they are used, by its documentation.

use jiff::Timestamp;
use serde::Deserialize;

use super::super::commit::Oid;
use super::super::shapes::{
    BranchPage, Collaborator, Inner, Permissions, PullCommit, Sha, Written, nullable,
};

/// Somebody with this level may push and merge to what is not protected: a developer.
const DEVELOPER: u64 = 30;

#[derive(Clone, Debug, Deserialize)]
pub(in crate::change) struct User {
    pub(super) id: u64,
    pub(super) username: String,
}

/// One of `/members/all`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Member {
    id: u64,
    username: String,
    access_level: u64,
    state: String,
}

impl Member {
    pub(super) fn collaborator(self) -> Collaborator {
        Collaborator {
            login: self.username,
            id: Some(self.id),
            permissions: Permissions {
                push: self.access_level >= DEVELOPER && self.state == "active",
            },
        }
    }
}

/// A merge request, as its own page and the listing of a commit have it.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct MergeRequest {
    pub(super) iid: u64,
    pub(super) state: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) merged_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(super) author: Option<User>,
    pub(super) target_branch: String,
    pub(super) source_branch: String,
    pub(super) target_project_id: u64,
    #[serde(deserialize_with = "nullable")]
    pub(super) source_project_id: Option<u64>,
    #[serde(deserialize_with = "nullable")]
    pub(super) sha: Option<Oid>,
    #[serde(deserialize_with = "nullable")]
    pub(super) merge_commit_sha: Option<Oid>,
    #[serde(deserialize_with = "nullable")]
    pub(super) squash_commit_sha: Option<Oid>,
    pub(super) labels: Vec<String>,
    /// The last pipeline; listings leave it out. It may have tried the merge of both sides, and not the head.
    #[serde(default)]
    pub(super) head_pipeline: Option<Pipeline>,
}

#[derive(Debug, Deserialize)]
pub(in crate::change) struct Pipeline {
    pub(super) sha: Option<Oid>,
}

/// One of `/merge_requests/{iid}/commits`. It names no account.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Commit {
    id: Oid,
    parent_ids: Vec<Oid>,
    message: String,
    author_name: String,
    author_email: String,
    authored_date: Timestamp,
    committer_name: String,
    committer_email: String,
    committed_date: Timestamp,
}

impl Commit {
    pub(super) fn listed(self) -> PullCommit {
        let written = |name, email, date| {
            Some(Written {
                name: Some(name),
                email: Some(email),
                date: Some(date),
            })
        };
        PullCommit {
            sha: self.id,
            parents: self.parent_ids.into_iter().map(|sha| Sha { sha }).collect(),
            author: None,
            committer: None,
            commit: Inner {
                message: self.message,
                author: written(self.author_name, self.author_email, self.authored_date),
                committer: written(
                    self.committer_name,
                    self.committer_email,
                    self.committed_date,
                ),
                verification: None,
            },
        }
    }
}

/// `/merge_requests/{iid}/approvals`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Approvals {
    pub(super) approved_by: Vec<Approval>,
}

#[derive(Debug, Deserialize)]
pub(in crate::change) struct Approval {
    pub(super) user: User,
    /// Not there on older servers: then it is not shown when they approved.
    pub(super) approved_at: Timestamp,
}

/// One of `/merge_requests/{iid}/reviewers`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Reviewer {
    pub(super) state: String,
}

/// One of `/merge_requests/{iid}/versions`: a head that it had.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Version {
    pub(super) head_commit_sha: Oid,
    pub(super) created_at: Timestamp,
}

/// One of `/repository/commits/{sha}/statuses`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Status {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) created_at: Timestamp,
    #[serde(deserialize_with = "nullable")]
    pub(super) started_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub(super) finished_at: Option<Timestamp>,
    pub(super) allow_failure: bool,
}

/// One of `/events`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Event {
    pub(super) id: u64,
    pub(super) created_at: Timestamp,
    pub(super) author: Option<User>,
    pub(super) push_data: Option<Push>,
}

#[derive(Debug, Deserialize)]
pub(in crate::change) struct Push {
    pub(super) action: String,
    pub(super) ref_type: String,
    pub(super) commit_from: Option<Oid>,
    pub(super) commit_to: Option<Oid>,
    #[serde(rename = "ref")]
    pub(super) branch: Option<String>,
}

/// `/repository/branches/{branch}`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Branch {
    protected: bool,
}

impl Branch {
    pub(super) fn page(self) -> BranchPage {
        BranchPage {
            protected: self.protected,
        }
    }
}

/// `/protected_branches/{branch}`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct ProtectedBranch {
    pub(super) push_access_levels: Vec<AccessLevel>,
    pub(super) allow_force_push: bool,
}

#[derive(Debug, Deserialize)]
pub(in crate::change) struct AccessLevel {
    /// Nobody is 0; a user or group is named with null or 40.
    #[serde(deserialize_with = "nullable")]
    pub(super) access_level: Option<u64>,
}

/// `/approvals` of a project.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct ApprovalSettings {
    pub(super) reset_approvals_on_push: bool,
    pub(super) merge_requests_author_approval: bool,
    pub(super) merge_requests_disable_committers_approval: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) disable_overriding_approvers_per_merge_request: Option<bool>,
}

/// One of `/approval_rules`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct ApprovalRule {
    pub(super) approvals_required: u64,
    rule_type: String,
    protected_branches: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl ApprovalRule {
    /// A rule that names no branch is for all. One of a report asks for nobody, unless a scan found something.
    pub(super) fn asks_for(&self, branch: &str) -> bool {
        let always = matches!(self.rule_type.as_str(), "regular" | "any_approver");
        let mut branches = self.protected_branches.iter();
        always && (self.protected_branches.is_empty() || branches.any(|one| one.name == branch))
    }
}

/// `/projects/{id}`.
#[derive(Debug, Deserialize)]
pub(in crate::change) struct Project {
    pub(super) only_allow_merge_if_pipeline_succeeds: bool,
}
