//! Asks once more for the pages of single changes, under somebody else's token: an auditor's.

use std::collections::BTreeSet;

use super::{DIALECT, Options, endpoint};
use crate::forge::ask::{Asker, Question, items};
use crate::forge::endpoint::Endpoint;
use crate::forge::pace::System;
use crate::forge::settled::Subject;
use crate::forge::{CollectError, Stop};

/// A change that is asked about.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Its commit.
    pub(crate) commit: String,
    /// Its pull request, as it is known so far.
    pub(crate) pull: Option<u64>,
}

/// Asks for the pages of each change. Returns why it ended early, if it did: the pages up to there are saved.
///
/// # Errors
/// When it could not begin.
pub(crate) fn again(options: &Options, wanted: &[Wanted]) -> Result<Option<Stop>, CollectError> {
    let mut pace = System;
    let mut asker = options.asker(&DIALECT, &options.repository.stem(), &mut pace)?;
    let stopped = all(options, &mut asker, wanted).err();
    asker
        .folder
        .close()
        .map_err(|error| asker.unwritten(error))?;
    Ok(stopped)
}

fn all(options: &Options, asker: &mut Asker<'_>, wanted: &[Wanted]) -> Result<(), Stop> {
    let mut asked = BTreeSet::new();
    for one in wanted {
        let path = options
            .repository
            .path(&format!("/commits/{}/pulls", one.commit));
        let pages = listing(asker, &endpoint::COMMIT_PULLS, &path)?;
        let found = items(&pages).filter_map(|pull| pull.get("number")?.as_u64());
        for number in found.chain(one.pull).collect::<BTreeSet<_>>() {
            if !asked.insert(number) {
                continue;
            }
            let path = options.repository.path(&format!("/pulls/{number}"));
            let question = Question {
                endpoint: &endpoint::PULL,
                path: &path,
                query: "",
            };
            asker.ask(question, Subject::Now)?;
            let reviews = format!("{path}/reviews");
            listing(asker, &endpoint::REVIEWS, &reviews)?;
            let commits = format!("{path}/commits");
            listing(asker, &endpoint::PULL_COMMITS, &commits)?;
        }
    }
    Ok(())
}

fn listing(
    asker: &mut Asker<'_>,
    endpoint: &'static Endpoint,
    path: &str,
) -> Result<Vec<serde_json::Value>, Stop> {
    let question = Question {
        endpoint,
        path,
        query: "per_page=100",
    };
    asker.ask(question, Subject::Now)
}
