//! The collector `git`: heads, raw commit objects and tags.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{COMMITS, HEAD, TAGS, commit, full_ref, screen, short_ref};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::git::{Git, GitError};
use crate::project::Project;
use crate::store::WriteError;

/// Where all of it comes from.
const SOURCE: &str = "git";
/// Commits that git is asked for at a time.
const ASKED: usize = 8_192;
/// An object of the log holds about this many bytes at most.
const OBJECT_BYTES: usize = 15 << 20;

/// Collects the history of the protected branches.
#[derive(Debug)]
pub(super) struct GitHistory;

/// `git.head/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// The branch, in full.
    pub(super) branch: String,
    /// The refs that were read, and where each pointed.
    pub(super) refs: BTreeMap<String, String>,
    /// The commit that the branch has reached.
    pub(super) head: String,
    /// `sha1` or `sha256`.
    pub(super) object_format: String,
    /// The clone is cut off at some depth.
    pub(super) shallow: bool,
    /// The clone leaves objects at the server.
    pub(super) partial: bool,
    /// Number of objects that others stand in for.
    pub(super) replaced: u64,
    /// Parents of commits are overruled by a file.
    pub(super) grafts: bool,
}

/// `git.tags/1`: one tag.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) name: String,
    /// The object that the tag names.
    pub(super) object: String,
    /// The commit that it comes to, if it does.
    pub(super) commit: Option<String>,
    /// When it was made, in seconds; a claim.
    pub(super) created: Option<i64>,
}

impl Collector for GitHistory {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let branches = &project.settings.change.branches;
        let mut calls: Vec<_> = branches
            .iter()
            .map(|branch| {
                let name = full_ref(branch);
                Call::new(format!("git: head and commits of {name}"), "read the clone")
            })
            .collect();
        if !calls.is_empty() {
            calls.push(Call::new("git: all tags", "read the clone"));
        }
        calls
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let mut known = stored_heads(sink);
        for branch in &project.settings.change.branches {
            let branch = full_ref(branch);
            let head = match read_head(&project.git, &branch) {
                Ok(head) => head,
                Err(why) => {
                    sink.failed(HEAD, SOURCE, &branch, why)?;
                    continue;
                }
            };
            let content = serde_json::to_vec(&head)?;
            sink.put_screened(&collected(HEAD, &branch, &content))?;
            if head.shallow {
                let why = "the clone is shallow: fetch the whole history (`git fetch --unshallow`; fetch-depth: 0)";
                sink.failed(COMMITS, SOURCE, &request(&head.head, 1, true), why)?;
            } else if let Err(why) = store_commits(&project.git, &head.head, &known, sink)? {
                sink.failed(COMMITS, SOURCE, &request(&head.head, 1, true), why)?;
            } else {
                known.insert(head.head.clone());
            }
        }
        match read_tags(&project.git) {
            Ok(tags) => {
                let content = serde_json::to_vec(&tags)?;
                sink.put_screened(&collected(TAGS, "refs/tags", &content))
            }
            Err(error) => sink.failed(TAGS, SOURCE, "refs/tags", error.to_string()),
        }
    }
}

const fn collected<'a>(schema: &'a str, request: &'a str, content: &'a [u8]) -> Collected<'a> {
    Collected {
        schema,
        source: SOURCE,
        request,
        collected_at: None,
        effective: None,
        content,
    }
}

/// The request of an entry of commits: those that a head reaches and that the log did not have, part by part.
fn request(head: &str, part: u64, last: bool) -> String {
    let end = if last { ", the last" } else { "" };
    format!("reached by {head}, part {part}{end}")
}

