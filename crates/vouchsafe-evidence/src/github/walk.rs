//! The walk: which pages follow from which. It judges nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::endpoint;
use super::{Options, Repository};
use crate::forge::ask::{Asker, Question, items};
use crate::forge::client::{Answer, Body};
use crate::forge::endpoint::Endpoint;
use crate::forge::history::{self, Commit, History};
use crate::forge::origin::encoded;
use crate::forge::settled::{LINK, Subject};
use crate::forge::{CollectError, Stop, Summary};
use crate::git::Git;

/// How long the late link from a commit to its pull request is waited for: a minute in all.
const LINK_WAITS: [u64; 4] = [5, 10, 15, 30];

/// Periods of pushes that the forge lists, and their hours: a start asks for the shortest that reaches back to the last
/// whole listing, with a margin.
const PERIODS: [(&str, i64); 5] = [
    ("day", 24),
    ("week", 7 * 24),
    ("month", 28 * 24),
    ("quarter", 89 * 24),
    ("year", 364 * 24),
];
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// A run.
pub(super) struct Walk<'a> {
    options: &'a Options,
    git: Git,
    asker: Asker<'a>,
    progress: &'a mut dyn FnMut(&str),
    /// Pull requests and commits of this run that were asked about.
    done: BTreeSet<String>,
    /// Whether the forge showed the repository.
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
        let repository = self.repository()?;
        self.began = true;
        let owner = repository.get("owner");
        if text(owner, "type") == Some("Organization") {
            let path = format!("/orgs/{}", encoded(&self.options.repository.owner));
            self.ask(&endpoint::ORGANISATION, &path, "", Subject::Now)?;
        }
        let branches = match (
            &*self.options.branches,
            text(Some(&repository), "default_branch"),
        ) {
            ([], Some(default)) => vec![default.to_owned()],
            (named, _) => named.to_vec(),
        };
        self.settings()?;
        for branch in &branches {
            self.branch(branch)?;
        }
        self.pushes()?;
        self.asker.tell_shallow(&self.git)?;
        for branch in &branches {
            self.changes(branch)?;
        }
        Ok(())
    }

    fn repository(&mut self) -> Result<Value, CollectError> {
        let repository = &self.options.repository;
        let path = repository.path("");
        let question = Question {
            endpoint: &endpoint::REPOSITORY,
            path: &path,
            query: "",
        };
        let Some(answer) = self.asker.client.ask(&path, "", None, self.asker.pace)? else {
            return Err(Stop::Unreachable.into());
        };
        let status = answer.status;
        if (300..400).contains(&status) {
            return Err(self.moved(&answer).into());
        }
        let page = self.asker.take(&question, answer, None)?;
        match status {
            200 => {}
            401 => return Err(Stop::Token.into()),
            500..=599 => return Err(Stop::Unreachable.into()),
            status => return Err(Stop::Absent(status).into()),
        }
        let value = page.value();
        match text(Some(&value), "full_name") {
            Some(name) if !name.eq_ignore_ascii_case(&repository.to_string()) => {
                // Its word is printed only where it can be a name.
                Err(match Repository::parse(name) {
                    Ok(_) => Stop::Renamed(name.to_owned()).into(),
                    Err(_) => Stop::Redirected.into(),
                })
            }
            _ => Ok(value),
        }
    }

    /// What a repository is called that the forge redirects from. The redirect is followed for that one word, and only
    /// to the same origin.
    fn moved(&mut self, answer: &Answer) -> Stop {
        let location = answer.location.as_ref();
        let path = location
            .filter(|url| self.asker.client.api().is_origin_of(url) && url.query().is_none())
            .and_then(|url| self.asker.client.api().below(url.path()))
            .map(str::to_owned);
        let Some(path) = path else {
            return Stop::Redirected;
        };
        let answer = self.asker.client.ask(&path, "", None, self.asker.pace);
        let Ok(Some(Answer {
            status: 200,
            body: Body::Whole(body),
            ..
        })) = answer
        else {
            return Stop::Redirected;
        };
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        match text(Some(&value), "full_name") {
            Some(name) if Repository::parse(name).is_ok() => Stop::Renamed(name.to_owned()),
            _ => Stop::Redirected,
        }
    }

    /// Settings of the repository, as they are now.
    fn settings(&mut self) -> Result<(), CollectError> {
        let listings = [
            (
                &endpoint::COLLABORATORS,
                "/collaborators",
                "affiliation=all&per_page=100",
            ),
            (
                &endpoint::RULE_SUITES,
                "/rulesets/rule-suites",
                "time_period=month&rule_suite_result=all&per_page=100",
            ),
            (&endpoint::DEPLOYMENTS, "/deployments", "per_page=100"),
            (&endpoint::ENVIRONMENTS, "/environments", "per_page=100"),
            (&endpoint::KEYS, "/keys", "per_page=100"),
            (&endpoint::SECRETS, "/actions/secrets", "per_page=100"),
        ];
        for (endpoint, rest, query) in listings {
            let path = self.options.repository.path(rest);
            self.ask(endpoint, &path, query, Subject::Now)?;
        }
        let path = self.options.repository.path("/rulesets");
        let pages = self.ask(
            &endpoint::RULESETS,
            &path,
            "includes_parents=true&per_page=100",
            Subject::Now,
        )?;
        let ids: BTreeSet<u64> = items(&pages)
            .filter_map(|ruleset| ruleset.get("id")?.as_u64())
            .collect();
        for id in ids {
            self.ask(
                &endpoint::RULESET,
                &format!("{path}/{id}"),
                "includes_parents=true",
                Subject::Now,
            )?;
        }
        Ok(())
    }

    /// Rules of a branch as they are now, and its moves.
    fn branch(&mut self, branch: &str) -> Result<(), CollectError> {
        let name = encoded(branch);
        let repository = &self.options.repository;
        let rules = repository.path(&format!("/rules/branches/{name}"));
        let itself = repository.path(&format!("/branches/{name}"));
        let protection = repository.path(&format!("/branches/{name}/protection"));
        let activity = repository.path("/activity");
        self.ask(
            &endpoint::BRANCH_RULES,
            &rules,
            "per_page=100",
            Subject::Now,
        )?;
        self.ask(&endpoint::BRANCH, &itself, "", Subject::Now)?;
        self.ask(&endpoint::PROTECTION, &protection, "", Subject::Now)?;
        let query = format!(
            "ref={}&per_page=100",
            encoded(&format!("refs/heads/{branch}"))
        );
        self.ask(&endpoint::ACTIVITY, &activity, &query, Subject::Now)?;
        Ok(())
    }

    /// Pushes to every branch: they show who pushed the head of a pull request.
    fn pushes(&mut self) -> Result<(), CollectError> {
        let path = self.options.repository.path("/activity");
        let all = "per_page=100".to_owned();
        let of = |period: &str| format!("time_period={period}&per_page=100");
        let known = PERIODS.map(|(period, _)| of(period));
        let whole = known.iter().chain([&all]);
        let whole = whole.filter_map(|query| self.asker.whole_since(&path, query));
        let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
        // With no whole listing yet: back to the first day of the period.
        let from = whole.max().or(self.options.since.and_then(midnight));
        let now = self.asker.pace.now();
        let reaches = |hours: i64| {
            let hours = SignedDuration::from_hours(hours);
            from.is_some_and(|from| now.duration_since(from) + MARGIN <= hours)
        };
        let period = PERIODS.iter().find(|(_, hours)| reaches(*hours));
        let query = period.map_or(all, |(period, _)| of(period));
        self.ask(&endpoint::ACTIVITY, &path, &query, Subject::Now)?;
        Ok(())
    }

    /// Every first-parent commit of a branch, and what led to it.
    fn changes(&mut self, branch: &str) -> Result<(), CollectError> {
        let commits = match history::first_parents(&self.git, branch, self.options.since)? {
            History::Of(commits) => commits,
            History::NoBranch => {
                self.asker.tell_no_branch(branch);
                return Ok(());
            }
        };
        let count = commits.len();
        for (number, commit) in (1_usize..).zip(&commits) {
            if !self.done.insert(commit.sha.clone()) {
                continue;
            }
            if number % 50 == 1 || number == count {
                (self.progress)(&format!(
                    "{branch}: commit {number} of {count}, {} calls",
                    self.asker.client.calls
                ));
            }
            self.asker.summary.commits += 1;
            self.change(commit)?;
        }
        Ok(())
    }

    fn change(&mut self, commit: &Commit) -> Result<(), CollectError> {
        let subject = Subject::Merged(commit.claimed_at);
        self.results(&commit.sha, subject)?;
        let path = self
            .options
            .repository
            .path(&format!("/commits/{}/pulls", commit.sha));
        let pages = self.link(commit, &path)?;
        let numbers: BTreeSet<u64> = items(&pages)
            .filter_map(|pull| pull.get("number")?.as_u64())
            .collect();
        for number in numbers {
            if self.done.insert(format!("#{number}")) {
                self.pull(number)?;
            }
        }
        Ok(())
    }

    /// The pull requests of a commit. An empty answer soon after the merge is asked for again: the link comes late.
    fn link(&mut self, commit: &Commit, path: &str) -> Result<Vec<Value>, CollectError> {
        let subject = Subject::Merged(commit.claimed_at);
        let mut pages = self.ask(&endpoint::COMMIT_PULLS, path, "per_page=100", subject)?;
        for seconds in LINK_WAITS {
            let empty = !pages.is_empty() && items(&pages).next().is_none();
            let age = self.asker.pace.now().duration_since(commit.claimed_at);
            if !empty || age > LINK || age < -LINK {
                break;
            }
            (self.progress)(&format!(
                "commit {}: no pull request yet, asked again in {seconds} s",
                commit.sha
            ));
            self.asker.pace.sleep(Duration::from_secs(seconds));
            // Asked anew: nothing counts as settled.
            pages = self.ask(&endpoint::COMMIT_PULLS, path, "per_page=100", Subject::Now)?;
        }
        Ok(pages)
    }

    /// A pull request, its reviews and commits, and the results at its head.
    fn pull(&mut self, number: u64) -> Result<(), CollectError> {
        let path = self.options.repository.path(&format!("/pulls/{number}"));
        let merged_at = |page: &Value| text(Some(page), "merged_at").and_then(|at| at.parse().ok());
        let known = self.asker.folder.last(&path, "").map(|page| page.value());
        let subject = |page: Option<&Value>| match page.and_then(merged_at) {
            Some(merged) => Subject::Merged(merged),
            None => Subject::Open,
        };
        let pages = self.ask(&endpoint::PULL, &path, "", subject(known.as_ref()))?;
        let page = pages.first();
        let subject = subject(page);
        self.ask(
            &endpoint::REVIEWS,
            &format!("{path}/reviews"),
            "per_page=100",
            subject,
        )?;
        self.ask(
            &endpoint::PULL_COMMITS,
            &format!("{path}/commits"),
            "per_page=100",
            subject,
        )?;
        self.fork(page, subject)?;
        let head = page.and_then(|page| page.get("head")?.get("sha")?.as_str());
        if let Some(head) = head.filter(|sha| is_sha(sha))
            && self.done.insert(format!("results {head}"))
        {
            self.results(head, subject)?;
        }
        Ok(())
    }

    /// Pushes to the branch of a pull request that came from another repository.
    fn fork(&mut self, pull: Option<&Value>, subject: Subject) -> Result<(), CollectError> {
        let head = pull.and_then(|pull| pull.get("head"));
        let name = head.and_then(|head| text(head.get("repo"), "full_name"));
        let (Some(name), Some(branch)) = (name, text(head, "ref")) else {
            return Ok(());
        };
        let Ok(fork) = Repository::parse(name) else {
            return Ok(());
        };
        let own = name.eq_ignore_ascii_case(&self.options.repository.to_string());
        if !own && self.done.insert(format!("pushes {name} {branch}")) {
            let branch = encoded(&format!("refs/heads/{branch}"));
            let query = format!("ref={branch}&per_page=100");
            let path = fork.path("/activity");
            self.ask(&endpoint::FORK_ACTIVITY, &path, &query, subject)?;
        }
        Ok(())
    }

    /// Results of tests of a commit.
    fn results(&mut self, sha: &str, subject: Subject) -> Result<(), CollectError> {
        self.done.insert(format!("results {sha}"));
        let path = self.options.repository.path(&format!("/commits/{sha}"));
        // All runs and not the latest of each: one that was started again after the merge must not hide the first.
        self.ask(
            &endpoint::CHECK_RUNS,
            &format!("{path}/check-runs"),
            "filter=all&per_page=100",
            subject,
        )?;
        self.ask(
            &endpoint::STATUS,
            &format!("{path}/status"),
            "per_page=100",
            subject,
        )?;
        Ok(())
    }

    fn ask(
        &mut self,
        endpoint: &Endpoint,
        path: &str,
        query: &str,
        subject: Subject,
    ) -> Result<Vec<Value>, CollectError> {
        let question = Question {
            endpoint,
            path,
            query,
        };
        Ok(self.asker.ask(question, subject)?)
    }
}

fn text<'v>(value: Option<&'v Value>, field: &str) -> Option<&'v str> {
    value?.get(field)?.as_str()
}

fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
