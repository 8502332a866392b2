//! A database as a folder: every file read, hashed and parsed, or none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Layout, Manifest, Packages};
use crate::digest::{Digest, Hasher};
use crate::exposure::advisory::{Advisory, osv, rustsec};
use crate::git::Git;
use crate::window::start_of;

/// Folders deeper than this are no database.
const DEPTH: u32 = 16;

/// A file with an advisory.
pub(super) struct File {
    pub(super) path: String,
    pub(super) sha256: Digest,
    /// When the database had it, where that stands apart.
    pub(super) added: Option<Timestamp>,
    /// What is kept of it: all but prose.
    pub(super) kept: String,
    /// What it says.
    pub(super) advisories: Vec<Advisory>,
}

/// A whole database.
pub(super) struct Whole {
    /// The files about the packages.
    pub(super) files: Vec<File>,
    /// Advisories by ecosystem.
    counts: BTreeMap<String, u64>,
    all: u64,
    sha256: Digest,
    /// The newest date that it has inside.
    newest: Option<Timestamp>,
}

/// Reads a database. All files are read and parsed; those about the packages are kept.
pub(super) fn read(layout: Layout, path: &Path, packages: &Packages) -> Result<Whole, String> {
    let mut paths = Vec::new();
    walk(path, "", DEPTH, &mut paths)?;
    paths.sort();
    let dates = match layout {
        Layout::Go => Some(dates(path)?),
        _ => None,
    };
    let mut whole = Whole {
        files: Vec::new(),
        counts: BTreeMap::new(),
        all: paths.len() as u64,
        sha256: Digest::of(b""),
        newest: dates
            .as_ref()
            .and_then(|dates| dates.values().map(|d| d.1).max()),
    };
    let mut hasher = Hasher::new();
    for name in paths {
        let bytes = fs::read(path.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        let sha256 = Digest::of(&bytes);
        hasher.update(format!("{sha256} {name}\n").as_bytes());
        if !holds_advisory(layout, &name) {
            continue;
        }
        let added = match &dates {
            None => None,
            Some(dates) => Some(added(dates, &name)?),
        };
        let file = file(layout, &name, &bytes, sha256, added)
            .map_err(|why| format!("{name} does not parse: {why}"))?;
        whole.count(file, packages);
    }
    whole.sha256 = hasher.finish();
    if whole.counts.is_empty() {
        return Err("the folder holds no advisory".to_owned());
    }
    Ok(whole)
}

/// The paths of all files below a folder, with `/` between names.
fn walk(folder: &Path, prefix: &str, depth: u32, paths: &mut Vec<String>) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("the folder cannot be read: {prefix}: {error}");
    let depth = depth.checked_sub(1).ok_or("the folder is too deep")?;
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name().into_string();
        let name = name.map_err(|_| "the folder has a name that is not UTF-8".to_owned())?;
        let kind = entry.file_type().map_err(fault)?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() && name != ".git" {
            walk(&entry.path(), &format!("{path}/"), depth, paths)?;
        } else if kind.is_file() {
            paths.push(path);
        } else if kind.is_symlink() {
            return Err(format!("{path} is a link"));
        }
    }
    Ok(())
}

fn holds_advisory(layout: Layout, path: &str) -> bool {
    match layout {
        Layout::Rustsec => {
            let folder = path.starts_with("crates/") || path.starts_with("rust/");
            folder && path.ends_with(".md")
        }
        Layout::Go => path.starts_with("osv/") && path.ends_with(".json"),
        Layout::Osv => path.ends_with(".json"),
    }
}

fn file(
    layout: Layout,
    path: &str,
    bytes: &[u8],
    sha256: Digest,
    added: Option<Timestamp>,
) -> Result<File, String> {
    let (kept, mut advisories) = match layout {
        Layout::Rustsec => {
            let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
            let front = rustsec::front(text).ok_or("it has no block of TOML at its head")?;
            (front.to_owned(), vec![rustsec::read(front)?])
        }
        Layout::Go | Layout::Osv => (osv::without_prose(bytes)?, osv::read(bytes, added)?),
    };
    // Advisories of the compiler and its tools are no packages of a lock file.
    if layout == Layout::Rustsec && path.starts_with("rust/") {
        advisories.clear();
    }
    Ok(File {
        path: path.to_owned(),
        sha256,
        added,
        kept,
        advisories,
    })
}

