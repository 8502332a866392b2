//! Collects every revision of every lock file on the protected branches, as git's own patches, and the lock files as
//! they are now.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use crate::collect::{Call, Collected, Collector, Sink, look_for_phi};
use crate::exposure::lockfile::{Format, PATTERNS};
use crate::exposure::patch::{self, Commit, Files, Lines};
use crate::git::{Git, GitError};
use crate::inputs::Index;
use crate::project::Project;
use crate::store::WriteError;

/// The type of evidence that patches are: a line `history BRANCH FROM..TO`, then what git writes.
pub(crate) const HISTORY: &str = "git.lockfiles/1";
/// The type of evidence that whole lock files are: for each a line `file BYTES PATH`, then its bytes and a line feed.
pub(crate) const STATE: &str = "lockfiles.state/1";
/// The line that begins a commit.
pub(crate) const FORMAT: &str = "--format=commit %H %ct";
/// The source of the lock files of the working folder.
pub(crate) const CHECKOUT: &str = "checkout";

/// Commits of one piece of evidence. A long history is several pieces, so that none has to be held whole.
const COMMITS: usize = 500;
/// Bytes of the largest lock file that is read from the working folder.
const FILE_BYTES: u64 = 256 << 20;

/// Collects lock files.
#[derive(Debug)]
pub(crate) struct LockFiles;

impl Collector for LockFiles {
    fn name(&self) -> &'static str {
        "lock-files"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let branches = &project.settings.change.branches;
        let histories = branches
            .iter()
            .map(|branch| format!("git log of the lock files of {branch}"));
        let folder = "read the lock files of the working folder".to_owned();
        let calls = histories.chain([folder]);
        calls.map(|what| Call::new(what, "none")).collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        for branch in &project.settings.change.branches {
            let source = source_of(branch);
            if let Err(why) = history(project, branch, &source, sink)? {
                sink.failed(HISTORY, &source, "history", why)?;
            }
            match head_files(&project.git, branch) {
                Ok(files) => put_state(&source, &files, sink)?,
                Err(why) => sink.failed(STATE, &source, "lock files", why)?,
            }
        }
        match checkout_files(project) {
            Ok(files) => put_state(CHECKOUT, &files, sink),
            Err(why) => sink.failed(STATE, CHECKOUT, "lock files", why),
        }
    }
}

/// The source of evidence about a branch.
pub(crate) fn source_of(branch: &str) -> String {
    format!("git:{branch}")
}

/// The commit that a branch is at: of the clone, or of the remote that it was cloned from.
pub(crate) fn head_of(git: &Git, branch: &str) -> Result<String, String> {
    let shallow = git.text(["rev-parse", "--is-shallow-repository"]);
    if shallow.map_err(said)? != "false" {
        return Err(
            "the clone is shallow: fetch its whole history (actions/checkout: fetch-depth: 0)"
                .to_owned(),
        );
    }
    for place in ["refs/heads", "refs/remotes/origin"] {
        let name = format!("{place}/{branch}^{{commit}}");
        if let Ok(head) = git.text([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ]) {
            return Ok(head);
        }
    }
    Err(format!("there is no branch {branch}, here or at origin"))
}

/// `git log` of the lock files between two commits of a first-parent chain, in order.
pub(crate) fn log(git: &Git, from: Option<&str>, to: &str) -> Result<Vec<u8>, GitError> {
    let range = from.map_or_else(|| to.to_owned(), |from| format!("{from}..{to}"));
    let settings = [
        "-c",
        "log.showSignature=false",
        "-c",
        "log.showRoot=true",
        "-c",
        "log.follow=false",
        "-c",
        "diff.orderFile=/dev/null",
        "-c",
        "diff.suppressBlankEmpty=false",
        "-c",
        "core.attributesFile=/dev/null",
    ];
    let command = [
        "log",
        "--first-parent",
        "-m",
        "--reverse",
        "-p",
        "--unified=0",
        "--inter-hunk-context=0",
        "--no-renames",
        "--full-index",
        "--text",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-notes",
        "--submodule=short",
        "--ignore-submodules=none",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        FORMAT,
        "--end-of-options",
        &range,
        "--",
    ];
    let arguments = settings.iter().chain(&command).chain(&PATTERNS);
    // A partial clone must not call its remote for what it lacks: it fails instead.
    let quiet = [("GIT_NO_LAZY_FETCH", OsStr::new("1"))];
    git.feed_with(arguments, b"", &quiet)
}

