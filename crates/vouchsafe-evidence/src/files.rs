//! Files of a project by path, folder or pattern: in order, inside the project, and never by a symbolic link.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use jiff::Timestamp;

use crate::collect::{Collected, Sink};
use crate::inputs::{Context, Known};
use crate::project::Project;
use crate::store::WriteError;

/// What [`store`] stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The type of evidence.
    pub(crate) schema: &'a str,
    /// Files, folders and patterns.
    pub(crate) patterns: &'a [String],
    /// Endings of the files that count in a folder.
    pub(crate) endings: &'a [&'a str],
}

/// The largest file that is read.
const LIMIT: u64 = 64 << 20;
/// So many files belong to one setting at most.
const FILES: usize = 10_000;

/// The paths below `root` that patterns name, sorted, with `/` between their parts.
///
/// A pattern is a file, a folder (all files in it that end in one of `endings`), or has `*`, `?` and `**`.
///
/// # Errors
/// In words: when a pattern leads out of the project, finds nothing, or a folder cannot be read.
pub(crate) fn expand(
    root: &Path,
    patterns: &[String],
    endings: &[&str],
) -> Result<Vec<String>, String> {
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let before = found.len();
        let mut here = BTreeSet::new();
        one(root, pattern, endings, &mut here)?;
        if here.is_empty() {
            return Err(format!("{pattern} names no file"));
        }
        found.append(&mut here);
        if found.len() > FILES {
            let more = found.len().saturating_sub(before);
            return Err(format!("{pattern} brings {more} files, more than {FILES}"));
        }
    }
    Ok(found.into_iter().collect())
}

/// Reads a file of the project.
///
/// # Errors
/// In words: when it is a link, is too large or cannot be read.
pub(crate) fn read(root: &Path, path: &str, limit: u64) -> Result<Vec<u8>, String> {
    let mut parts = Path::new(path).components();
    if !parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(format!("{path} is not below the project"));
    }
    let whole = root.join(path);
    let about = fs::symlink_metadata(&whole).map_err(|error| format!("{path}: {error}"))?;
    if !about.is_file() || !inside(root, path) {
        return Err(format!("{path} is no plain file"));
    }
    if about.len() > limit {
        return Err(format!("{path} is larger than {} MiB", limit >> 20));
    }
    fs::read(&whole).map_err(|error| format!("{path}: {error}"))
}

/// Stores each file that patterns name as an entry of a type, `prepare`d; what cannot be read is recorded as failed.
///
/// # Errors
/// When the log cannot be written.
pub(crate) fn store(
    project: &Project,
    sink: &mut Sink<'_>,
    wanted: &Wanted<'_>,
    prepare: impl Fn(&str, Vec<u8>) -> Result<Vec<u8>, String>,
) -> Result<(), WriteError> {
    let root = project.root();
    let paths = match expand(root, wanted.patterns, wanted.endings) {
        Ok(paths) => paths,
        Err(why) => {
            return sink.failed(wanted.schema, "file", &wanted.patterns.join(" "), why);
        }
    };
    for path in paths {
        let content = read(root, &path, LIMIT).and_then(|content| {
            if content.is_empty() {
                return Err(format!("{path} is empty"));
            }
            prepare(&path, content)
        });
        match content {
            Err(why) => sink.failed(wanted.schema, "file", &path, why)?,
            Ok(content) => sink.put(&Collected {
                schema: wanted.schema,
                source: "file",
                request: &path,
                collected_at: None,
                effective: None,
                content: &content,
            })?,
        }
    }
    Ok(())
}

