//! What a run will ask, said beforehand: every question, its permission, and how many calls it will take.

use std::fmt::{Display, Write as _};

use super::endpoint::Endpoint;
use super::history::{self, History};
use super::{CollectError, Options};

/// What is said of a forge.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) endpoints: &'static [Endpoint],
    /// Calls for each commit that came by a request.
    pub(crate) calls_of_a_change: usize,
    /// Who may make how many calls in an hour.
    pub(crate) an_hour: &'static [(&'static str, usize)],
}

impl Plan {
    /// What a run will do, as text. It calls nobody.
    ///
    /// # Errors
    /// When the local clone cannot be read.
    pub(crate) fn text<R: Display>(&self, options: &Options<R>) -> Result<String, CollectError> {
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
        self.questions(&mut out);
        self.amount(&mut out, commits);
        Ok(out)
    }

    fn questions(&self, out: &mut String) {
        let _ = writeln!(out, "\nEvery call is a GET:");
        for Endpoint {
            path, permission, ..
        } in self.endpoints
        {
            let _ = writeln!(out, "  {path}\n      takes {permission}");
        }
    }

    fn amount(&self, out: &mut String, commits: usize) {
        let calls = commits * self.calls_of_a_change + self.endpoints.len();
        let _ = writeln!(
            out,
            "\nAbout {calls} calls for {commits} commits; pages that are settled in the folder are not asked for again."
        );
        for (who, calls_an_hour) in self.an_hour {
            let hours = calls.div_ceil(*calls_an_hour);
            let _ = writeln!(
                out,
                "  {who}: {calls_an_hour} calls an hour, so within {hours} h"
            );
        }
    }
}
