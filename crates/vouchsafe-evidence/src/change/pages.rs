//! Saved pages: one line each, read into the shapes that are used.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::gitlab;
use super::shapes::{
    Activity, BranchPage, CheckRuns, Collaborator, DeploymentPage, Protection, Pull, PullBrief,
    PullCommit, Review, Rule, RuleSuite, Ruleset, Statuses,
};

/// The pages of one file.
#[derive(Debug)]
pub(super) struct PageFile(pub(super) Vec<Page>);

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// `owner/name`, lower case; empty for pages that belong to no repository.
    pub(super) repository: String,
    /// The path below the repository: `/pulls/5/reviews`.
    pub(super) path: String,
    /// The query, its parts sorted.
    pub(super) query: String,
    pub(super) at: Timestamp,
    /// The query of the page that follows.
    pub(super) next: Option<String>,
    /// What it says, or why it says nothing.
    pub(super) body: Result<Body, String>,
}

/// What a page says.
#[derive(Debug)]
pub(super) enum Body {
    Activity(Vec<Activity>),
    Branch(BranchPage),
    CheckRuns(CheckRuns),
    Collaborators(Vec<Collaborator>),
    Deployments(Vec<DeploymentPage>),
    Protection(Box<Protection>),
    Pull(Box<Pull>),
    PullCommits(Vec<PullCommit>),
    PullsOfCommit(Vec<PullBrief>),
    Reviews(Vec<Review>),
    Rules(Vec<Rule>),
    RuleSuites(Vec<RuleSuite>),
    Ruleset(Box<Ruleset>),
    Statuses(Statuses),
    /// Pages of GitLab that say something only together with others.
    GitLab(gitlab::Raw),
    /// Pages that no check of this area reads.
    Other,
}

/// The frame of a line; its body is read in a second pass, when the path has said what it is.
#[derive(Deserialize)]
struct Frame {
    page: u64,
    path: String,
    query: String,
    status: u16,
    at: Timestamp,
    headers: Headers,
    complete: bool,
    /// What was not as the recorded contract says when it was collected.
    #[serde(default)]
    changed: Vec<String>,
    #[serde(rename = "body")]
    _body: IgnoredAny,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Headers {
    link: Option<String>,
}

#[derive(Deserialize)]
struct Line<T> {
    body: T,
}

impl PageFile {
    /// Reads a file of pages.
    ///
    /// # Errors
    /// At the first line that is no page.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let lines = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
        let mut pages = Vec::new();
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let frame: Frame = typed(line).map_err(|field| format!("line {number}: {field}"))?;
            if frame.page != 1 {
                return Err(format!(
                    "line {number}: the format of the page is {}, this program knows 1",
                    frame.page
                ));
            }
            pages.push(page(&frame, line));
        }
        Ok(Self(pages))
    }
}

fn page(frame: &Frame, line: &[u8]) -> Page {
    let at_gitlab = gitlab::place(&frame.path);
    let is_gitlab = at_gitlab.is_some();
    let (repository, mut path) = at_gitlab.unwrap_or_else(|| place(&frame.path));
    let mut read = None;
    if is_gitlab {
        let (same, body) = gitlab::body(&path, &repository, line);
        path = same;
        read = Some(body);
    }
    let body = if frame.status != 200 {
        Err(format!(
            "{} was answered by status {}",
            frame.path, frame.status
        ))
    } else if !frame.complete {
        Err(format!("{} was not received whole", frame.path))
    } else if !frame.changed.is_empty() {
        Err(format!(
            "{} was not as the recorded contract says: {}",
            frame.path,
            frame.changed.join(", ")
        ))
    } else {
        let body = read.unwrap_or_else(|| body(&path, line));
        body.map_err(|field| format!("{} has another shape: {field}", frame.path))
    };
    Page {
        repository,
        path,
        query: canonical(&frame.query),
        at: frame.at,
        next: frame.headers.link.as_deref().and_then(next),
        body,
    }
}

/// The repository and the path below it.
fn place(path: &str) -> (String, String) {
    let parts = path.strip_prefix("/repos/").map(|rest| rest.splitn(3, '/'));
    let Some(mut parts) = parts else {
        return (String::new(), path.to_owned());
    };
    let owner = parts.next().unwrap_or_default();
    let name = parts.next().unwrap_or_default();
    let rest = parts.next().unwrap_or_default();
    let repository = format!("{owner}/{name}").to_ascii_lowercase();
    // Names of branches with a slash are encoded in a path.
    (repository, format!("/{}", decoded(rest)))
}

