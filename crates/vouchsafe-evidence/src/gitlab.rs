//! Saves what GitLab says of a project, as pages (`forge.pages/1`), to be judged offline.
//!
//! It follows from the commits of the protected branches to their merge requests. What all forges have in common is in
//! [`crate::forge`].

pub(crate) mod command;
mod endpoint;
mod plan;
mod project;
mod walk;

#[cfg(test)]
mod tests;

use crate::forge::pace::{Pace, System};
use crate::forge::{CollectError, Dialect, Summary};

pub(crate) use project::Project;

/// How GitLab is spoken to. The contract is recorded from its documentation.
const DIALECT: Dialect = Dialect {
    accept: "application/json",
    version: None,
    contract: include_str!("../data/gitlab-contract.json"),
};

/// What to collect of a project of GitLab.
pub(crate) type Options = crate::forge::Options<Project>;

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
