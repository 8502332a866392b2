//! What the collectors of all forges have in common: one call after another within the forge's limits, a folder of pages
//! that a later start goes on from, and a recorded contract of the answers.
//!
//! A collector applies no logic: it follows from page to page, and stores each answer as it came, refusals too.

pub(crate) mod access;
pub(crate) mod ask;
pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod contract;
pub(crate) mod endpoint;
pub(crate) mod folder;
pub(crate) mod history;
pub(crate) mod link;
pub(crate) mod origin;
pub(crate) mod pace;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod settled;
mod summary;
mod token;

use std::path::PathBuf;

use jiff::civil::Date;

use crate::git::{Git, GitError};

pub(crate) use client::{Limits, Stop};
pub(crate) use origin::{Api, ApiError};
#[cfg(fuzzing)]
pub(crate) use page::{Page, withhold};
pub(crate) use summary::Summary;
pub(crate) use token::{Token, TokenError};

use ask::{Asker, Terms};
use contract::Contract;
use pace::Pace;

/// How a forge is spoken to.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// The kind of answer that is asked for.
    pub(crate) accept: &'static str,
    /// The version of its interface, where one is named with each call.
    pub(crate) version: Option<Version>,
    /// The recorded contract of its answers.
    pub(crate) contract: &'static str,
}

/// A version of an interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    /// The header that asks for it.
    pub(crate) header: &'static str,
    pub(crate) value: &'static str,
    /// The header that says which one was given.
    pub(crate) selected: &'static str,
}

/// What to collect, from where, into which folder.
#[derive(Debug)]
pub(crate) struct Options<R> {
    /// The repository.
    pub(crate) repository: R,
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

impl<R> Options<R> {
    /// The local clone.
    pub(crate) fn git(&self) -> Result<Git, CollectError> {
        Git::at(&self.clone).map_err(|error| CollectError::NoClone {
            folder: self.clone.clone(),
            error,
        })
    }

    /// What asks the forge, and saves its pages in files whose names begin with a stem.
    pub(crate) fn asker<'a>(
        &self,
        dialect: &'static Dialect,
        stem: &str,
        pace: &'a mut dyn Pace,
    ) -> Result<Asker<'a>, CollectError> {
        let folder = folder::Folder::open(&self.out, stem, pace.now())?;
        let client = client::Client::new(&self.api, dialect, self.token.as_ref(), self.limits)?;
        Ok(Asker {
            terms: Terms {
                out: self.out.clone(),
                again: self.again,
                limits: self.limits,
            },
            folder,
            client,
            contract: Contract::of(dialect),
            pace,
            summary: Summary::default(),
        })
    }
}
