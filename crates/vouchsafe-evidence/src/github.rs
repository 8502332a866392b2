//! Saves what GitHub says of a repository, as pages (`forge.pages/1`), to be judged offline.
//!
//! The collector applies no logic: it follows from the commits of the protected branches to their pull requests, and
//! stores each answer as it came, refusals too. A later start with the same folder goes on where the last one ended.

mod ask;
mod client;
pub(crate) mod command;
mod contract;
mod endpoint;
mod folder;
mod history;
mod link;
mod origin;
mod pace;
mod page;
mod plan;
mod settled;
mod summary;
mod token;
mod walk;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::civil::Date;

use crate::git::{Git, GitError};

pub(crate) use client::{Limits, Stop};
pub(crate) use origin::{Api, ApiError, Repository};
#[cfg(fuzzing)]
pub(crate) use page::{Page, withhold};
pub(crate) use summary::Summary;
pub(crate) use token::{Token, TokenError};

use pace::{Pace, System};

/// What to collect, from where, into which folder.
#[derive(Debug)]
pub(crate) struct Options {
    /// The repository.
    pub(crate) repository: Repository,
    /// Where its forge answers.
    pub(crate) api: Api,
    /// Who asks; nobody may, of a public repository.
    pub(crate) token: Option<Token>,
    /// The local clone, whose first-parent commits are asked about.
    pub(crate) clone: PathBuf,
    /// The protected branches; the default branch when none is named.
    pub(crate) branches: Vec<String>,
    /// The first day of the period; all of the history without it.
    pub(crate) since: Option<Date>,
    /// The folder of pages.
    pub(crate) out: PathBuf,
    /// Whether pages that are settled are asked for again.
    pub(crate) again: bool,
    /// How much is waited for and taken.
    pub(crate) limits: Limits,
}

/// Why nothing could be collected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    #[error("{folder}: {error}")]
    Folder {
        folder: PathBuf,
        error: std::io::Error,
    },
    #[error("{folder} is in use by another start of this command")]
    InUse { folder: PathBuf },
    #[error("{folder} is in no git repository, whose commits would be asked about: {error}")]
    NoClone { folder: PathBuf, error: GitError },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("the HTTP client could not be set up")]
    Client,
    #[error(transparent)]
    Stop(#[from] Stop),
}

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
    let git = clone(options)?;
    let folder = folder::Folder::open(&options.out, &options.repository, pace.now())?;
    let client = client::Client::new(&options.api, options.token.as_ref(), options.limits)?;
    walk::Walk::new(options, git, folder, client, pace, progress).run()
}

fn clone(options: &Options) -> Result<Git, CollectError> {
    Git::at(&options.clone).map_err(|error| CollectError::NoClone {
        folder: options.clone.clone(),
        error,
    })
}
