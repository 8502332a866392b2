//! Commit objects: read from raw bytes, believed when those bytes have the hash that names them.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use jiff::Timestamp;

use crate::digest::{Digest, hex};

/// The name of an object of git: 40 or 64 hexadecimal digits.
pub(super) type Oid = Arc<str>;

/// A commit.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) id: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) author: Person,
    pub(super) authored: Timestamp,
    pub(super) committer: Person,
    /// When it was made, as the clock of its committer said. A claim.
    pub(super) committed: Timestamp,
    /// SHA-256 of the first line of its message.
    pub(super) subject: Option<Digest>,
    pub(super) coauthors: Vec<Person>,
    pub(super) proof: Proof,
}

/// A name and a mail address, as a commit has them. A claim.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
}

/// Whether the stored bytes have the hash that names them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// They do.
    Hashed,
    /// The message was not stored, since it looks like PHI: the classes. The hash cannot be computed again.
    Withheld(String),
    /// They do not.
    Wrong,
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// One object of a stream in the form of `git cat-file --batch`.
pub(super) struct Object<'a> {
    pub(super) id: &'a str,
    /// `commit`, or `withheld` with the classes.
    pub(super) kind: &'a str,
    pub(super) classes: &'a str,
    pub(super) body: &'a [u8],
}

/// The objects of a stream.
///
/// # Errors
/// When it is cut, or has something else in it.
pub(super) fn objects(mut stream: &[u8]) -> Result<Vec<Object<'_>>, String> {
    let mut found = Vec::new();
    while !stream.is_empty() {
        let cut = || format!("the stream is cut after {} objects", found.len());
        let end = stream
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(cut)?;
        let (line, rest) = stream.split_at_checked(end).ok_or_else(cut)?;
        let line = std::str::from_utf8(line).map_err(|_| cut())?;
        let mut words = line.splitn(4, ' ');
        let (Some(id), Some(kind), Some(size)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("after {} objects: not an object", found.len()));
        };
        let size: usize = size.parse().map_err(|_| cut())?;
        let rest = rest.get(1..).ok_or_else(cut)?;
        let (body, rest) = rest.split_at_checked(size).ok_or_else(cut)?;
        stream = rest.strip_prefix(b"\n").ok_or_else(cut)?;
        let classes = words.next().unwrap_or_default();
        let is_oid = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_oid || !matches!(kind, "commit" | "withheld") {
            return Err(format!("after {} objects: not a commit", found.len()));
        }
        found.push(Object {
            id,
            kind,
            classes,
            body,
        });
    }
    Ok(found)
}

/// The commits of a stream.
///
/// # Errors
/// As [`objects`], or when a commit is none.
pub(super) fn commits(stream: &[u8]) -> Result<Vec<Arc<Commit>>, String> {
    objects(stream)?
        .iter()
        .map(|object| read(object).map(Arc::new))
        .collect()
}

fn read(object: &Object<'_>) -> Result<Commit, String> {
    let proof = match object.kind {
        "commit" if hash(object.id.len(), object.body) == object.id => Proof::Hashed,
        "commit" => Proof::Wrong,
        _ => Proof::Withheld(object.classes.to_owned()),
    };
    let broken = |what: &str| format!("the commit {} has no {what}", object.id);
    let (header, message) = split(object.body);
    let mut commit = Commit {
        id: Oid::from(object.id),
        parents: Vec::new(),
        author: Person::default(),
        authored: Timestamp::UNIX_EPOCH,
        committer: Person::default(),
        committed: Timestamp::UNIX_EPOCH,
        subject: None,
        coauthors: Vec::new(),
        proof,
    };
    let (mut has_author, mut has_committer) = (false, false);
    for line in header.split(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let Some((key, value)) = text.split_once(' ') else {
            continue;
        };
        match key {
            "parent" => commit.parents.push(Oid::from(value)),
            "author" if !has_author => {
                (commit.author, commit.authored) = ident(value).ok_or_else(|| broken("author"))?;
                has_author = true;
            }
            "committer" if !has_committer => {
                (commit.committer, commit.committed) =
                    ident(value).ok_or_else(|| broken("committer"))?;
                has_committer = true;
            }
            _ => {}
        }
    }
    if !(has_author && has_committer) {
        return Err(broken("author and committer"));
    }
    if object.kind == "commit" {
        let first = message.split(|byte| *byte == b'\n').next();
        commit.subject = Some(Digest::of(first.unwrap_or_default()));
        commit.coauthors = coauthors(&String::from_utf8_lossy(message));
    }
    Ok(commit)
}

