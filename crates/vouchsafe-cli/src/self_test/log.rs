//! The audit log: the actors that it names, and whether tampering with a copy of it is detected.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use vouchsafe::audit::Recorded;
use vouchsafe_evidence::selftest::{Attacked, Log as LogPart};
use vouchsafe_installation::Installation;
use vouchsafe_installation::folder::Folder;
use vouchsafe_ledger::reader::Log;
use vouchsafe_tlog::tile::edge_paths;

use super::attacked::Count;
use super::walk;
use crate::{audit, told};

/// A larger log must be attacked on a host with room for a copy.
const LARGEST: u64 = 4 << 30;
/// Number of indices that the report names.
const NAMED: usize = 20;

/// The result of a walk through the log.
pub(super) struct Walked {
    pub(super) log: LogPart,
    /// The time when each actor was last named.
    pub(super) last_seen: BTreeMap<String, Timestamp>,
}

/// The members that are read of an entry.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    actor: Option<String>,
    stream: String,
}

/// Walks the log after these entries of the self-test were recorded: a checkpoint follows new entries, and the walk
/// must also judge entries from before the self-test.
pub(super) async fn walk(installation: &Installation, noted: &Recorded) -> anyhow::Result<Walked> {
    let folder = installation.folder();
    let last = noted
        .entries()
        .last()
        .context("the self-test has no entry")?;
    let log = installation.published_log_with(last.index()).await?;
    let log =
        log.context("the log has no checkpoint yet over the entry of this self-test; try again")?;
    let report = log.verify();
    let mut walked = Walked {
        log: LogPart {
            entries: log.size(),
            sound: report.is_sound(),
            about_records: 0,
            without_actor: 0,
            first_without: Vec::new(),
            attacks: Vec::new(),
            writable_by_service: is_writable(folder)?,
        },
        last_seen: BTreeMap::new(),
    };
    if report.is_sound() {
        walked.read(&log)?;
        walked.log.attacks = attack(folder)?;
    }
    Ok(walked)
}

impl Walked {
    fn read(&mut self, log: &Log) -> anyhow::Result<()> {
        for entry in log.entries(0).map_err(|error| told(&error))? {
            let logged = entry.map_err(|error| told(&error))?;
            let entry: Entry = serde_json::from_str(&logged.json)
                .map_err(|_| anyhow::anyhow!("entry {} has an unknown format", logged.index))?;
            let actor = entry.actor.unwrap_or_default();
            if entry.stream == "phi" {
                self.log.about_records += 1;
                if !names_one(&actor) {
                    self.log.without_actor += 1;
                    if self.log.first_without.len() < NAMED {
                        self.log.first_without.push(logged.index);
                    }
                }
            }
            self.last_seen.insert(actor, logged.recorded);
        }
        Ok(())
    }
}

/// Whether an actor is a single person, service or user of the system.
fn names_one(actor: &str) -> bool {
    match actor.split_once('/') {
        Some(("person" | "service", id)) => uuid::Uuid::parse_str(id).is_ok(),
        Some(("os-user", name)) => !name.is_empty() && !name.contains('/'),
        _ => false,
    }
}

