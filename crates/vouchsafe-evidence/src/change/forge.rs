//! The word of the forge: all saved pages, put together to whole listings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::gitlab;
use super::pages::{Body, Page, PageFile};
use super::shapes::{
    Activity, CheckRuns, DeploymentPage, Pull, PullBrief, PullCommit, Review, RuleSuite, Statuses,
};
use super::{PAGES, Settings};
use crate::inputs::Context;

/// All saved pages of one repository.
#[derive(Debug)]
pub(super) struct Forge {
    files: Vec<Arc<PageFile>>,
    /// Pages by path, in the order of their time: file and place in it.
    paths: HashMap<String, Vec<(usize, usize)>>,
    /// Files that could not be collected or read, in words.
    pub(super) broken: Vec<String>,
}

/// A listing: its pages in order, whole.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    /// When its first page was fetched.
    pub(super) at: Timestamp,
    pub(super) pages: Vec<&'a Body>,
}

macro_rules! listing_of {
    ($(#[$doc:meta])* $name:ident, $body:ident, $item:ty) => {
        $(#[$doc])*
        pub(super) fn $name(&self, path: &str) -> Result<(Timestamp, Vec<&$item>), String> {
            let listing = self.listing(path)?;
            let mut items = Vec::new();
            for body in listing.pages {
                match body {
                    Body::$body(found) => items.extend(found.iter()),
                    _ => return Err(format!("{path} is another page than its path says")),
                }
            }
            Ok((listing.at, items))
        }
    };
    ($(#[$doc:meta])* $name:ident, $body:ident, $item:ty, whole) => {
        $(#[$doc])*
        pub(super) fn $name(&self, path: &str) -> Result<(Timestamp, Vec<&$item>), String> {
            let listing = self.listing(path)?;
            let mut items = Vec::new();
            for body in listing.pages {
                match body {
                    Body::$body(found) => items.push(found),
                    _ => return Err(format!("{path} is another page than its path says")),
                }
            }
            Ok((listing.at, items))
        }
    };
}

impl Forge {
    /// All pages of the repository; none where no page was ever collected.
    ///
    /// # Errors
    /// When there are pages of several repositories and the settings name none.
    pub(super) fn of(context: &Context<'_>, settings: &Settings) -> Result<Option<Self>, String> {
        let mut forge = Self {
            files: Vec::new(),
            paths: HashMap::new(),
            broken: Vec::new(),
        };
        let mut any = false;
        let mut last = BTreeMap::new();
        for known in context.all(PAGES) {
            any = true;
            if let Some(why) = &known.evidence.failed {
                last.insert(known.evidence.request.clone(), why.clone());
                continue;
            }
            last.remove(&known.evidence.request);
            match context.parsed(known, PageFile::parse) {
                Ok(file) => forge.files.push(file),
                Err(why) => forge
                    .broken
                    .push(format!("{}: {why}", known.evidence.request)),
            }
        }
        let failed = last.iter().map(|(file, why)| format!("{file}: {why}"));
        forge.broken.extend(failed);
        if !any {
            return Ok(None);
        }
        let repository = forge.repository(settings)?;
        forge.put_together(&repository);
        Ok(Some(forge))
    }

    /// The pages of one repository, of files that were read elsewhere.
    pub(super) fn of_files(files: Vec<Arc<PageFile>>, repository: &str) -> Self {
        let mut forge = Self {
            files,
            paths: HashMap::new(),
            broken: Vec::new(),
        };
        forge.put_together(repository);
        forge
    }

    fn put_together(&mut self, repository: &str) {
        self.sort(repository);
        let derived = gitlab::derived(self, repository);
        if !derived.is_empty() {
            self.files.push(Arc::new(PageFile(derived)));
            self.paths.clear();
            self.sort(repository);
        }
    }

    /// Whether these are pages of GitLab.
    pub(super) fn is_gitlab(&self) -> bool {
        self.paths().any(|path| path.starts_with("/gitlab/"))
    }

    /// The paths of all pages.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str)
    }

    /// Every answer of a path, oldest first.
    pub(super) fn answers(&self, path: &str) -> impl Iterator<Item = (Timestamp, &Body)> {
        let answers = self.pages(path);
        answers.filter_map(|page| Some((page.at, page.body.as_ref().ok()?)))
    }

    /// All pull requests, in each state in which they were fetched.
    pub(super) fn all_pulls(&self) -> impl Iterator<Item = &Pull> {
        let pages = self.files.iter().flat_map(|file| &file.0);
        pages.filter_map(|page| match &page.body {
            Ok(Body::Pull(pull)) => Some(&**pull),
            _ => None,
        })
    }

    fn repository(&self, settings: &Settings) -> Result<String, String> {
        if let Some(named) = &settings.repository {
            return Ok(named.to_ascii_lowercase());
        }
        let of = |is_counted: fn(&&Page) -> bool| -> BTreeSet<&str> {
            let pages = self.files.iter().flat_map(|file| &file.0);
            let names = pages
                .filter(is_counted)
                .map(|page| page.repository.as_str());
            names.filter(|repository| !repository.is_empty()).collect()
        };
        // Pushes are listed of the repositories too from which pull requests come.
        let mut found = of(|page| page.path != "/activity");
        if found.is_empty() {
            found = of(|_| true);
        }
        match (found.len(), found.first()) {
            (0, _) => Ok(String::new()),
            (1, Some(only)) => Ok((*only).to_owned()),
            _ => Err(format!(
                "there are pages of {} repositories: name yours as [change] repository",
                found.len()
            )),
        }
    }

    fn sort(&mut self, repository: &str) {
        for (number, file) in self.files.iter().enumerate() {
            for (place, page) in file.0.iter().enumerate() {
                if page.repository == repository {
                    let of_path = self.paths.entry(page.path.clone()).or_default();
                    of_path.push((number, place));
                }
            }
        }
        let files = &self.files;
        for places in self.paths.values_mut() {
            places.sort_by_key(|place| (page_at(files, *place).map(|page| page.at), *place));
        }
    }

    /// The pages of a path, oldest first.
    fn pages<'a>(&'a self, path: &str) -> impl DoubleEndedIterator<Item = &'a Page> {
        let places = self.paths.get(path).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .filter_map(|place| page_at(&self.files, *place))
    }

    /// The last whole listing of a path.
    ///
    /// # Errors
    /// When there is none: why the last one is not.
    pub(super) fn listing(&self, path: &str) -> Result<Listing<'_>, String> {
        let mut why = None;
        for first in self.pages(path).rev().filter(|page| begins(&page.query)) {
            match self.follow(path, first) {
                Ok(listing) => return Ok(listing),
                Err(this) => why = why.or(Some(this)),
            }
        }
        Err(why.unwrap_or_else(|| format!("no page {path} was collected")))
    }

    /// Every whole listing of a path that leaves nobody out, oldest first.
    pub(super) fn listings(&self, path: &str) -> Vec<Listing<'_>> {
        let first = self.pages(path).filter(|page| begins(&page.query));
        let first = first.filter(|page| is_of_all(&page.query));
        first
            .filter_map(|page| self.follow(path, page).ok())
            .collect()
    }

    /// The last answer of a path, whatever it was.
    ///
    /// # Errors
    /// When there is none, or it says nothing.
    pub(super) fn newest(&self, path: &str) -> Result<(Timestamp, &Body), String> {
        let page = self.pages(path).next_back();
        let page = page.ok_or_else(|| format!("no page {path} was collected"))?;
        page.body
            .as_ref()
            .map(|body| (page.at, body))
            .map_err(Clone::clone)
    }

    /// The last answer of a path that was there at a moment.
    pub(super) fn at(&self, path: &str, moment: Timestamp) -> Option<&Body> {
        let mut pages = self.pages(path).rev();
        let page = pages.find(|page| page.at <= moment)?;
        page.body.as_ref().ok()
    }

    /// The last listing of a path, whole.
    ///
    /// # Errors
    /// When there is none, or the last one is not whole.
    pub(super) fn newest_listing(&self, path: &str) -> Result<Listing<'_>, String> {
        let mut pages = self.pages(path).rev();
        let first = pages.find(|page| begins(&page.query));
        let first = first.ok_or_else(|| format!("no page {path} was collected"))?;
        self.follow(path, first)
    }

    fn follow<'a>(&'a self, path: &str, first: &'a Page) -> Result<Listing<'a>, String> {
        let mut pages = Vec::new();
        let mut page = first;
        loop {
            pages.push(page.body.as_ref().map_err(Clone::clone)?);
            let Some(next) = &page.next else {
                return Ok(Listing {
                    at: first.at,
                    pages,
                });
            };
            let (before, query) = (page.at, next.as_str());
            let mut later = self.pages(path);
            page = later
                .find(|page| page.at >= before && page.query == query)
                .ok_or_else(|| format!("{path} goes on, and its next page was not collected"))?;
            if pages.len() > 10_000 {
                return Err(format!("the pages of {path} have no end"));
            }
        }
    }

    listing_of!(
        /// The pull requests that name a commit.
        pulls_of, PullsOfCommit, PullBrief
    );
    listing_of!(
        /// The reviews of a pull request.
        reviews, Reviews, Review
    );
    /// Reviews as they were soonest after a moment: what was dismissed later, or whose account is gone since, is found as
    /// it was then.
    pub(super) fn reviews_since(
        &self,
        path: &str,
        moment: Timestamp,
        newest: &[&Review],
    ) -> Vec<Review> {
        let mut found: BTreeMap<(u64, Option<Timestamp>), Review> = BTreeMap::new();
        let earlier = self.listings(path).into_iter();
        let earlier = earlier.filter(|listing| listing.at >= moment);
        let earlier = earlier.flat_map(|listing| listing.pages);
        let earlier = earlier.filter_map(|body| match body {
            Body::Reviews(reviews) => Some(reviews),
            _ => None,
        });
        for review in earlier.flatten().chain(newest.iter().copied()) {
            let known = found
                .entry((review.id, review.submitted_at))
                .or_insert_with(|| review.clone());
            if known.user.is_none() {
                known.user.clone_from(&review.user);
            }
        }
        found.into_values().collect()
    }

    listing_of!(
        /// The commits of a pull request.
        commits, PullCommits, PullCommit
    );
    listing_of!(
        /// The check runs of a commit.
        check_runs, CheckRuns, CheckRuns, whole
    );
    listing_of!(
        /// The statuses of a commit.
        statuses, Statuses, Statuses, whole
    );

    /// A pull request, as it was last fetched.
    pub(super) fn pull(&self, number: u64) -> Result<(Timestamp, &Pull), String> {
        let path = format!("/pulls/{number}");
        match self.last_good(&path)? {
            (at, Body::Pull(pull)) if pull.number == number => Ok((at, pull)),
            _ => Err(format!("{path} is another page than its path says")),
        }
    }

    fn last_good(&self, path: &str) -> Result<(Timestamp, &Body), String> {
        let mut why = None;
        for page in self.pages(path).rev() {
            match &page.body {
                Ok(body) => return Ok((page.at, body)),
                Err(this) => why = why.or_else(|| Some(this.clone())),
            }
        }
        Err(why.unwrap_or_else(|| format!("no page {path} was collected")))
    }

    /// Everything that the forge ever said happened to its branches, without repetition, in order.
    pub(super) fn activity(&self) -> Vec<&Activity> {
        let mut all = BTreeMap::new();
        for page in self.pages("/activity") {
            if let Ok(Body::Activity(found)) = &page.body {
                all.extend(found.iter().map(|one| ((one.timestamp, one.id), one)));
            }
        }
        all.into_values().collect()
    }

    /// Every push that the forge ever listed, with the repository it was made to.
    pub(super) fn pushes(&self) -> impl Iterator<Item = (&str, &Activity)> {
        let pages = self.files.iter().flat_map(|file| &file.0);
        pages
            .filter_map(|page| match &page.body {
                Ok(Body::Activity(found)) => Some((page.repository.as_str(), found)),
                _ => None,
            })
            .flat_map(|(repository, found)| found.iter().map(move |one| (repository, one)))
    }

    /// Every evaluation of rules that the forge ever listed, without repetition, in order.
    pub(super) fn rule_suites(&self) -> Vec<&RuleSuite> {
        let mut all = BTreeMap::new();
        for page in self.pages("/rulesets/rule-suites") {
            if let Ok(Body::RuleSuites(found)) = &page.body {
                all.extend(found.iter().map(|one| ((one.pushed_at, one.id), one)));
            }
        }
        all.into_values().collect()
    }

    /// Every deployment that the forge ever listed, and whether its last listing was whole.
    pub(super) fn deployments(&self) -> (Vec<&DeploymentPage>, Result<(), String>) {
        let path = "/deployments";
        let mut all = BTreeMap::new();
        for page in self.pages(path) {
            if let Ok(Body::Deployments(found)) = &page.body {
                all.extend(found.iter().map(|one| (one.id, one)));
            }
        }
        let whole = self.newest_listing(path).map(|_| ());
        (all.into_values().collect(), whole)
    }

    /// Whether there is any page of a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// All commits of all pull requests: their authors show which address belongs to which account.
    pub(super) fn all_commits(&self) -> impl Iterator<Item = &PullCommit> {
        let pages = self.files.iter().flat_map(|file| &file.0);
        pages
            .filter_map(|page| match &page.body {
                Ok(Body::PullCommits(commits)) => Some(commits),
                _ => None,
            })
            .flatten()
    }
}

fn page_at(files: &[Arc<PageFile>], (file, place): (usize, usize)) -> Option<&Page> {
    files.get(file).and_then(|file| file.0.get(place))
}

/// Whether a query asks for the first page of a listing.
fn begins(query: &str) -> bool {
    query.split('&').all(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key {
            "page" => value == "1",
            "after" | "before" => false,
            _ => true,
        }
    })
}

/// Whether a query filters by nothing: neither by kind of person nor by right.
fn is_of_all(query: &str) -> bool {
    query.split('&').all(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key {
            "affiliation" => value == "all",
            "permission" => false,
            _ => true,
        }
    })
}