/// The header and the message of a commit.
pub(super) fn split(body: &[u8]) -> (&[u8], &[u8]) {
    let end = body.windows(2).position(|pair| pair == b"\n\n");
    let Some((header, message)) = end.and_then(|end| body.split_at_checked(end)) else {
        return (body, b"");
    };
    (header, message.get(2..).unwrap_or_default())
}

/// `NAME <ADDRESS> SECONDS ZONE`.
fn ident(text: &str) -> Option<(Person, Timestamp)> {
    let (rest, when) = text.rsplit_once('>')?;
    let (name, email) = rest.split_once('<')?;
    let seconds: i64 = when.split_whitespace().next()?.parse().ok()?;
    let at = Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    let person = Person {
        name: name.trim().to_owned(),
        email: email.trim().to_owned(),
    };
    Some((person, at))
}

/// People that a message names as co-authors, wherever it does.
pub(super) fn coauthors(message: &str) -> Vec<Person> {
    let mut found = Vec::new();
    for line in message.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        if !key.trim().eq_ignore_ascii_case("co-authored-by") {
            continue;
        }
        let (name, email) = value.split_once('<').unwrap_or((value, ""));
        found.push(Person {
            name: name.trim().to_owned(),
            email: email.trim().trim_end_matches('>').to_owned(),
        });
    }
    found
}

/// The name that git gives to a commit: SHA-1 for names of 40 digits, SHA-256 for those of 64.
fn hash(digits: usize, body: &[u8]) -> String {
    let algorithm = match digits {
        40 => &SHA1_FOR_LEGACY_USE_ONLY,
        _ => &SHA256,
    };
    let mut context = Context::new(algorithm);
    context.update(format!("commit {}\0", body.len()).as_bytes());
    context.update(body);
    hex(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
        author Ann Lee <ann@example.org> 1767225600 +0100\n\
        committer Forge <noreply@github.com> 1767225660 +0000\n\n\
        Begin\n\nCo-Authored-By: Bob <bob@example.org>\n";

    fn stream(id: &str, body: &str) -> String {
        format!("{id} commit {}\n{body}\n", body.len())
    }

    #[test]
    fn a_commit_is_read_and_its_hash_computed_again() {
        let id = hash(40, BODY.as_bytes());
        let read = commits(stream(&id, BODY).as_bytes()).unwrap();
        assert_eq!(read[0].proof, Proof::Hashed);
        assert_eq!(read[0].author.email, "ann@example.org");
        assert_eq!(read[0].committed.as_second(), 1_767_225_660);
        assert_eq!(read[0].coauthors[0].email, "bob@example.org");
        let id = hash(64, BODY.as_bytes());
        let read = commits(stream(&id, BODY).as_bytes()).unwrap();
        assert_eq!(read[0].proof, Proof::Hashed);
    }

    #[test]
    fn one_changed_byte_is_seen() {
        let id = hash(40, BODY.as_bytes());
        let read = commits(stream(&id, &BODY.replace("Ann", "Eve")).as_bytes()).unwrap();
        assert_eq!(read[0].proof, Proof::Wrong);
    }

    #[test]
    fn a_cut_stream_is_refused() {
        let id = hash(40, BODY.as_bytes());
        let whole = stream(&id, BODY);
        for length in 1..whole.len() {
            assert!(commits(&whole.as_bytes()[..length]).is_err(), "{length}");
        }
    }
}