/// The first-parent chain up to a commit, oldest first.
pub(crate) fn chain(git: &Git, head: &str) -> Result<Vec<String>, GitError> {
    let text = git.text(["rev-list", "--first-parent", "--reverse", head])?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Puts what is new since the last run. What cannot be collected is the inner error.
fn history(
    project: &Project,
    branch: &str,
    source: &str,
    sink: &mut Sink<'_>,
) -> Result<Result<(), String>, WriteError> {
    let git = &project.git;
    let heads = head_of(git, branch).and_then(|head| chain(git, &head).map_err(said));
    let chain = match heads {
        Ok(chain) => chain,
        Err(why) => return Ok(Err(why)),
    };
    let last = collected_to(sink.index(), source);
    let known = last.and_then(|last| chain.iter().position(|commit| *commit == last));
    let first = known.map_or(0, |known| known + 1);
    let mut from = known.and_then(|known| chain.get(known)).map(String::as_str);
    let new = chain.get(first..).unwrap_or_default();
    if let (Some(head), []) = (from, new) {
        // Nothing new: that this is so is evidence too.
        put_history(sink, source, Some(head), head, b"")?;
    }
    for commits in new.chunks(COMMITS) {
        let Some(to) = commits.last() else {
            continue;
        };
        let patches = match log(git, from, to) {
            Ok(patches) => patches,
            Err(error) => return Ok(Err(said(error))),
        };
        let refused = sink.counts.1;
        put_history(sink, source, from, to, &patches)?;
        if sink.counts.1 > refused {
            // Without this piece the next ones say nothing: the next run begins here again.
            break;
        }
        from = Some(to);
    }
    Ok(Ok(()))
}

fn put_history(
    sink: &mut Sink<'_>,
    source: &str,
    from: Option<&str>,
    to: &str,
    patches: &[u8],
) -> Result<(), WriteError> {
    let request = format!("{}..{to}", from.unwrap_or_default());
    let mut content = format!("history {source} {request}\n").into_bytes();
    content.extend_from_slice(patches);
    sink.put(&Collected {
        schema: HISTORY,
        source,
        request: &request,
        collected_at: None,
        effective: None,
        content: &content,
    })
}

/// The last commit of a branch that an earlier run collected.
fn collected_to<'a>(index: &'a Index, source: &str) -> Option<&'a str> {
    let known = index.of_type(HISTORY).iter().rev();
    let mut known = known.filter(|known| known.evidence.source == source);
    let last = known.find(|known| known.evidence.failed.is_none())?;
    last.evidence.request.split_once("..").map(|(_, to)| to)
}

/// The names of all packages that a branch ever had, by format, from its whole history.
pub(crate) fn packages_of(git: &Git, branch: &str) -> Result<BTreeSet<(Format, String)>, String> {
    let head = head_of(git, branch)?;
    let chain = chain(git, &head).map_err(said)?;
    let mut names = BTreeSet::new();
    let mut files = Files::new();
    let mut from = None;
    for commits in chain.chunks(COMMITS) {
        let Some(to) = commits.last() else {
            continue;
        };
        let patches = log(git, from, to).map_err(said)?;
        patch::replay(
            &patches,
            &mut files,
            &mut |commit: &Commit, files: &Files| {
                for path in &commit.paths {
                    if let (Some(format), Some(file)) = (Format::of(path), files.get(path)) {
                        names_in(format, &file.content, &mut names);
                    }
                }
                Ok(())
            },
        )?;
        from = Some(to.as_str());
    }
    Ok(names)
}

/// The names of the packages of the working folder.
pub(crate) fn packages_of_checkout(
    project: &Project,
) -> Result<BTreeSet<(Format, String)>, String> {
    let mut names = BTreeSet::new();
    for (path, content) in checkout_files(project)? {
        if let Some(format) = Format::of(&path) {
            names_in(format, &content, &mut names);
        }
    }
    Ok(names)
}