fn body(path: &str, line: &[u8]) -> Result<Body, String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    Ok(match parts.as_slice() {
        ["activity"] => Body::Activity(read(line)?),
        ["collaborators"] => Body::Collaborators(read(line)?),
        ["deployments"] => Body::Deployments(read(line)?),
        ["commits", _, "pulls"] => Body::PullsOfCommit(read(line)?),
        ["commits", _, "check-runs"] => Body::CheckRuns(read(line)?),
        ["commits", _, "status"] => Body::Statuses(read(line)?),
        ["pulls", _] => Body::Pull(read(line)?),
        ["pulls", _, "reviews"] => Body::Reviews(read(line)?),
        ["pulls", _, "commits"] => Body::PullCommits(read(line)?),
        ["rulesets", "rule-suites"] => Body::RuleSuites(read(line)?),
        ["rulesets", _] => Body::Ruleset(read(line)?),
        ["rules", "branches", ..] => Body::Rules(read(line)?),
        ["branches", .., "protection"] => Body::Protection(read(line)?),
        ["branches", ..] => Body::Branch(read(line)?),
        _ => Body::Other,
    })
}

pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    typed::<Line<T>>(line).map(|line| line.body)
}

/// Reads JSON; in its error stands the field, and no value.
fn typed<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = error.path().to_string();
        let inner = error.inner().to_string();
        // Only the names of missing fields are ours; other messages hold what was sent.
        let missing = inner
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split_once('`'))
            .map(|(name, _)| name);
        match missing {
            Some(name) => format!("the field {name} of {place} is missing"),
            None => format!("the field {place} is of another type"),
        }
    })
}

/// The query of the next page in a `Link` header.
fn next(link: &str) -> Option<String> {
    let url = link.split(',').find_map(|part| {
        let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        let rest = rest.replace(' ', "");
        (rest.contains("rel=\"next\"") || rest.contains("rel=next")).then_some(url)
    })?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    Some(canonical(query))
}

/// A query with its parts decoded and sorted.
pub(super) fn canonical(query: &str) -> String {
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(decoded)
        .collect();
    parts.sort();
    parts.join("&")
}

pub(super) fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.split_at_checked(2);
        match code.and_then(|(code, rest)| Some((u8::from_str_radix(code, 16).ok()?, rest))) {
            Some((byte, rest)) => {
                out.push(byte);
                out.extend_from_slice(rest.as_bytes());
            }
            None => {
                out.push(b'%');
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, body: &str) -> String {
        format!(
            r#"{{"page":1,"method":"GET","path":"{path}","query":"","status":200,"at":"2026-06-30T10:00:00Z","headers":{{}},"complete":true,"body":{body}}}"#
        )
    }

    fn only(line: &str) -> Page {
        PageFile::parse(line.as_bytes()).unwrap().0.remove(0)
    }

    #[test]
    fn a_field_that_is_missing_is_named_and_so_is_one_of_another_type() {
        let review = r#"{"id":1,"user":null,"state":"APPROVED","submitted_at":null}"#;
        let page = only(&line("/repos/a/b/pulls/1/reviews", &format!("[{review}]")));
        assert_eq!(
            page.body.unwrap_err(),
            "/repos/a/b/pulls/1/reviews has another shape: the field commit_id of body[0] is missing"
        );
        let review = r#"{"id":"219-09-9999","user":null,"state":"APPROVED","commit_id":"x"}"#;
        let page = only(&line("/repos/a/b/pulls/1/reviews", &format!("[{review}]")));
        assert_eq!(
            page.body.unwrap_err(),
            "/repos/a/b/pulls/1/reviews has another shape: the field body[0].id is of another type"
        );
    }

    #[test]
    fn the_next_page_is_found_whatever_its_path_is_called() {
        let link = r#"<https://api.example.org/repositories/7/pulls?page=1>; rel="prev", <https://api.example.org/repositories/7/pulls?per_page=100&page=3>; rel="next""#;
        assert_eq!(next(link).unwrap(), "page=3&per_page=100");
        let page = only(&line("/repos/a/b/rules/branches/release%2F1", "[]"));
        assert_eq!(page.path, "/rules/branches/release/1");
        assert_eq!(next(r#"<https://example.org/?page=1>; rel="last""#), None);
        assert_eq!(
            canonical("ref=refs%2Fheads%2Fmain&a=%"),
            "a=%&ref=refs/heads/main"
        );
    }

    #[test]
    fn a_refusal_and_half_a_page_say_nothing() {
        let whole = line("/repos/a/b/activity", "[]");
        assert!(only(&whole).body.is_ok());
        for (from, to) in [
            ("\"status\":200", "\"status\":403"),
            ("\"status\":200", "\"status\":404"),
            ("\"complete\":true", "\"complete\":false"),
        ] {
            assert!(only(&whole.replace(from, to)).body.is_err());
        }
    }
}
