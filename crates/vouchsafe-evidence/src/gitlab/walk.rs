//! The walk: which pages follow from which. It judges nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{Options, Project, endpoint};
use crate::forge::ask::{Asker, Question, items};
use crate::forge::endpoint::Endpoint;
use crate::forge::history::{self, History};
use crate::forge::origin::encoded;
use crate::forge::settled::Subject;
use crate::forge::{CollectError, Stop, Summary};
use crate::git::Git;

/// A run.
pub(super) struct Walk<'a> {
    options: &'a Options,
    git: Git,
    asker: Asker<'a>,
    progress: &'a mut dyn FnMut(&str),
    /// Merge requests and commits of this run that were asked about.
    done: BTreeSet<String>,
    /// Whether the forge showed the project.
    began: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        options: &'a Options,
        git: Git,
        asker: Asker<'a>,
        progress: &'a mut dyn FnMut(&str),
    ) -> Self {
        Self {
            options,
            git,
            asker,
            progress,
            done: BTreeSet::new(),
            began: false,
        }
    }

    /// Walks, and ends the file that was written.
    pub(super) fn run(mut self) -> Result<Summary, CollectError> {
        let ended = self.all();
        let began = self.began;
        self.asker.end(ended, began)
    }

    fn all(&mut self) -> Result<(), CollectError> {
        let pages = self.now(&endpoint::PROJECT, "", "")?;
        let Some(project) = pages.into_iter().next() else {
            return Err(Stop::Unshown.into());
        };
        let name = text(&project, "path_with_namespace").unwrap_or_default();
        if !name.eq_ignore_ascii_case(&self.options.repository.to_string()) {
            // Its word is printed only where it can be a name.
            let stop = match Project::parse(name) {
                Ok(_) => Stop::Renamed(name.to_owned()),
                Err(_) => Stop::Unshown,
            };
            return Err(stop.into());
        }
        self.began = true;
        let branches = match (&*self.options.branches, text(&project, "default_branch")) {
            ([], Some(default)) => vec![default.to_owned()],
            (named, _) => named.to_vec(),
        };
        self.now(&endpoint::MEMBERS, "/members/all", "per_page=100")?;
        self.now(&endpoint::SETTINGS, "/approvals", "")?;
        self.now(&endpoint::RULES, "/approval_rules", "per_page=100")?;
        // The forge counts whole days, and leaves out the one that is named.
        let since = self.options.since.and_then(|day| day.yesterday().ok());
        let after = since.map_or_else(String::new, |day| format!("&after={day}"));
        self.now(
            &endpoint::EVENTS,
            "/events",
            &format!("action=pushed{after}&per_page=100"),
        )?;
        for branch in &branches {
            let name = encoded(branch);
            self.now(
                &endpoint::BRANCH,
                &format!("/repository/branches/{name}"),
                "",
            )?;
            self.now(
                &endpoint::PROTECTED,
                &format!("/protected_branches/{name}"),
                "",
            )?;
        }
        self.asker.tell_shallow(&self.git)?;
        for branch in &branches {
            self.changes(branch)?;
        }
        Ok(())
    }

    /// Every first-parent commit of a branch, and what led to it.
    fn changes(&mut self, branch: &str) -> Result<(), CollectError> {
        let History::Of(commits) = history::first_parents(&self.git, branch, self.options.since)?
        else {
            self.asker.tell_no_branch(branch);
            return Ok(());
        };
        let count = commits.len();
        for (number, commit) in (1_usize..).zip(&commits) {
            if !self.done.insert(commit.sha.clone()) {
                continue;
            }
            if number % 50 == 1 || number == count {
                (self.progress)(&format!("{branch}: commit {number} of {count}"));
            }
            self.asker.summary.commits += 1;
            self.change(&commit.sha, Subject::Merged(commit.claimed_at))?;
        }
        Ok(())
    }

    fn change(&mut self, sha: &str, subject: Subject) -> Result<(), CollectError> {
        self.results(sha, subject)?;
        let rest = format!("/repository/commits/{sha}/merge_requests");
        let pages = self.ask(&endpoint::COMMIT_REQUESTS, &rest, "per_page=100", subject)?;
        let numbers: BTreeSet<u64> = items(&pages)
            .filter_map(|request| request.get("iid")?.as_u64())
            .collect();
        for number in numbers {
            if self.done.insert(format!("!{number}")) {
                self.request(number)?;
            }
        }
        Ok(())
    }

    /// A merge request, its commits, approvals and heads, and the results at its head.
    fn request(&mut self, number: u64) -> Result<(), CollectError> {
        let rest = format!("/merge_requests/{number}");
        let path = self.options.repository.path(&rest);
        let known = self.asker.folder.last(&path, "").map(|page| page.value());
        let subject = |page: Option<&Value>| {
            let merged = page.and_then(|page| text(page, "merged_at"));
            let merged = merged.and_then(|at| at.parse::<Timestamp>().ok());
            merged.map_or(Subject::Open, Subject::Merged)
        };
        let pages = self.ask(&endpoint::REQUEST, &rest, "", subject(known.as_ref()))?;
        let page = pages.first();
        let subject = subject(page);
        for (endpoint, what) in [
            (&endpoint::REQUEST_COMMITS, "commits"),
            (&endpoint::REVIEWERS, "reviewers"),
            (&endpoint::VERSIONS, "versions"),
        ] {
            self.ask(endpoint, &format!("{rest}/{what}"), "per_page=100", subject)?;
        }
        self.ask(
            &endpoint::APPROVALS,
            &format!("{rest}/approvals"),
            "",
            subject,
        )?;
        // The head, and the merge of both sides that a pipeline may have tried.
        let head = page.and_then(|page| text(page, "sha")).map(str::to_owned);
        let tried = page.and_then(|page| text(page.get("head_pipeline")?, "sha"));
        for sha in [head, tried.map(str::to_owned)].into_iter().flatten() {
            self.results(&sha, subject)?;
        }
        Ok(())
    }

    /// Results of jobs of a commit.
    fn results(&mut self, sha: &str, subject: Subject) -> Result<(), CollectError> {
        let is_sha =
            matches!(sha.len(), 40 | 64) && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_sha && self.done.insert(format!("results {sha}")) {
            let rest = format!("/repository/commits/{sha}/statuses");
            // All of them and not the latest: a job that was started again after the merge must not hide the first.
            self.ask(&endpoint::STATUSES, &rest, "all=true&per_page=100", subject)?;
        }
        Ok(())
    }

    fn now(
        &mut self,
        endpoint: &Endpoint,
        rest: &str,
        query: &str,
    ) -> Result<Vec<Value>, CollectError> {
        self.ask(endpoint, rest, query, Subject::Now)
    }

    fn ask(
        &mut self,
        endpoint: &Endpoint,
        rest: &str,
        query: &str,
        subject: Subject,
    ) -> Result<Vec<Value>, CollectError> {
        let path = self.options.repository.path(rest);
        let question = Question {
            endpoint,
            path: &path,
            query,
        };
        Ok(self.asker.ask(question, subject)?)
    }
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field)?.as_str()
}