fn names_in(format: Format, content: &[u8], names: &mut BTreeSet<(Format, String)>) {
    let Ok(locked) = format.read(content) else {
        return;
    };
    for package in locked.packages {
        let name = (format, package.name);
        if !names.contains(&name) {
            names.insert(name);
        }
    }
}

/// The lock files at the head of a branch.
fn head_files(git: &Git, branch: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let head = head_of(git, branch)?;
    let listed = git.run(["ls-tree", "-r", "-z", "--full-tree", &head]);
    let mut files = Vec::new();
    for entry in listed.map_err(said)?.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(entry);
        let Some((meta, path)) = text.split_once('\t') else {
            continue;
        };
        let blob = meta.split(' ').nth(2).filter(|_| meta.starts_with("100"));
        if let (Some(blob), Some(_)) = (blob, Format::of(path)) {
            let content = git.run(["cat-file", "blob", blob]).map_err(said)?;
            files.push((path.to_owned(), content));
        }
    }
    Ok(files)
}

/// The lock files of the working folder that git knows of or that are new; what it ignores is not part of the project.
fn checkout_files(project: &Project) -> Result<Vec<(String, Vec<u8>)>, String> {
    let bare = project.git.text(["rev-parse", "--is-bare-repository"]);
    if bare.map_err(said)? == "true" {
        return Ok(Vec::new());
    }
    let listed = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
    ];
    let listed = project
        .git
        .run(listed.iter().chain(&PATTERNS))
        .map_err(said)?;
    let paths: BTreeSet<_> = listed
        .split(|byte| *byte == 0)
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .filter(|path| Format::of(path).is_some())
        .collect();
    let mut files = Vec::new();
    for path in paths {
        let place = project.root().join(&path);
        let Ok(meta) = fs::symlink_metadata(&place) else {
            // Deleted here and not yet in a commit.
            continue;
        };
        if !meta.is_file() || meta.len() > FILE_BYTES {
            return Err(format!("{path} is no file of less than 256 MB"));
        }
        let content = fs::read(&place).map_err(|error| format!("{path}: {error}"))?;
        files.push((path, content));
    }
    Ok(files)
}

fn put_state(
    source: &str,
    files: &[(String, Vec<u8>)],
    sink: &mut Sink<'_>,
) -> Result<(), WriteError> {
    let detector = vouchsafe_scan::detect::Detector::new();
    let mut content = Vec::new();
    for (path, bytes) in files {
        if path.contains('\n') {
            return sink.failed(STATE, source, "lock files", "a path has a line feed");
        }
        if let Err(why) = look_for_phi(&detector, STATE, bytes) {
            return sink.failed(STATE, source, "lock files", format!("{path}: {why}"));
        }
        content.extend_from_slice(format!("file {} {path}\n", bytes.len()).as_bytes());
        content.extend_from_slice(bytes);
        content.push(b'\n');
    }
    sink.put(&Collected {
        schema: STATE,
        source,
        request: "lock files",
        collected_at: None,
        effective: None,
        content: &content,
    })
}

/// Reads what [`STATE`] holds: paths and their bytes.
///
/// # Errors
/// In words, when it is not of that form.
pub(crate) fn read_state(content: &[u8]) -> Result<Vec<(String, &[u8])>, String> {
    let mut files = Vec::new();
    let mut lines = Lines(content);
    while let Some(line) = lines.next() {
        let line = String::from_utf8_lossy(line);
        let header = line
            .strip_prefix("file ")
            .and_then(|line| line.split_once(' '));
        let (size, path) = header.ok_or("a file has no header")?;
        let size: usize = size.parse().map_err(|_| "a file has no size")?;
        let (file, rest) = lines.0.split_at_checked(size).ok_or("a file is cut off")?;
        lines.0 = rest
            .strip_prefix(b"\n")
            .ok_or("a file is longer than it says")?;
        files.push((path.trim_end_matches('\n').to_owned(), file));
    }
    Ok(files)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn said(error: GitError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
