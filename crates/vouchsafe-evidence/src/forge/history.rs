//! The first-parent commits of a branch, by the local clone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::git::{Git, GitError};

/// A commit to ask about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Commit {
    /// Its name.
    pub(crate) sha: String,
    /// The date that its committer gave it: a claim.
    pub(crate) claimed_at: Timestamp,
}

/// The commits of a branch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum History {
    /// Oldest first.
    Of(Vec<Commit>),
    /// The clone does not have the branch.
    NoBranch,
}

/// Whether the clone lacks what came before.
pub(crate) fn is_shallow(git: &Git) -> Result<bool, GitError> {
    Ok(git.text(["rev-parse", "--is-shallow-repository"])? == "true")
}

/// The first-parent commits of a branch from a day on.
///
/// Dates of commits are claims and may jump, so all commits count from the first one on that claims the day or a later
/// one; git's own `--since` would end at the first older date.
pub(crate) fn first_parents(
    git: &Git,
    branch: &str,
    since: Option<Date>,
) -> Result<History, GitError> {
    let Some(tip) = tip(git, branch) else {
        return Ok(History::NoBranch);
    };
    let lines = git.text(["rev-list", "--first-parent", "--timestamp", &tip, "--"])?;
    let mut commits: Vec<_> = lines
        .lines()
        .filter_map(|line| {
            let (seconds, sha) = line.split_once(' ')?;
            let claimed_at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
            Some(Commit {
                sha: sha.to_owned(),
                claimed_at,
            })
        })
        .collect();
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    if let Some(from) = since.and_then(midnight) {
        let last = commits.iter().rposition(|commit| commit.claimed_at >= from);
        commits.truncate(last.map_or(0, |last| last + 1));
    }
    commits.reverse();
    Ok(History::Of(commits))
}

/// The tip of the branch as the forge last had it, or as it is here.
fn tip(git: &Git, branch: &str) -> Option<String> {
    let names = ["refs/remotes/origin/", "refs/heads/"];
    names.into_iter().find_map(|prefix| {
        let name = format!("{prefix}{branch}^{{commit}}");
        git.text([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ])
        .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::tests::repository::Repo;

    #[test]
    fn commits_with_older_dates_among_newer_ones_are_not_lost() {
        let repo = Repo::new();
        let days = ["2026-01-01", "2026-02-03", "2025-12-01", "2026-02-05"];
        let shas: Vec<_> = days
            .iter()
            .map(|day| repo.commit(&format!("{day}T12:00:00Z")))
            .collect();
        let of = |since: Option<&str>| {
            let since = since.map(|day| day.parse().unwrap());
            match first_parents(&repo.git(), "main", since).unwrap() {
                History::Of(commits) => commits
                    .into_iter()
                    .map(|commit| commit.sha)
                    .collect::<Vec<_>>(),
                History::NoBranch => panic!("no branch"),
            }
        };
        assert_eq!(of(None), shas);
        assert_eq!(of(Some("2026-02-01")), shas[1..]);
        assert_eq!(of(Some("2026-02-04")), shas[3..]);
        assert!(of(Some("2026-03-01")).is_empty());
        assert_eq!(
            first_parents(&repo.git(), "nope", None).unwrap(),
            History::NoBranch
        );
    }
}
