//! What a run will ask, said beforehand: every question, its permission, and what stays UNOBSERVABLE without it.

use std::fmt::Write as _;

use super::Options;
use super::endpoint;
use crate::forge::CollectError;
use crate::forge::endpoint::{Endpoint, Workflow};
use crate::forge::history::{self, History};

/// Calls for each commit that came by a pull request: its link, the pull request, reviews, commits, and two times the
/// results of its tests.
const CALLS_OF_A_CHANGE: usize = 8;
/// Calls of GitHub in an hour: for the token of a workflow, and for an app or a person.
const AN_HOUR: [(&str, usize); 2] = [("a workflow's token", 1000), ("an app or a person", 5000)];

/// What a run will do, as text. It calls nobody.
///
/// # Errors
/// When the local clone cannot be read.
pub(crate) fn plan(options: &Options) -> Result<String, CollectError> {
    let git = options.git()?;
    let mut out = String::new();
    let mut commits = 0;
    let branches = &options.branches;
    let _ = writeln!(
        out,
        "GET {} about {}, into {}",
        options.api,
        options.repository,
        options.out.display()
    );
    for branch in branches {
        match history::first_parents(&git, branch, options.since)? {
            History::Of(of) => {
                commits += of.len();
                let _ = writeln!(out, "branch {branch}: {} first-parent commits", of.len());
            }
            History::NoBranch => {
                let _ = writeln!(out, "branch {branch}: not in the local clone; fetch it");
            }
        }
    }
    if branches.is_empty() {
        let _ = writeln!(out, "branch: the default branch, which the forge names");
    }
    if history::is_shallow(&git)? {
        let _ = writeln!(
            out,
            "the clone is shallow: what came before its first commit is not asked about"
        );
    }
    questions(&mut out);
    amount(&mut out, commits);
    levels(&mut out);
    Ok(out)
}

fn questions(out: &mut String) {
    let _ = writeln!(out, "\nEvery call is a GET:");
    for Endpoint {
        path, permission, ..
    } in endpoint::ALL
    {
        let _ = writeln!(out, "  {path}\n      takes {permission}");
    }
}

fn amount(out: &mut String, commits: usize) {
    let calls = commits * CALLS_OF_A_CHANGE + endpoint::ALL.len();
    let _ = writeln!(
        out,
        "\nAbout {calls} calls for {commits} commits; pages that are settled in the folder are not asked for again."
    );
    for (who, calls_an_hour) in AN_HOUR {
        let hours = calls.div_ceil(calls_an_hour);
        let _ = writeln!(
            out,
            "  {who}: {calls_an_hour} calls an hour, so within {hours} h"
        );
    }
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
