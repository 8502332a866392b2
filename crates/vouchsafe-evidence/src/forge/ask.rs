//! Asks one question at a time, page by page, and saves every page.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{Answer, Body, Client, is_json};
use super::contract::Contract;
use super::endpoint::Endpoint;
use super::folder::Folder;
use super::link::{self, Next};
use super::pace::Pace;
use super::page::{Page, withhold};
use super::settled::{Subject, is_settled};
use super::{CollectError, Limits, Stop, Summary, history};
use crate::git::Git;

/// Items of a page: as many as the forge gives.
const PER_PAGE: usize = 100;
/// A listing is kept in memory while it is asked for: it has no more bytes than this.
const LISTING_BYTES: usize = 256 << 20;
/// A clock that differs by more from the forge's is told.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// What asks, and what it has come to so far.
pub(crate) struct Asker<'a> {
    pub(crate) terms: Terms,
    pub(crate) folder: Folder,
    pub(crate) client: Client,
    pub(crate) contract: Contract,
    pub(crate) pace: &'a mut dyn Pace,
    pub(crate) summary: Summary,
}

/// How it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The folder of pages.
    pub(crate) out: PathBuf,
    /// Whether pages that are settled are asked for again.
    pub(crate) again: bool,
    /// How much is waited for and taken.
    pub(crate) limits: Limits,
}

/// A question: its kind, path and query.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) endpoint: &'q Endpoint,
    pub(crate) path: &'q str,
    pub(crate) query: &'q str,
}