/// `DATES.tsv`: when each advisory was added to the database, and when it last changed.
fn dates(path: &Path) -> Result<BTreeMap<String, (Timestamp, Timestamp)>, String> {
    let text = fs::read_to_string(path.join("DATES.tsv"))
        .map_err(|error| format!("DATES.tsv, which has the dates of the advisories: {error}"))?;
    let mut dates = BTreeMap::new();
    for (line, number) in text.lines().zip(1_u64..).skip(1) {
        let mut cells = line.split('\t');
        let read = |cell: Option<&str>| {
            let seconds = cell?.trim().parse().ok()?;
            Timestamp::from_second(seconds).ok()
        };
        let id = cells.next().unwrap_or_default().to_owned();
        let (added, changed) = read(cells.next())
            .zip(read(cells.next()))
            .ok_or_else(|| format!("DATES.tsv, line {number}: not an id and two dates"))?;
        dates.insert(id, (added, changed));
    }
    Ok(dates)
}

fn added(
    dates: &BTreeMap<String, (Timestamp, Timestamp)>,
    path: &str,
) -> Result<Timestamp, String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let id = name.strip_suffix(".json").unwrap_or(name);
    let known = dates.get(id).map(|(added, _)| *added);
    known.ok_or_else(|| format!("DATES.tsv has no line for {id}"))
}

impl Whole {
    fn count(&mut self, file: File, packages: &Packages) {
        let mut ecosystems: Vec<_> = file.advisories.iter().map(|one| one.ecosystem).collect();
        ecosystems.sort();
        ecosystems.dedup();
        if ecosystems.is_empty() {
            *self.counts.entry("other".to_owned()).or_default() += 1;
        }
        // One that is about two ecosystems counts for both.
        for ecosystem in ecosystems {
            let name = ecosystem.name().to_owned();
            *self.counts.entry(name).or_default() += 1;
        }
        let dated = file.advisories.iter().map(|one| one.published).max();
        self.newest = self.newest.max(dated);
        let concerns = |about: &Advisory| {
            let names = packages.get(about.ecosystem.name());
            names.is_some_and(|names| names.contains(&about.package))
        };
        if file.advisories.iter().any(concerns) {
            self.files.push(file);
        }
    }

    /// The manifest: what is to be known of the database as a whole.
    pub(super) fn manifest(&self, layout: Layout, path: &Path) -> Result<Manifest, String> {
        let (date, date_from) = date_of(path, self.newest)?;
        Ok(Manifest {
            layout,
            advisories: self.counts.clone(),
            files: self.all,
            sha256: self.sha256.to_string(),
            date,
            date_from,
        })
    }
}

/// The date of a database: what its `SNAPSHOT` says, or the commit that its clone is at, or its newest advisory.
fn date_of(path: &Path, newest: Option<Timestamp>) -> Result<(Timestamp, String), String> {
    if let Ok(text) = fs::read_to_string(path.join("SNAPSHOT")) {
        let date = date_in(&text).ok_or("SNAPSHOT names no date")?;
        return Ok((date, "SNAPSHOT".to_owned()));
    }
    if path.join(".git").exists() {
        let git = Git::at(path).map_err(|error| error.to_string())?;
        let date = git.text(["log", "-1", "--format=%cI"]);
        let date = date.map_err(|error| error.to_string())?.parse();
        let date = date.map_err(|_| "its commit has no date".to_owned())?;
        return Ok((date, "git commit".to_owned()));
    }
    let date = newest.ok_or("nothing says of which date it is")?;
    Ok((date, "newest advisory".to_owned()))
}

/// The first date in a text: a moment, or a day from its beginning.
fn date_in(text: &str) -> Option<Timestamp> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','));
    words
        .filter(|word| word.len() >= 10)
        .find_map(|word| match word.parse::<Timestamp>() {
            Ok(moment) => Some(moment),
            Err(_) if word.len() == 10 => {
                let day: Date = word.parse().ok()?;
                start_of(day).ok()
            }
            Err(_) => None,
        })
}

/// The packages of all advisories of a database.
#[cfg(test)]
pub(super) fn packages(layout: Layout, path: &Path) -> Result<Packages, String> {
    let mut paths = Vec::new();
    walk(path, "", DEPTH, &mut paths)?;
    let mut packages = Packages::new();
    for name in paths.iter().filter(|name| holds_advisory(layout, name)) {
        let bytes = fs::read(path.join(name)).map_err(|error| error.to_string())?;
        let added = Some(Timestamp::UNIX_EPOCH);
        for one in file(layout, name, &bytes, Digest::of(b""), added)?.advisories {
            let names = packages.entry(one.ecosystem.name().to_owned()).or_default();
            names.insert(one.package);
        }
    }
    Ok(packages)
}