/// The entries of the last collection of a type: files that were there before and are gone are not among them.
///
/// # Errors
/// In words: when there is none, a file of it could not be collected, or it is older than the check may be late.
pub(crate) fn collected<'a>(context: &Context<'a>, schema: &str) -> Result<Vec<&'a Known>, String> {
    let last = context
        .last(schema)
        .ok_or_else(|| format!("no evidence of type {schema} was collected"))?;
    let moment = last.evidence.collected_at;
    let check = context.check;
    let hours = i64::from(check.cadence_hours.saturating_add(check.grace_hours));
    let age = context.at.as_second().saturating_sub(moment.as_second());
    if age > hours.saturating_mul(3600) {
        return Err(format!(
            "the last evidence of type {schema} is of {moment}: older than {hours} hours; collect it again"
        ));
    }
    let of_run = context.of_last_run(schema).iter().map(AsRef::as_ref);
    let mut known: Vec<&Known> = of_run
        .filter(|known| known.evidence.collected_at == moment)
        .collect();
    known.sort_by(|a, b| a.evidence.request.cmp(&b.evidence.request));
    for known in &known {
        if let Some(why) = &known.evidence.failed {
            let request = &known.evidence.request;
            return Err(format!("{request} could not be collected: {why}"));
        }
    }
    Ok(known)
}

/// A file that a tool wrote, and when: when it was committed, or when it was written where it is in no commit.
///
/// # Errors
/// In words: as [`read`], and when the file is empty or has no time.
pub(crate) fn dated(
    project: &Project,
    path: &str,
    limit: u64,
) -> Result<(Timestamp, Vec<u8>), String> {
    let content = read(project.root(), path, limit)?;
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(format!("{path} is empty: the tool wrote nothing"));
    }
    let committed = project
        .git
        .text(["log", "-1", "--format=%cI", "--", path])
        .unwrap_or_default();
    let changed = project
        .git
        .text(["status", "--porcelain", "--", path])
        .unwrap_or_default();
    if !committed.is_empty() && changed.is_empty() {
        // A checkout writes all files anew, so that the time of the file says nothing.
        let made = committed
            .parse()
            .map_err(|_| format!("{path} was committed at no time"))?;
        return Ok((made, content));
    }
    let written = fs::metadata(project.root().join(path)).and_then(|about| about.modified());
    let made = written
        .ok()
        .and_then(|written| Timestamp::try_from(written).ok())
        .ok_or_else(|| format!("{path} has no time"))?;
    Ok((made, content))
}

/// Whether no folder on the way to a path is a link out of the project.
fn inside(root: &Path, path: &str) -> bool {
    let real = (fs::canonicalize(root), fs::canonicalize(root.join(path)));
    let (Ok(root), Ok(real)) = real else {
        return false;
    };
    real == root.join(path)
}

fn one(
    root: &Path,
    pattern: &str,
    endings: &[&str],
    found: &mut BTreeSet<String>,
) -> Result<(), String> {
    let parts: Vec<&str> = pattern
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if pattern.starts_with('/') || parts.contains(&"..") {
        return Err(format!("{pattern} leads out of the project"));
    }
    let fixed = parts
        .iter()
        .take_while(|part| !part.contains(['*', '?']))
        .count();
    let (start, rest) = parts.split_at_checked(fixed).unwrap_or((&parts, &[]));
    let start = start.join("/");
    let about = match fs::symlink_metadata(root.join(&start)) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{start}: {error}")),
    };
    if about.is_symlink() || !inside(root, &start) {
        return Err(format!("{start} is a symbolic link, or below one"));
    }
    if about.is_file() {
        if rest.is_empty() {
            found.insert(start);
        }
        return Ok(());
    }
    let mut all = BTreeSet::new();
    walk(root, &start, &mut all)?;
    let wanted = all.into_iter().filter(|path| {
        let below: Vec<&str> = path.split('/').skip(fixed).collect();
        if rest.is_empty() {
            endings.iter().any(|ending| path.ends_with(ending))
        } else {
            matches(rest, &below)
        }
    });
    found.extend(wanted);
    Ok(())
}