impl Asker<'_> {
    /// All pages of a question: saved ones where they are settled, or else asked anew, all of them.
    ///
    /// # Errors
    /// When no more is to be asked.
    pub(crate) fn ask(
        &mut self,
        question: Question<'_>,
        subject: Subject,
    ) -> Result<Vec<Value>, Stop> {
        let Question { path, query, .. } = question;
        if !self.terms.again
            && let Some(pages) = self.settled(path, query, subject)
        {
            self.summary.settled += pages.len() as u64;
            return Ok(pages);
        }
        let mut pages = Vec::new();
        let mut asked = BTreeSet::new();
        let mut next = query.to_owned();
        let mut bytes = 0_usize;
        loop {
            asked.insert(next.clone());
            let one = Question {
                query: &next,
                ..question
            };
            let Some(page) = self.one(&one)? else {
                return Ok(Vec::new());
            };
            pages.push(page.value());
            bytes += page.body.as_ref().map_or(0, |body| body.get().len());
            let link = page.headers.get("link").map(String::as_str);
            next = match link::next(self.client.api(), path, link) {
                Next::End => return Ok(pages),
                Next::Query(_) if bytes > LISTING_BYTES => {
                    return self.unending(path, "it has more bytes than are asked for", pages);
                }
                Next::Query(query) if asked.contains(&query) => {
                    return self.unending(path, "its pages go round in a circle", pages);
                }
                Next::Query(_) if asked.len() >= self.terms.limits.pages as usize => {
                    return self.unending(path, "it has more pages than are asked for", pages);
                }
                Next::Query(query) => query,
                Next::Refused(why) => return self.unending(path, why, pages),
            };
        }
    }

    fn unending(&mut self, path: &str, why: &str, pages: Vec<Value>) -> Result<Vec<Value>, Stop> {
        self.summary.missing.insert(format!("{path}: {why}"));
        Ok(pages)
    }

    /// Saved pages, when all are there and settled.
    fn settled(&mut self, path: &str, query: &str, subject: Subject) -> Option<Vec<Value>> {
        if matches!(subject, Subject::Now) {
            return None;
        }
        let mut pages = Vec::new();
        let mut next = query.to_owned();
        loop {
            let page = self.folder.last(path, &next)?;
            if !is_settled(&page, subject, self.pace.now()) || pages.len() > PER_PAGE {
                return None;
            }
            pages.push(page.value());
            let link = page.headers.get("link").map(String::as_str);
            next = match link::next(self.client.api(), path, link) {
                Next::End => return Some(pages),
                Next::Query(query) => query,
                Next::Refused(_) => return None,
            };
        }
    }

    /// When the last listing that was saved for a query began, where all of its pages are there.
    pub(crate) fn whole_since(&self, path: &str, query: &str) -> Option<Timestamp> {
        let first = self.folder.last(path, query)?;
        let (began, mut page) = (first.at, first);
        for _ in 0..self.terms.limits.pages {
            if !page.is_answer() || page.at < began || !page.changed.is_empty() {
                return None;
            }
            let link = page.headers.get("link").map(String::as_str);
            match link::next(self.client.api(), path, link) {
                Next::End => return Some(began),
                Next::Query(query) => page = self.folder.last(path, &query)?,
                Next::Refused(_) => return None,
            }
        }
        None
    }

    /// One page that is an answer; none when it is a refusal or not whole, which is told.
    fn one(&mut self, question: &Question<'_>) -> Result<Option<Page>, Stop> {
        let earlier = self
            .folder
            .last(question.path, question.query)
            .filter(may_be_revalidated);
        let etag = earlier.as_ref().and_then(|page| page.headers.get("etag"));
        let answer = self.client.ask(
            question.path,
            question.query,
            etag.map(String::as_str),
            self.pace,
        )?;
        let Some(answer) = answer else {
            self.summary
                .missing
                .insert(format!("{}: no answer", question.path));
            return Ok(None);
        };
        let page = self.take(question, answer, earlier)?;
        if page.status == 401 {
            return Err(Stop::Token);
        }
        Ok(page.is_answer().then_some(page))
    }

    /// Makes a page of an answer and saves it.
    pub(crate) fn take(
        &mut self,
        question: &Question<'_>,
        answer: Answer,
        earlier: Option<Page>,
    ) -> Result<Page, Stop> {
        self.compare_clocks(&answer);
        let page = match earlier {
            Some(earlier) if answer.status == 304 => {
                self.summary.revalidated += 1;
                revalidated(earlier, answer)
            }
            _ => self.page(question, answer),
        };
        if page.is_answer() {
            for field in self.contract.hidden(question.endpoint, &page.value()) {
                self.summary.hidden.insert(format!(
                    "{}: {field} ({})",
                    page.path, question.endpoint.shows
                ));
            }
        } else {
            self.refused(question, &page);
        }
        if !page.changed.is_empty() {
            self.summary
                .changed
                .insert(format!("{}: {}", page.path, page.changed.join(", ")));
        }
        self.folder
            .append(&page)
            .map_err(|error| self.unwritten(error))?;
        self.summary.saved += 1;
        Ok(page)
    }

    fn page(&self, question: &Question<'_>, answer: Answer) -> Page {
        let text = match answer.body {
            Body::Whole(text) if is_json(&text) => Some(text),
            Body::Whole(_) | Body::Cut | Body::TooLong => None,
        };
        let mut value: Value = text
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let mut changed = Vec::new();
        if answer.status == 200 && text.is_some() {
            changed = self.contract.changes(question.endpoint, &value);
        }
        let version = self.client.dialect().version;
        let selected = version.and_then(|version| answer.headers.get(version.selected));
        if selected.is_some_and(|selected| version.is_some_and(|asked| asked.value != selected)) {
            changed.push("the forge answers in another version of its interface".to_owned());
        }
        let withheld = withhold(&mut value);
        let body = if withheld.is_empty() {
            text
        } else {
            Some(value.to_string())
        };
        let body = body.and_then(|body| RawValue::from_string(body).ok());
        Page {
            page: 1,
            method: "GET".to_owned(),
            path: question.path.to_owned(),
            query: question.query.to_owned(),
            status: answer.status,
            at: answer.at,
            headers: answer.headers,
            complete: body.is_some(),
            revalidated: false,
            withheld,
            changed,
            body,
        }
    }

    fn refused(&mut self, question: &Question<'_>, page: &Page) {
        let hidden = matches!(page.status, 403 | 404) && question.endpoint.may_be_hidden();
        let why = match page.status {
            200 => "the answer was cut, too long or no JSON".to_owned(),
            300..=399 => format!("status {}: redirects are not followed", page.status),
            status => format!("status {status}"),
        };
        let line = format!("{}: {why} ({})", page.path, question.endpoint.shows);
        if hidden {
            self.summary.hidden.insert(line);
        } else {
            self.summary.missing.insert(line);
        }
    }

    fn compare_clocks(&mut self, answer: &Answer) {
        let date = answer
            .headers
            .get("date")
            .and_then(|date| rfc2822::parse(date).ok());
        let Some(date) = date.map(|date| date.timestamp()) else {
            return;
        };
        if date.duration_since(answer.at).abs() > CLOCKS {
            self.summary.told.insert(
                "the clock of this machine differs from the forge's by more than 5 minutes: set it, as pages carry its time"
                    .to_owned(),
            );
        }
    }

    /// Ends the file that was written, and sums up how the walk ended.
    pub(crate) fn end(
        mut self,
        ended: Result<(), CollectError>,
        began: bool,
    ) -> Result<Summary, CollectError> {
        self.folder.close().map_err(|error| self.unwritten(error))?;
        let mut summary = self.summary;
        summary.told.extend(self.folder.odd);
        summary.files = self.folder.written;
        summary.calls = self.client.calls;
        match ended {
            Ok(()) => Ok(summary),
            // What was saved before is kept and told.
            Err(CollectError::Stop(
                stop @ (Stop::Limited { .. } | Stop::Unreachable | Stop::Token),
            )) if began => {
                summary.stopped = Some(stop.to_string());
                Ok(summary)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells that the local clone is not whole, if it is not.
    pub(crate) fn tell_shallow(&mut self, git: &Git) -> Result<(), CollectError> {
        if history::is_shallow(git)? {
            self.summary.missing.insert(
                "the clone is shallow: fetch its whole history (fetch-depth: 0), or what came before is not asked about"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Tells that the local clone lacks a branch.
    pub(crate) fn tell_no_branch(&mut self, branch: &str) {
        self.summary.missing.insert(format!(
            "the clone has no branch {branch}: fetch it, or its commits are not asked about"
        ));
    }

    pub(crate) fn unwritten(&self, error: std::io::Error) -> Stop {
        Stop::Write {
            folder: self.terms.out.clone(),
            error,
        }
    }
}

/// Whether a saved page may be asked for on the condition that it changed.
///
/// A full page may not: when an item is added behind it, its body stays and its `link` header does not.
fn may_be_revalidated(page: &Page) -> bool {
    let value = page.value();
    let full = items(std::slice::from_ref(&value)).count() >= PER_PAGE;
    page.is_answer() && page.changed.is_empty() && !full && !page.headers.contains_key("link")
}

/// The earlier page with its new time.
fn revalidated(mut earlier: Page, answer: Answer) -> Page {
    earlier.at = answer.at;
    earlier.revalidated = true;
    earlier.headers.extend(answer.headers);
    earlier
}

/// The items of pages: of a list, or of the one list in an object.
pub(crate) fn items(pages: &[Value]) -> impl Iterator<Item = &Value> {
    pages.iter().flat_map(|page| match page {
        Value::Array(items) => items.as_slice(),
        Value::Object(fields) => fields
            .values()
            .find_map(Value::as_array)
            .map_or(&[][..], Vec::as_slice),
        _ => &[],
    })
}
