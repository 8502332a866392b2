//! What is asked of GitHub.

use crate::forge::endpoint::{Endpoint, Workflow};

pub(super) const REPOSITORY: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}",
    permission: "metadata: read",
    workflow: Workflow::Can,
    shows: "the default branch and the owner",
};

pub(super) const ORGANISATION: Endpoint = Endpoint {
    path: "/orgs/{org}",
    permission: "organisation administration: read",
    workflow: Workflow::Cannot,
    shows: "whether the organisation demands a second factor",
};

pub(super) const COLLABORATORS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/collaborators",
    permission: "metadata: read",
    workflow: Workflow::Can,
    shows: "who could write, so whose approval counts",
};

pub(super) const RULESETS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/rulesets",
    permission: "metadata: read",
    workflow: Workflow::Can,
    shows: "which rulesets there are",
};

pub(super) const RULESET: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/rulesets/{ruleset_id}",
    permission: "metadata: read; administration: read for bypass_actors",
    workflow: Workflow::Can,
    shows: "what a ruleset demands; who may bypass it is shown to administrators only",
};

pub(super) const RULE_SUITES: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/rulesets/rule-suites",
    permission: "administration: read (write on Enterprise Server up to 3.17)",
    workflow: Workflow::Cannot,
    shows: "which pushes bypassed a rule; kept for about a month",
};

pub(super) const BRANCH_RULES: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/rules/branches/{branch}",
    permission: "metadata: read",
    workflow: Workflow::Can,
    shows: "the rules in force for a branch",
};

pub(super) const BRANCH: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/branches/{branch}",
    permission: "contents: read",
    workflow: Workflow::Can,
    shows: "whether a branch is protected at all",
};

pub(super) const PROTECTION: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/branches/{branch}/protection",
    permission: "administration: read",
    workflow: Workflow::Cannot,
    shows: "the older protection settings of a branch",
};

pub(super) const ACTIVITY: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/activity",
    permission: "contents: read",
    workflow: Workflow::Can,
    shows: "direct and forced pushes, that no move of a branch is missing, and who pushed the head of a pull request",
};

/// The same of a repository from which a pull request comes. It may be hidden or gone.
pub(super) const FORK_ACTIVITY: Endpoint = Endpoint {
    workflow: Workflow::Cannot,
    shows: "who pushed the head of a pull request from a fork",
    ..ACTIVITY
};

pub(super) const DEPLOYMENTS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/deployments",
    permission: "deployments: read",
    workflow: Workflow::Can,
    shows: "what was deployed, and when",
};

pub(super) const ENVIRONMENTS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/environments",
    permission: "actions: read",
    workflow: Workflow::Can,
    shows: "who must approve a deployment",
};

pub(super) const KEYS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/keys",
    permission: "administration: read",
    workflow: Workflow::Cannot,
    shows: "deploy keys, which push without a person",
};

pub(super) const SECRETS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/actions/secrets",
    permission: "secrets: read (names only)",
    workflow: Workflow::Cannot,
    shows: "names and ages of the secrets of workflows",
};

pub(super) const COMMIT_PULLS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
    permission: "pull-requests: read",
    workflow: Workflow::Can,
    shows: "the pull request of each commit",
};

pub(super) const PULL: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/pulls/{pull_number}",
    permission: "pull-requests: read",
    workflow: Workflow::Can,
    shows: "author, base and merge of a pull request",
};

pub(super) const REVIEWS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
    permission: "pull-requests: read",
    workflow: Workflow::Can,
    shows: "who approved which commit, and when",
};

pub(super) const PULL_COMMITS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
    permission: "pull-requests: read",
    workflow: Workflow::Can,
    shows: "authors of the commits of a pull request",
};

pub(super) const CHECK_RUNS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/commits/{ref}/check-runs",
    permission: "checks: read (an app or a workflow; a fine-grained token of a person cannot have it)",
    workflow: Workflow::Can,
    shows: "results of the tests of a change",
};

pub(super) const STATUS: Endpoint = Endpoint {
    path: "/repos/{owner}/{repo}/commits/{ref}/status",
    permission: "statuses: read",
    workflow: Workflow::Can,
    shows: "results that are reported as statuses",
};

/// All of them, in the order in which they are asked.
pub(super) const ALL: &[Endpoint] = &[
    REPOSITORY,
    ORGANISATION,
    COLLABORATORS,
    RULESETS,
    RULESET,
    RULE_SUITES,
    BRANCH_RULES,
    BRANCH,
    PROTECTION,
    ACTIVITY,
    DEPLOYMENTS,
    ENVIRONMENTS,
    KEYS,
    SECRETS,
    COMMIT_PULLS,
    PULL,
    REVIEWS,
    PULL_COMMITS,
    CHECK_RUNS,
    STATUS,
];