/// Whether the user of the service may write the recorder's files, or replace them. That user is the owner of the data
/// folder, whoever runs the self-test: root may write everywhere. Supplementary groups and access lists are not
/// checked.
fn is_writable(folder: &Folder) -> anyhow::Result<bool> {
    let about = |path: &Path| {
        let about = fs::metadata(path);
        about.with_context(|| format!("cannot read {}", path.display()))
    };
    let service = about(folder.path())?;
    let log = folder.audit().join("log");
    let places = [folder.audit(), log.clone(), log.join("checkpoint")];
    for place in &places {
        let about = about(place)?;
        let place = Owned {
            user: about.uid(),
            group: about.gid(),
            mode: about.mode(),
        };
        if place.may_be_written_by(service.uid(), service.gid()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Owner and permissions of a file or folder.
struct Owned {
    user: u32,
    group: u32,
    mode: u32,
}

impl Owned {
    /// Whether a user and their group may write it. The owner may, whatever its mode: they can change the mode.
    const fn may_be_written_by(&self, user: u32, group: u32) -> bool {
        user == 0
            || self.user == user
            || (self.group == group && self.mode & 0o020 != 0)
            || self.mode & 0o002 != 0
    }
}

/// A copy of a log's files, and the keys to open it.
struct Copied {
    folder: PathBuf,
    key: vouchsafe_tlog::NoteVerifier,
    size: u64,
}

fn attack(folder: &Folder) -> anyhow::Result<Vec<Attacked>> {
    let place = tempfile::tempdir().context("no folder for a copy")?;
    let copied = copy(folder, place.path())?;
    let published = published(&copied)?;
    let mut flipped = Count::of("flipped-byte");
    for path in &published {
        let good = fs::read(path)?;
        for at in [0, good.len() / 2, good.len().saturating_sub(1)] {
            let mut bad = good.clone();
            if let Some(byte) = bad.get_mut(at) {
                *byte ^= 1;
                flipped.add(copied.is_seen_with(path, &good, &bad)?);
            }
        }
    }
    let mut removed = Count::of("removed-entry");
    let mut cut = Count::of("cut-off");
    for path in published
        .iter()
        .filter(|path| path.to_string_lossy().contains("entries"))
    {
        let good = fs::read(path)?;
        if let Some(without_first) = without_first(&good) {
            removed.add(copied.is_seen_with(path, &good, without_first)?);
        }
        if let Some(half) = good.get(..good.len() / 2) {
            cut.add(copied.is_seen_with(path, &good, half)?);
        }
        fs::remove_file(path)?;
        cut.add(!copied.holds());
        fs::write(path, &good)?;
    }
    anyhow::ensure!(
        copied.holds(),
        "the copy does not hold any more when it was put back"
    );
    Ok(vec![flipped.finish(), removed.finish(), cut.finish()])
}

impl Copied {
    /// Whether the copy verifies.
    fn holds(&self) -> bool {
        let log = Log::open_with(&self.folder, self.key.clone());
        log.is_ok_and(|log| log.size() == self.size && log.verify().is_sound())
    }

    /// Whether verification detects other bytes in a file; the good bytes are restored after it.
    fn is_seen_with(&self, path: &Path, good: &[u8], bad: &[u8]) -> anyhow::Result<bool> {
        fs::write(path, bad)?;
        let seen = !self.holds();
        fs::write(path, good)?;
        Ok(seen)
    }
}

/// Copies the log. A recorder may write meanwhile: the checkpoint is copied first, so that the copy has all files that
/// it names.
fn copy(folder: &Folder, to: &Path) -> anyhow::Result<Copied> {
    let from = folder.audit().join("log");
    let key = audit::open(folder)?.verifier().clone();
    for _ in 0..5 {
        let checkpoint = fs::read(from.join("checkpoint"))?;
        let mut bytes = 0;
        let walked = walk::walk(&from);
        if let Some((path, why)) = walked.left_out.first() {
            anyhow::bail!("the log cannot be copied: {} {why}", path.display());
        }
        for path in walked.files {
            let inside = path.strip_prefix(&from)?;
            // A partial tile is removed when the full one exists.
            let Ok(content) = fs::read(&path) else {
                continue;
            };
            bytes += content.len() as u64;
            anyhow::ensure!(
                bytes <= LARGEST,
                "the log has more than {} GiB: there is no copy of it to attack",
                LARGEST >> 30
            );
            let place = to.join(inside);
            fs::create_dir_all(place.parent().unwrap_or(to))?;
            fs::write(place, content)?;
        }
        fs::write(to.join("checkpoint"), checkpoint)?;
        let log = Log::open_with(to, key.clone()).map_err(|error| told(&error))?;
        let copied = Copied {
            folder: to.to_owned(),
            key: key.clone(),
            size: log.size(),
        };
        if copied.holds() {
            return Ok(copied);
        }
    }
    anyhow::bail!("the log grows faster than it can be copied")
}

/// The checkpoint, the files of the last entries, and the first full files.
fn published(copied: &Copied) -> anyhow::Result<Vec<PathBuf>> {
    let edge = edge_paths(copied.size).map(|path| copied.folder.join(path.to_string()));
    let first =
        ["checkpoint", "tile/entries/000", "tile/0/000"].map(|name| copied.folder.join(name));
    let mut paths: Vec<PathBuf> = edge.chain(first).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.dedup();
    anyhow::ensure!(!paths.is_empty(), "the log has no files");
    Ok(paths)
}

/// A bundle without its first entry: two bytes of length, and the entry (C2SP tlog-tiles).
fn without_first(bundle: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    rest.get(usize::from(u16::from_be_bytes(*length))..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_one_person_service_or_user() {
        let id = "6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11";
        for actor in [
            format!("person/{id}"),
            format!("service/{id}"),
            "os-user/ada".to_owned(),
        ] {
            assert!(names_one(&actor), "{actor}");
        }
        for actor in [
            "",
            "system",
            "person/",
            "person/ada",
            "os-user/",
            "admin",
            "person/x/y",
        ] {
            assert!(!names_one(actor), "{actor}");
        }
    }

    #[test]
    fn a_bundle_loses_its_first_entry() {
        assert_eq!(without_first(&[0, 2, 7, 8, 0, 1, 9]), Some(&[0, 1, 9][..]));
        assert_eq!(without_first(&[0, 9, 1]), None);
    }

    #[test]
    fn a_log_is_separated_when_neither_owner_nor_group_nor_mode_lets_the_service_write() {
        let owned = |user, group, mode| Owned { user, group, mode };
        let (service, its_group) = (1000, 100);
        for (place, writable) in [
            (owned(1000, 100, 0o644), true),
            // Its owner may make it writable again.
            (owned(1000, 100, 0o444), true),
            (owned(1001, 100, 0o664), true),
            (owned(1001, 101, 0o666), true),
            (owned(1001, 100, 0o644), false),
            (owned(1001, 101, 0o664), false),
            (owned(0, 0, 0o755), false),
        ] {
            assert_eq!(place.may_be_written_by(service, its_group), writable);
        }
        assert!(owned(1001, 101, 0o600).may_be_written_by(0, 0));
    }

    #[test]
    fn the_log_of_a_folder_of_one_user_is_not_separated() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        is_writable(&folder).unwrap_err();
        fs::create_dir_all(folder.audit().join("log")).unwrap();
        fs::write(folder.audit().join("log/checkpoint"), "").unwrap();
        assert!(is_writable(&folder).unwrap());
    }
}
