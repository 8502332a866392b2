//! Saves what GitHub says of a repository, as pages (`forge.pages/1`), to be judged offline.
//!
//! It follows from the commits of the protected branches to their pull requests. What all forges have in common is in
//! [`crate::forge`].

mod again;
pub(crate) mod command;
mod endpoint;
mod plan;
mod repository;
mod walk;

#[cfg(test)]
pub(crate) mod tests;

use crate::forge::pace::{Pace, System};
use crate::forge::{CollectError, Dialect, Summary, Version};

pub(crate) use again::{Wanted, again};
pub(crate) use repository::{GITHUB, Repository};

/// How GitHub is spoken to. `tests/github-double/contract.py` compares the contract with GitHub's own OpenAPI description.
const DIALECT: Dialect = Dialect {
    accept: "application/vnd.github+json",
    version: Some(Version {
        header: "x-github-api-version",
        value: "2022-11-28",
        selected: "x-github-api-version-selected",
    }),
    contract: include_str!("../data/github-contract.json"),
};

/// What to collect of a repository of GitHub.
pub(crate) type Options = crate::forge::Options<Repository>;

/// Asks the forge and saves its pages.
///
/// # Errors
/// When it could not begin. What is missing at the end is no error: the summary names it.
pub(crate) fn collect(
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<Summary, CollectError> {
    collect_with(options, &mut System, progress)
}

fn collect_with(
    options: &Options,
    pace: &mut dyn Pace,
    progress: &mut dyn FnMut(&str),
) -> Result<Summary, CollectError> {
    let git = options.git()?;
    let asker = options.asker(&DIALECT, &options.repository.stem(), pace)?;
    walk::Walk::new(options, git, asker, progress).run()
}