fn walk(root: &Path, folder: &str, found: &mut BTreeSet<String>) -> Result<(), String> {
    let listed = fs::read_dir(root.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in listed {
        let entry = entry.map_err(|error| format!("{folder}: {error}"))?;
        let kind = entry
            .file_type()
            .map_err(|error| format!("{folder}: {error}"))?;
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| format!("{folder} has a name that is not UTF-8"))?;
        let path = if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        };
        if !kind.is_dir() {
            // Links too: they are refused when they are read, and not passed over.
            found.insert(path);
        } else if name != ".git" {
            walk(root, &path, found)?;
        }
        if found.len() > FILES {
            return Err(format!("{folder} has more than {FILES} files"));
        }
    }
    Ok(())
}

/// Whether a path is of a pattern, part by part; `**` is any number of parts.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            matches(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, below)| matches(pattern, below))
        }
        (Some((part, rest)), Some((name, below))) => {
            wild(part.as_bytes(), name.as_bytes()) && matches(rest, below)
        }
        _ => false,
    }
}

/// Whether a name is of a pattern with `*` and `?`; in time proportional to the product of their lengths.
fn wild(pattern: &[u8], name: &[u8]) -> bool {
    let mut here = vec![false; name.len().saturating_add(1)];
    if let Some(first) = here.first_mut() {
        *first = true;
    }
    for byte in pattern {
        let mut next = vec![false; here.len()];
        let mut any = false;
        for (at, reached) in here.iter().enumerate() {
            any |= reached;
            let advances = match byte {
                b'*' => None,
                b'?' => Some(true),
                other => Some(name.get(at) == Some(other)),
            };
            let (to, value) = match advances {
                None => (at, any),
                Some(fits) => (at.saturating_add(1), *reached && fits),
            };
            if let Some(slot) = next.get_mut(to) {
                *slot |= value;
            }
        }
        here = next;
    }
    here.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "deploy/a.yaml",
            "deploy/x/b.yml",
            "deploy/x/c.txt",
            "d.yaml",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn found(patterns: &[&str]) -> Result<Vec<String>, String> {
        let folder = project();
        let patterns: Vec<_> = patterns.iter().map(|one| (*one).to_owned()).collect();
        expand(folder.path(), &patterns, &[".yaml", ".yml"])
    }

    #[test]
    fn files_folders_and_patterns_are_found_in_order_and_once() {
        let all = ["deploy/a.yaml", "deploy/x/b.yml"].map(str::to_owned);
        assert_eq!(found(&["deploy", "deploy/a.yaml"]).unwrap(), all);
        assert_eq!(found(&["deploy/**/*.y*ml"]).unwrap(), all);
        assert_eq!(found(&["**/?.yaml"]).unwrap(), ["d.yaml", "deploy/a.yaml"]);
        assert_eq!(found(&["deploy/*/c.txt"]).unwrap(), ["deploy/x/c.txt"]);
    }

    #[test]
    fn a_pattern_that_finds_nothing_or_leads_out_is_an_error() {
        assert!(found(&["deploy", "nowhere/*.yaml"]).is_err());
        assert!(found(&["deploy/*.json"]).is_err());
        assert!(found(&["../deploy"]).is_err());
        assert!(found(&["/etc/passwd"]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_not_followed() {
        let folder = project();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("deploy/p.yaml")).unwrap();
        let patterns = ["deploy".to_owned()];
        let listed = expand(folder.path(), &patterns, &[".yaml"]).unwrap();
        assert_eq!(listed, ["deploy/a.yaml", "deploy/p.yaml"]);
        assert!(expand(folder.path(), &["deploy/p.yaml".to_owned()], &[]).is_err());
        assert!(read(folder.path(), "deploy/p.yaml", 100).is_err());
        assert!(read(folder.path(), "deploy/a.yaml", 0).is_err());
        assert!(read(folder.path(), "deploy/a.yaml", 9).is_ok());
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        assert!(read(folder.path(), "etc/passwd", 1 << 20).is_err());
        assert!(expand(folder.path(), &["etc/passwd".to_owned()], &[]).is_err());
    }
}
