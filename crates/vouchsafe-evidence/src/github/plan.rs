//! What a run will ask of GitHub, and what stays UNOBSERVABLE with which token.

use std::fmt::Write as _;

use super::Options;
use super::endpoint;
use crate::forge::CollectError;
use crate::forge::endpoint::Workflow;
use crate::forge::plan::Plan;

/// For each commit that came by a pull request: its link, the pull request, reviews, commits, and two times the results of
/// its tests.
const PLAN: Plan = Plan {
    endpoints: endpoint::ALL,
    calls_of_a_change: 8,
    an_hour: &[("a workflow's token", 1000), ("an app or a person", 5000)],
};

/// What a run will do, as text. It calls nobody.
///
/// # Errors
/// When the local clone cannot be read.
pub(crate) fn plan(options: &Options) -> Result<String, CollectError> {
    let mut out = PLAN.text(options)?;
    levels(&mut out);
    Ok(out)
}

fn levels(out: &mut String) {
    let _ = writeln!(
        out,
        "\nWith the workflow's own token (GITHUB_TOKEN; permissions: contents, pull-requests, checks, statuses, \
         deployments and actions, all read) these stay UNOBSERVABLE:"
    );
    for endpoint in endpoint::ALL {
        if endpoint.workflow == Workflow::Cannot {
            let _ = writeln!(out, "  {} ({})", endpoint.shows, endpoint.path);
        }
    }
    let _ = writeln!(
        out,
        "  who may pass rulesets by (bypass_actors of {})",
        endpoint::RULESET.path
    );
    let _ = writeln!(
        out,
        "With an app that may read all of the above, nothing of these stays UNOBSERVABLE, but what the forge no longer \
         keeps. With a fine-grained token of a person, the results of check runs of a private repository do: such a \
         token cannot have that permission. The key of the app, or the token, needs an owner and an end in the register \
         of credentials."
    );
}

#[cfg(test)]
mod tests {
    use super::super::Repository;
    use super::super::tests::repository::Repo;
    use super::*;
    use crate::forge::origin::PlainHttp;
    use crate::forge::{Api, Limits, Token};

    #[test]
    fn every_call_and_permission_is_printed_beforehand_and_nobody_is_called() {
        let repo = Repo::new();
        for day in 1..=3 {
            repo.commit(&format!("2026-01-0{day}T12:00:00Z"));
        }
        let options = Options {
            repository: Repository::parse("o/r").unwrap(),
            // Nobody listens there.
            api: Api::parse("http://127.0.0.1:1", PlainHttp::DangerToLoopback).unwrap(),
            token: Some(Token::new("canary", "test").unwrap()),
            clone: repo.path().to_path_buf(),
            branches: vec!["main".to_owned(), "gone".to_owned()],
            since: Some("2026-01-02".parse().unwrap()),
            out: repo.path().join("pages"),
            again: false,
            limits: Limits::default(),
        };
        let plan = plan(&options).unwrap();
        for endpoint in endpoint::ALL {
            assert!(
                plan.contains(endpoint.path) && plan.contains(endpoint.permission),
                "{plan}"
            );
        }
        assert!(
            plan.contains("branch main: 2 first-parent commits"),
            "{plan}"
        );
        assert!(
            plan.contains("branch gone: not in the local clone"),
            "{plan}"
        );
        assert!(plan.contains("About 36 calls for 2 commits"), "{plan}");
        assert!(
            plan.contains("UNOBSERVABLE") && !plan.contains("canary"),
            "{plan}"
        );
        assert!(!options.out.exists());
    }
}
