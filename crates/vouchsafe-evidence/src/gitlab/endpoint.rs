//! What is asked of GitLab.

use crate::forge::endpoint::{Endpoint, Workflow};

pub(super) const PROJECT: Endpoint = Endpoint {
    path: "/projects/{id}",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "the default branch, and whether pipelines must succeed",
};

pub(super) const MEMBERS: Endpoint = Endpoint {
    path: "/projects/{id}/members/all",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "who could write, so whose approval counts",
};

pub(super) const BRANCH: Endpoint = Endpoint {
    path: "/projects/{id}/repository/branches/{branch}",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "whether a branch is protected at all",
};

pub(super) const PROTECTED: Endpoint = Endpoint {
    path: "/projects/{id}/protected_branches/{name}",
    permission: "read_api, Maintainer",
    workflow: Workflow::Cannot,
    shows: "who may push to a protected branch, and by force",
};

pub(super) const SETTINGS: Endpoint = Endpoint {
    path: "/projects/{id}/approvals",
    permission: "read_api, Maintainer; Premium",
    workflow: Workflow::Cannot,
    shows: "whether a push removes approvals, and whether authors and committers may approve",
};

pub(super) const RULES: Endpoint = Endpoint {
    path: "/projects/{id}/approval_rules",
    permission: "read_api, Reporter; Premium",
    workflow: Workflow::Cannot,
    shows: "how many approvals are asked for",
};

pub(super) const EVENTS: Endpoint = Endpoint {
    path: "/projects/{id}/events",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "direct pushes, and who pushed the head of a merge request; kept for three years",
};

pub(super) const COMMIT_REQUESTS: Endpoint = Endpoint {
    path: "/projects/{id}/repository/commits/{sha}/merge_requests",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "the merge request of each commit",
};

pub(super) const STATUSES: Endpoint = Endpoint {
    path: "/projects/{id}/repository/commits/{sha}/statuses",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "results of the jobs of a change",
};

pub(super) const REQUEST: Endpoint = Endpoint {
    path: "/projects/{id}/merge_requests/{iid}",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "author, target and merge of a merge request",
};

pub(super) const REQUEST_COMMITS: Endpoint = Endpoint {
    path: "/projects/{id}/merge_requests/{iid}/commits",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "authors of the commits of a merge request",
};

pub(super) const APPROVALS: Endpoint = Endpoint {
    path: "/projects/{id}/merge_requests/{iid}/approvals",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "who approved, and when: UNOBSERVABLE where the server is too old to say when",
};

pub(super) const REVIEWERS: Endpoint = Endpoint {
    path: "/projects/{id}/merge_requests/{iid}/reviewers",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "whether a reviewer asked for changes",
};

pub(super) const VERSIONS: Endpoint = Endpoint {
    path: "/projects/{id}/merge_requests/{iid}/versions",
    permission: "read_api, Reporter",
    workflow: Workflow::Can,
    shows: "which head a merge request had when",
};

/// All of them, in the order in which they are asked.
pub(super) const ALL: &[Endpoint] = &[
    PROJECT,
    MEMBERS,
    BRANCH,
    PROTECTED,
    SETTINGS,
    RULES,
    EVENTS,
    COMMIT_REQUESTS,
    STATUSES,
    REQUEST,
    REQUEST_COMMITS,
    APPROVALS,
    REVIEWERS,
    VERSIONS,
];
