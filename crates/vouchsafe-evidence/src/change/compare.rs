//! Compares what two sets of pages say of the same changes: those of a pack, and those that the forge gives today.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::forge::Forge;
use super::pages::PageFile;
use super::shapes::{Account, PullCommit};

/// What a comparison of one change came to.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Compared {
    /// Its commit.
    pub(crate) commit: String,
    /// Its pull request, by the pack.
    pub(crate) pull: Option<u64>,
    pub(crate) result: Sameness,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) differences: Vec<Difference>,
    /// Why it could not be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// Whether the forge says what the pack says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sameness {
    Match,
    Differs,
    NotCompared,
}

/// A field that differs.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) pack: String,
    pub(crate) forge: String,
}

/// Both sets of pages.
#[derive(Debug)]
pub(crate) struct Comparison {
    pack: Forge,
    today: Forge,
}

/// A fact: what is compared, and how it reads.
struct Fact {
    value: String,
    text: String,
}

type Facts = BTreeMap<String, Fact>;

/// The repositories that files of pages speak of, but for those from which pull requests come.
///
/// # Errors
/// When a file holds something else.
pub(crate) fn repositories(files: &[Arc<[u8]>]) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for file in files {
        let pages = PageFile::parse(file)?.0;
        if pages.iter().any(|page| page.path.starts_with("/gitlab/")) {
            return Err(
                "its pages are GitLab's, and only those of GitHub can be compared".to_owned(),
            );
        }
        let pages = pages
            .into_iter()
            .filter(|page| page.path != "/activity" && !page.repository.is_empty());
        found.extend(pages.map(|page| page.repository));
    }
    Ok(found)
}

impl Comparison {
    /// # Errors
    /// When a file of pages holds something else.
    pub(crate) fn new(
        repository: &str,
        pack: &[Arc<[u8]>],
        today: &[Arc<[u8]>],
    ) -> Result<Self, String> {
        let read = |files: &[Arc<[u8]>]| {
            let files = files.iter().map(|file| PageFile::parse(file).map(Arc::new));
            let files = files.collect::<Result<Vec<_>, _>>()?;
            Ok::<_, String>(Forge::of_files(files, &repository.to_ascii_lowercase()))
        };
        Ok(Self {
            pack: read(pack)?,
            today: read(today)?,
        })
    }

    /// Compares a change.
    pub(crate) fn change(&self, commit: &str, pull: Option<u64>) -> Compared {
        let until = pull.and_then(|pull| self.pack.reviews(&reviews(pull)).ok());
        let until = until.map_or(Timestamp::MAX, |(at, _)| at);
        let sides = facts(&self.pack, commit, pull, until)
            .map_err(|why| format!("the pack: {why}"))
            .and_then(|pack| {
                let today = facts(&self.today, commit, pull, until);
                Ok((pack, today.map_err(|why| format!("the forge: {why}"))?))
            });
        let (result, differences, why) = match sides {
            Ok((pack, today)) => match differences(&pack, &today) {
                found if found.is_empty() => (Sameness::Match, found, None),
                found => (Sameness::Differs, found, None),
            },
            Err(why) => (Sameness::NotCompared, Vec::new(), Some(why)),
        };
        Compared {
            commit: commit.to_owned(),
            pull,
            result,
            differences,
            why,
        }
    }
}

fn differences(pack: &Facts, today: &Facts) -> Vec<Difference> {
    let names: BTreeSet<&String> = pack.keys().chain(today.keys()).collect();
    let text = |facts: &Facts, name: &String| {
        let fact = facts.get(name);
        fact.map_or_else(|| "not there".to_owned(), |fact| fact.text.clone())
    };
    let value = |facts: &Facts, name: &String| facts.get(name).map(|fact| fact.value.clone());
    names
        .into_iter()
        .filter(|name| value(pack, name) != value(today, name))
        .map(|name| Difference {
            what: name.clone(),
            pack: text(pack, name),
            forge: text(today, name),
        })
        .collect()
}

fn reviews(pull: u64) -> String {
    format!("/pulls/{pull}/reviews")
}

/// What pages say of a change, as far as a verdict rests on it.
fn facts(
    forge: &Forge,
    commit: &str,
    pull: Option<u64>,
    until: Timestamp,
) -> Result<Facts, String> {
    let mut facts = Facts::new();
    let (_, briefs) = forge.pulls_of(&format!("/commits/{commit}/pulls"))?;
    for brief in briefs {
        if let Some(merged_at) = brief.merged_at {
            let text = format!("merged into {} at {merged_at}", brief.base.branch);
            facts.insert(format!("pull request {} of it", brief.number), same(text));
        }
    }
    let Some(number) = pull else {
        return Ok(facts);
    };
    let (_, found) = forge.pull(number)?;
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut add = |what: &str, fact: Fact| facts.insert(what.to_owned(), fact);
    add("author", who(found.user.as_ref()));
    add("merged at", same(moment(found.merged_at)));
    let merge = found.merge_commit_sha.as_deref().unwrap_or("none");
    add("merge commit", same(merge.to_owned()));
    add("base", same(found.base.branch.clone()));
    add("head", same(found.head.sha.to_string()));
    let count = found
        .commits
        .map_or_else(String::new, |count| count.to_string());
    add("number of commits", same(count));
    let (_, found) = forge.commits(&format!("/pulls/{number}/commits"))?;
    for commit in found {
        add(&format!("commit {}", commit.sha), made(commit));
    }
    let (_, found) = forge.reviews(&reviews(number))?;
    // A review that came after the pack's listing is none that it could have.
    let known = |at: Option<Timestamp>| at.is_some_and(|at| at <= until);
    for review in found
        .into_iter()
        .filter(|review| known(review.submitted_at))
    {
        let by = who(review.user.as_ref());
        let of = review.commit_id.as_deref().unwrap_or("nothing");
        let rest = format!(
            "{} of {of} at {}",
            review.state,
            moment(review.submitted_at)
        );
        let fact = Fact {
            value: format!("{} {rest}", by.value),
            text: format!("{} {rest}", by.text),
        };
        add(&format!("review {}", review.id), fact);
    }
    Ok(facts)
}

fn same(text: String) -> Fact {
    Fact {
        value: text.clone(),
        text,
    }
}

/// An account is compared by what stays of it when it is renamed.
fn who(account: Option<&Account>) -> Fact {
    match account {
        Some(account) => Fact {
            value: account.key(),
            text: account.login.clone(),
        },
        None => same("an account that the forge does not name".to_owned()),
    }
}

fn made(commit: &PullCommit) -> Fact {
    let written = commit.commit.author.as_ref();
    let email = written.and_then(|by| by.email.as_deref());
    let author = match &commit.author {
        Some(account) => who(Some(account)),
        None => same(email.unwrap_or("somebody").to_owned()),
    };
    let committer = who(commit.committer.as_ref());
    Fact {
        value: format!("{} {}", author.value, committer.value),
        text: format!("by {}, committed by {}", author.text, committer.text),
    }
}
