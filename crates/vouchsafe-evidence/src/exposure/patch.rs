//! Rebuilds every revision of a file from git's own patches, and believes a revision only when its hash is right.
//!
//! The input is what `git log -p -U0 --no-renames --full-index` writes. Each patch names the hash of the file before and
//! after it, so that a patch that was changed, lost or put elsewhere cannot pass.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use jiff::Timestamp;

use crate::digest::hex;

/// The first word of the line that begins a commit; see [`super::history::FORMAT`].
const COMMIT: &[u8] = b"commit ";

/// A file as a revision has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct File {
    /// Git's hash of it.
    pub(crate) blob: String,
    /// Its bytes.
    pub(crate) content: Vec<u8>,
    /// What stands at its path.
    pub(crate) kind: Kind,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Kind {
    fn of(mode: &str) -> Option<Self> {
        match mode {
            "120000" => Some(Self::Link),
            "160000" => Some(Self::Submodule),
            _ => (mode.len() == 6 && mode.starts_with("100")).then_some(Self::File),
        }
    }
}

/// The files of a revision, by path.
pub(crate) type Files = BTreeMap<String, File>;

/// A commit, and the paths that it changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Commit {
    /// Its hash.
    pub(crate) id: String,
    /// The date of its committer. It is a claim.
    pub(crate) at: Timestamp,
    /// The paths that it changes, in git's order.
    pub(crate) paths: Vec<String>,
}

/// Applies the patches of a history, in its order. After each commit `visit` is given the commit and all files.
///
/// # Errors
/// In words, when the text is not git's, a patch does not apply, or a result has another hash than git says.
pub(crate) fn replay(
    text: &[u8],
    files: &mut Files,
    visit: &mut dyn FnMut(&Commit, &Files) -> Result<(), String>,
) -> Result<(), String> {
    let mut lines = Lines(text);
    while let Some(line) = lines.next() {
        if line == b"\n" {
            continue;
        }
        let mut commit = commit_line(line)?;
        loop {
            match lines.peek() {
                Some(b"\n") => drop(lines.next()),
                Some(line) if line.starts_with(b"diff --git ") => {
                    let path = file_patch(&mut lines, files)
                        .map_err(|why| format!("in commit {}: {why}", commit.id))?;
                    commit.paths.extend(path);
                }
                _ => break,
            }
        }
        visit(&commit, files)?;
    }
    Ok(())
}

/// `commit HASH SECONDS`.
fn commit_line(line: &[u8]) -> Result<Commit, String> {
    let read = || {
        let rest = std::str::from_utf8(line.strip_prefix(COMMIT)?).ok()?;
        let (id, seconds) = rest.trim_end().split_once(' ')?;
        let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
        is_hash(id).then(|| Commit {
            id: id.to_owned(),
            at,
            paths: Vec::new(),
        })
    };
    read().ok_or_else(|| "a line that should begin a commit is none".to_owned())
}

/// What the header of a patch says.
#[derive(Default)]
struct Header {
    before: Option<String>,
    after: Option<String>,
    mode: Option<String>,
}

/// Reads the patch of one file and applies it; the path, unless only the mode of the file changes.
fn file_patch(lines: &mut Lines<'_>, files: &mut Files) -> Result<Option<String>, String> {
    let first = lines.next().unwrap_or_default();
    let path = path_of(first).ok_or("a patch names no path, or two")?;
    let header = header(lines)?;
    let (Some(before), Some(after)) = (header.before, header.after) else {
        return Ok(None);
    };
    let wrong = |what: &str| format!("the patch of {path} {what}");
    let old = files.remove(&path);
    let have = old.as_ref().map(|file| file.blob.as_str());
    if have != (!is_zero(&before)).then_some(before.as_str()) {
        return Err(wrong("is for another revision than the one before it"));
    }
    let kind = match header.mode {
        Some(mode) => Kind::of(&mode).ok_or_else(|| wrong("has a mode that git does not have"))?,
        None => old.as_ref().map_or(Kind::File, |file| file.kind),
    };
    let content = apply(old.as_ref().map_or(b"", |file| &file.content), lines)
        .ok_or_else(|| wrong("does not apply"))?;
    if is_zero(&after) {
        if content.is_empty() {
            return Ok(Some(path));
        }
        return Err(wrong("deletes the file and leaves something"));
    }
    let right = match kind {
        // Of a submodule git shows the commit that it is at.
        Kind::Submodule => content == format!("Subproject commit {after}\n").as_bytes(),
        Kind::File | Kind::Link => blob_hash(&content, after.len()) == after,
    };
    if !right {
        return Err(wrong("gives other bytes than git hashed"));
    }
    let file = File {
        blob: after,
        content,
        kind,
    };
    files.insert(path.clone(), file);
    Ok(Some(path))
}