/// The heads of which the log has every commit: all parts up to the last were stored.
fn stored_heads(sink: &Sink<'_>) -> BTreeSet<String> {
    let mut parts: BTreeMap<&str, (u64, Option<u64>)> = BTreeMap::new();
    let stored = sink.index().of_type(COMMITS).iter();
    for known in stored.filter(|known| known.evidence.failed.is_none()) {
        let request = known.evidence.request.as_str();
        let Some((head, part)) = request
            .strip_prefix("reached by ")
            .and_then(|rest| rest.split_once(", part "))
        else {
            continue;
        };
        let (number, last) = match part.split_once(',') {
            Some((number, _)) => (number, true),
            None => (part, false),
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        let entry = parts.entry(head).or_default();
        // Parts that were begun again start over.
        entry.0 = if number == entry.0 + 1 || number == 1 {
            number
        } else {
            0
        };
        if last && entry.0 == number {
            entry.1 = Some(number);
        }
    }
    let whole = parts.into_iter().filter(|(_, (_, last))| last.is_some());
    whole.map(|(head, _)| head.to_owned()).collect()
}

/// Stores the commits that a head reaches and that the log does not have. In the result: why it could not.
fn store_commits(
    git: &Git,
    head: &str,
    known: &BTreeSet<String>,
    sink: &mut Sink<'_>,
) -> Result<Result<(), String>, WriteError> {
    let new = match new_commits(git, head, known) {
        Ok(new) => new,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if new.is_empty() {
        return Ok(Ok(()));
    }
    let (mut part, mut out) = (0, Vec::new());
    for asked in new.chunks(ASKED) {
        let mut input = asked.join("\n");
        input.push('\n');
        let stream = match git.feed(["cat-file", "--batch"], input.as_bytes()) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let objects = match commit::objects(&stream) {
            Ok(objects) if objects.len() == asked.len() => objects,
            Ok(_) => return Ok(Err("git gave fewer objects than it named".to_owned())),
            Err(why) => return Ok(Err(format!("git cat-file: {why}"))),
        };
        for object in &objects {
            if out.len() + object.body.len() > OBJECT_BYTES && !out.is_empty() {
                part += 1;
                let request = request(head, part, false);
                sink.put_screened(&collected(COMMITS, &request, &out))?;
                out.clear();
            }
            write(sink, object, &mut out);
        }
    }
    let request = request(head, part + 1, true);
    sink.put_screened(&collected(COMMITS, &request, &out))?;
    Ok(Ok(()))
}

/// Writes a commit as git gave it, or its header where its message looks like PHI.
fn write(sink: &Sink<'_>, object: &commit::Object<'_>, out: &mut Vec<u8>) {
    match screen::commit(sink.detector(), object.body) {
        Ok(body) => {
            out.extend_from_slice(format!("{} commit {}\n", object.id, body.len()).as_bytes());
            out.extend_from_slice(body);
        }
        Err(withheld) => {
            let screen::Withheld { classes, header } = withheld;
            let line = format!("{} withheld {} {classes}\n", object.id, header.len());
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(&header);
        }
    }
    out.push(b'\n');
}

/// The commits that a head reaches and that no known head does, newest first.
fn new_commits(git: &Git, head: &str, known: &BTreeSet<String>) -> Result<Vec<String>, GitError> {
    if known.contains(head) {
        return Ok(Vec::new());
    }
    // A head that was forced away may be gone from this clone.
    let asked: String = known.iter().map(|known| format!("{known}\n")).collect();
    let answer = git.feed(["cat-file", "--batch-check"], asked.as_bytes())?;
    let mut input = format!("{head}\n");
    for line in String::from_utf8_lossy(&answer).lines() {
        let mut words = line.split(' ');
        if let (Some(id), Some("commit")) = (words.next(), words.next()) {
            input.push('^');
            input.push_str(id);
            input.push('\n');
        }
    }
    let list = git.feed(["rev-list", "--stdin"], input.as_bytes())?;
    let list = String::from_utf8_lossy(&list);
    Ok(list.lines().map(str::to_owned).collect())
}

fn read_head(git: &Git, branch: &str) -> Result<Head, String> {
    let said = |error: GitError| error.to_string();
    let mut refs = BTreeMap::new();
    let mut names = vec![branch.to_owned()];
    if let Some(short) = branch.strip_prefix("refs/heads/") {
        names.push(format!("refs/remotes/origin/{short}"));
    }
    for name in names {
        let asked = format!("{name}^{{commit}}");
        if let Ok(id) = git.text([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &asked,
        ]) {
            refs.insert(name, id);
        }
    }
    let partial = git.text([
        "config",
        "--get-regexp",
        r"^remote\..*\.promisor$|^extensions\.partialclone$",
    ]);
    let replaced = git.text(["for-each-ref", "--format=%(refname)", "refs/replace"]);
    let folder = git.text(["rev-parse", "--git-common-dir"]).map_err(said)?;
    let grafts = git.root().join(folder).join("info/grafts");
    let shallow = git
        .text(["rev-parse", "--is-shallow-repository"])
        .map_err(said)?;
    let format = git
        .text(["rev-parse", "--show-object-format"])
        .map_err(said)?;
    Ok(Head {
        head: reached(git, branch, &refs)?,
        branch: branch.to_owned(),
        refs,
        object_format: format,
        shallow: shallow != "false",
        partial: partial.is_ok_and(|found| !found.is_empty()),
        replaced: replaced.map_err(said)?.lines().count() as u64,
        grafts: std::fs::metadata(grafts).is_ok_and(|file| file.len() > 0),
    })
}

/// The commit that a branch has reached: of the local branch and that of the remote, the one that has the other.
fn reached(git: &Git, branch: &str, refs: &BTreeMap<String, String>) -> Result<String, String> {
    let mut ids = refs.values();
    let Some(first) = ids.next() else {
        let short = short_ref(branch);
        return Err(format!(
            "there is no branch {short} in this clone: fetch it, or correct [change] branches"
        ));
    };
    let Some(second) = ids.next().filter(|second| *second != first) else {
        return Ok(first.clone());
    };
    let is_ancestor =
        |old: &str, new: &str| git.run(["merge-base", "--is-ancestor", old, new]).is_ok();
    if is_ancestor(first, second) {
        Ok(second.clone())
    } else if is_ancestor(second, first) {
        Ok(first.clone())
    } else {
        let names: Vec<_> = refs.keys().map(String::as_str).collect();
        Err(format!(
            "{} have diverged: name the protected one in full in [change] branches",
            names.join(" and ")
        ))
    }
}

fn read_tags(git: &Git) -> Result<Vec<Tag>, GitError> {
    let format = "--format=%(refname)%09%(objectname)%09%(creatordate:unix)";
    let list = git.text(["for-each-ref", format, "refs/tags"])?;
    let mut tags = Vec::new();
    let mut asked = String::new();
    for line in list.lines() {
        let mut fields = line.split('\t');
        let name = fields.next().unwrap_or_default();
        let object = fields.next().unwrap_or_default();
        asked.push_str(object);
        asked.push_str("^{commit}\n");
        tags.push(Tag {
            name: name.strip_prefix("refs/tags/").unwrap_or(name).to_owned(),
            object: object.to_owned(),
            commit: None,
            created: fields.next().and_then(|seconds| seconds.parse().ok()),
        });
    }
    let answer = git.feed(["cat-file", "--batch-check"], asked.as_bytes())?;
    let answer = String::from_utf8_lossy(&answer);
    for (tag, line) in tags.iter_mut().zip(answer.lines()) {
        let mut words = line.split(' ');
        if let (Some(id), Some("commit")) = (words.next(), words.next()) {
            tag.commit = Some(id.to_owned());
        }
    }
    Ok(tags)
}
