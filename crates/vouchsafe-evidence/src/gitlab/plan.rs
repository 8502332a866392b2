//! What a run will ask of GitLab, and what stays UNOBSERVABLE with which token and tier.

use std::fmt::Write as _;

use super::Options;
use super::endpoint;
use crate::forge::CollectError;
use crate::forge::endpoint::Workflow;
use crate::forge::plan::Plan;

/// For each commit that came by a merge request: its link, the merge request, commits, approvals, reviewers, versions, and
/// two times the results of its jobs.
const PLAN: Plan = Plan {
    endpoints: endpoint::ALL,
    calls_of_a_change: 8,
    an_hour: &[("a token, where 400 calls a minute are allowed", 24_000)],
};

/// What a run will do, as text. It calls nobody.
///
/// # Errors
/// When the local clone cannot be read.
pub(crate) fn plan(options: &Options) -> Result<String, CollectError> {
    let mut out = PLAN.text(options)?;
    let _ = writeln!(
        out,
        "\nThe token of a job (CI_JOB_TOKEN) may ask none of these: take a project access token with read_api, whose owner \
         and end stand in the register of credentials. With the role Reporter, or on the tier Free, these stay UNOBSERVABLE:"
    );
    for endpoint in endpoint::ALL {
        if endpoint.workflow == Workflow::Cannot {
            let _ = writeln!(out, "  {} ({})", endpoint.shows, endpoint.path);
        }
    }
    let _ = writeln!(
        out,
        "On every tier: which rules a push bypassed, when changes were asked for, who changed settings, and which \
         account a mail address of a commit belongs to, but for [change] identities and the addresses that GitLab gives."
    );
    Ok(out)
}