/// The lines between `diff --git` and the first hunk.
fn header(lines: &mut Lines<'_>) -> Result<Header, String> {
    let mut header = Header::default();
    while let Some(line) = lines.peek() {
        let known: [&[u8]; 6] = [
            b"new file mode ",
            b"deleted file mode ",
            b"old mode ",
            b"new mode ",
            b"--- ",
            b"+++ ",
        ];
        let text = String::from_utf8_lossy(line);
        if let Some(rest) = text.strip_prefix("index ") {
            let (hashes, mode) = rest.trim_end().split_once(' ').unzip();
            let hashes = hashes.unwrap_or_else(|| rest.trim_end());
            let (before, after) = hashes
                .split_once("..")
                .ok_or("an index line without hashes")?;
            if !is_hash(before) || !is_hash(after) {
                return Err("an index line without whole hashes".to_owned());
            }
            header.before = Some(before.to_owned());
            header.after = Some(after.to_owned());
            header.mode = mode.map(str::to_owned).or(header.mode);
        } else if let Some(mode) = text.strip_prefix("new file mode ") {
            header.mode = Some(mode.trim_end().to_owned());
        } else if !known.iter().any(|known| line.starts_with(known)) {
            break;
        }
        lines.next();
    }
    Ok(header)
}

/// The path in `diff --git a/PATH b/PATH`. Without renames it stands there twice.
fn path_of(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"diff --git ")?.strip_suffix(b"\n")?;
    let half = rest.len().checked_sub(1)? / 2;
    let (left, right) = rest.split_at_checked(half)?;
    let right = right.strip_prefix(b" ")?;
    if let Some(quoted) = left.strip_prefix(b"\"a/") {
        let other = right.strip_prefix(b"\"b/")?;
        return (quoted == other).then(|| unquoted(quoted.strip_suffix(b"\"")?))?;
    }
    let (left, right) = (left.strip_prefix(b"a/")?, right.strip_prefix(b"b/")?);
    (left == right).then(|| String::from_utf8_lossy(left).into_owned())
}

/// A path without the escapes of C, in which git writes unusual ones.
fn unquoted(quoted: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escaped = bytes.next()?;
        out.push(match escaped {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'0'..=b'3' => {
                let digits = [escaped, bytes.next()?, bytes.next()?];
                let text = std::str::from_utf8(&digits).ok()?;
                u8::from_str_radix(text, 8).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Applies hunks without context; nothing when they do not fit.
fn apply(old: &[u8], lines: &mut Lines<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(old.len());
    let mut rest = Lines(old);
    let mut passed = 0_usize;
    while let Some(line) = lines.peek().filter(|line| line.starts_with(b"@@ ")) {
        lines.next();
        let (from, removed, added) = hunk_of(line)?;
        // Without removed lines, git names the line before the new ones.
        let keep = if removed == 0 {
            from
        } else {
            from.checked_sub(1)?
        };
        out.extend_from_slice(rest.take(keep.checked_sub(passed)?)?);
        for _ in 0..removed {
            if rest.next()? != hunk_line(lines, b'-')? {
                return None;
            }
        }
        for _ in 0..added {
            out.extend_from_slice(hunk_line(lines, b'+')?);
        }
        passed = keep.checked_add(removed)?;
    }
    out.extend_from_slice(rest.0);
    Some(out)
}

/// `@@ -FROM[,REMOVED] +TO[,ADDED] @@`.
fn hunk_of(line: &[u8]) -> Option<(usize, usize, usize)> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.strip_prefix("@@ ")?.split(' ');
    let mut range = |sign: char| {
        let range = words.next()?.strip_prefix(sign)?;
        let (from, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((from.parse().ok()?, count.parse().ok()?))
    };
    let (from, removed) = range('-')?;
    let (_, added): (usize, usize) = range('+')?;
    Some((from, removed, added))
}

/// A line of a hunk without its sign, and without its line feed where the file has none there.
fn hunk_line<'a>(lines: &mut Lines<'a>, sign: u8) -> Option<&'a [u8]> {
    let line = lines.next()?;
    let (first, body) = line.split_first()?;
    if *first != sign {
        return None;
    }
    if lines.peek().is_some_and(|next| next.starts_with(b"\\ ")) {
        lines.next();
        return body.strip_suffix(b"\n");
    }
    Some(body)
}

/// Git's hash of a file, of 40 digits (SHA-1) or 64 (SHA-256).
pub(crate) fn blob_hash(content: &[u8], digits: usize) -> String {
    let algorithm = match digits {
        64 => &SHA256,
        _ => &SHA1_FOR_LEGACY_USE_ONLY,
    };
    let mut context = aws_lc_rs::digest::Context::new(algorithm);
    context.update(format!("blob {}\0", content.len()).as_bytes());
    context.update(content);
    hex(context.finish().as_ref())
}

/// Whether a text is a whole hash.
pub(crate) fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(hash: &str) -> bool {
    hash.bytes().all(|byte| byte == b'0')
}

/// Lines with their line feed.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a>(pub(crate) &'a [u8]);

impl<'a> Lines<'a> {
    fn split(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|byte| *byte == b'\n');
        self.0
            .split_at_checked(end.map_or(self.0.len(), |end| end + 1))
    }

    /// The next line, which stays.
    pub(crate) fn peek(&self) -> Option<&'a [u8]> {
        self.split().map(|(line, _)| line)
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = self.split()?;
        self.0 = rest;
        Some(line)
    }

    /// The next lines together; nothing when there are fewer.
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let whole = self.0;
        for _ in 0..count {
            self.next()?;
        }
        whole.get(..whole.len() - self.0.len())
    }
}

#[cfg(test)]
mod tests;
