//! Compares sampled changes of a pack with the forge as it answers today, under the auditor's own token.
//!
//! INVARIANT (no-answer-is-no-match): a refusal, a limit or a page that is not whole is "could not be compared".

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use vouchsafe_tlog::NoteVerifier;

use crate::change::compare::{Compared, Comparison, Sameness, repositories};
use crate::forge::{Api, CollectError, Limits, Token};
use crate::github::{Options, Repository, Wanted, again};
use crate::pack::{Archive, pages, sample};

/// The check whose population is sampled.
const CHECK: &str = "change.reviewed";

/// What is compared with what.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) pack: &'a Path,
    /// The key of the log, where one was kept.
    pub(crate) key: Option<&'a NoteVerifier>,
    pub(crate) seed: &'a str,
    pub(crate) size: usize,
    /// The repository, where the auditor names it.
    pub(crate) repository: Option<&'a str>,
    pub(crate) api: Api,
    pub(crate) token: Option<Token>,
    pub(crate) limits: Limits,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Refetched {
    /// The address that was asked.
    pub(crate) api: String,
    pub(crate) repository: String,
    /// Whether the pack alone says which repository it is.
    pub(crate) named_by_pack: bool,
    /// Number of changes of the population.
    pub(crate) of: usize,
    /// The entry of the log that fixed the population.
    pub(crate) fixed_by: u64,
    pub(crate) changes: Vec<Compared>,
    /// Why no more was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<String>,
}

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefetchError {
    #[error("{0}")]
    Pack(String),
    #[error("the pack has no page of a forge, so there is nothing to compare")]
    NoPages,
    #[error(
        "the pack has pages of several repositories: name the one by --repository; it has: {0}"
    )]
    Several(String),
    #[error("--repository: the pack has no pages of {0}; it has pages of {1}")]
    OtherRepository(String, String),
    #[error("pages of {0} are compared with GitHub only, and that is no repository of GitHub")]
    OtherForge(String),
    #[error(transparent)]
    Collect(#[from] CollectError),
    #[error("a folder for the answers could not be made: {0}")]
    Folder(#[from] std::io::Error),
}

impl Refetched {
    /// Whether every change was compared and is the same.
    pub(crate) fn is_same(&self) -> bool {
        let same = |one: &Compared| one.result == Sameness::Match;
        !self.changes.is_empty() && self.changes.iter().all(same)
    }
}

/// Samples, asks and compares.
///
/// # Errors
/// When nothing could be compared at all. A change that could not be is in the result.
pub(crate) fn refetch(terms: Terms<'_>) -> Result<Refetched, RefetchError> {
    let sampled = sample(terms.pack, CHECK, terms.seed, terms.size, terms.key);
    let sampled = sampled.map_err(RefetchError::Pack)?;
    let archive =
        Archive::open(terms.pack).map_err(|error| RefetchError::Pack(error.to_string()))?;
    let pack = pages(archive, terms.key).map_err(RefetchError::Pack)?;
    let repository = repository(&pack, terms.repository)?;
    let wanted: Vec<Wanted> = sampled
        .items
        .into_iter()
        .map(|(_, item)| {
            let pull = item.columns.get("pull_request");
            Wanted {
                pull: pull.and_then(|number| number.parse().ok()),
                commit: item.id,
            }
        })
        .collect();
    let folder = tempfile::tempdir()?;
    let api = terms.api.to_string();
    let options = Options {
        repository: Repository::parse(&repository)
            .map_err(|_| RefetchError::OtherForge(repository.clone()))?,
        api: terms.api,
        token: terms.token,
        clone: folder.path().to_path_buf(),
        branches: Vec::new(),
        since: None,
        out: folder.path().join("pages"),
        again: true,
        limits: terms.limits,
    };
    let stopped = again(&options, &wanted)?.map(|stop| stop.to_string());
    let today = saved(&options.out)?;
    let comparison = Comparison::new(&repository, &pack, &today).map_err(RefetchError::Pack)?;
    Ok(Refetched {
        api,
        repository,
        named_by_pack: terms.repository.is_none(),
        of: sampled.of,
        fixed_by: sampled.fixed_by,
        changes: wanted
            .iter()
            .map(|one| comparison.change(&one.commit, one.pull))
            .collect(),
        stopped,
    })
}

/// The repository that is asked about: one of those of the pack.
fn repository(pack: &[Arc<[u8]>], named: Option<&str>) -> Result<String, RefetchError> {
    let found = repositories(pack).map_err(RefetchError::Pack)?;
    let all = || found.iter().cloned().collect::<Vec<_>>().join(", ");
    match (named, found.len(), found.first()) {
        (_, 0, _) => Err(RefetchError::NoPages),
        (Some(named), _, _) if found.contains(&named.to_ascii_lowercase()) => Ok(named.to_owned()),
        (Some(named), _, _) => Err(RefetchError::OtherRepository(named.to_owned(), all())),
        (None, 1, Some(only)) => Ok(only.clone()),
        (None, _, _) => Err(RefetchError::Several(all())),
    }
}

fn saved(folder: &Path) -> std::io::Result<Vec<Arc<[u8]>>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == "jsonl") {
            files.push(Arc::from(std::fs::read(path)?));
        }
    }
    Ok(files)
}
