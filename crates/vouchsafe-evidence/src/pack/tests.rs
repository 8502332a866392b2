//! Attacks on a pack: each must be refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vouchsafe_tlog::{KeyName, NoteSigner, NoteVerifier};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::manifest::{Listed, Manifest};
use super::*;
use crate::check::Check;
use crate::digest::Digest;
use crate::engine;
use crate::place::Place;
use crate::project::Project;
use crate::store::Writer;
use crate::window::Window;

const SETTINGS: &str = "[project]\nname = \"p\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:.log\"\nkey = \"KEY\"\n[change]\nbranches = [\"main\"]\n";

/// A project with a log, and a pack of it.
struct World {
    folder: tempfile::TempDir,
    pack: PathBuf,
    seed: u8,
}

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[seed; 32]).unwrap()
}

fn key(seed: u8) -> NoteVerifier {
    signer(seed).verifier().clone()
}

fn at(day: u32) -> Timestamp {
    format!("2026-06-{day:02}T10:00:00Z").parse().unwrap()
}

fn git(root: &Path, arguments: &[&str]) {
    let done = std::process::Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-05-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-05-01T00:00:00Z")
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}");
}

impl World {
    fn new() -> Self {
        Self::signed_by(7)
    }

    fn signed_by(seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q", "-b", "main"]);
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        git(
            root,
            &[&who[..], &["commit", "-q", "--allow-empty", "-m", "first"]].concat(),
        );
        fs::create_dir(root.join("evidence")).unwrap();
        let settings = SETTINGS.replace("KEY", &key(seed).to_string());
        fs::write(root.join("evidence/evidence.toml"), settings).unwrap();
        let pack = root.join("pack.zip");
        let world = Self { folder, pack, seed };
        drop(Writer::create(&root_of(&world), signer(seed)).unwrap());
        world.run(1);
        world.run(2);
        world.make(3);
        world
    }

    fn project(&self, day: u32) -> Project {
        Project::open(self.folder.path(), at(day)).unwrap()
    }

    fn run(&self, day: u32) {
        let project = self.project(day);
        let place = Place::open(&project).unwrap();
        let mut writer = Writer::open(place.folder().path(), signer(self.seed)).unwrap();
        let checks = Check::all().unwrap();
        engine::run(
            &project,
            &mut writer,
            &checks,
            &key(self.seed),
            &crate::witness::Heads::default(),
            |_| {},
        )
        .unwrap();
    }

    fn make(&self, day: u32) {
        let project = self.project(day);
        let place = Place::open(&project).unwrap();
        let mut writer = Writer::open(place.folder().path(), signer(self.seed)).unwrap();
        let window = Window::days("2026-06-01".parse().unwrap(), "2026-06-02".parse().unwrap());
        let making = Making {
            project: &project,
            key: &key(self.seed),
            window: window.unwrap(),
        };
        let settled = settle(&making, &mut writer, |_| {}).unwrap();
        make(&making, settled, &writer, &self.pack, |_| {}).unwrap();
    }

    fn head(&self) -> Vec<u8> {
        fs::read(self.folder.path().join(".log/checkpoint")).unwrap()
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut zip = ZipArchive::new(fs::File::open(&self.pack).unwrap()).unwrap();
        let mut files = BTreeMap::new();
        for place in 0..zip.len() {
            let mut file = zip.by_index(place).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            files.insert(file.name().to_owned(), bytes);
        }
        files
    }

    fn faults(&self) -> Vec<String> {
        let kept = Kept {
            key: Some(key(7)),
            ..Kept::default()
        };
        faults(&self.pack, &kept)
    }
}

fn root_of(world: &World) -> PathBuf {
    world.folder.path().join(".log")
}

/// What is wrong; a file that is no pack at all is wrong too.
fn faults(path: &Path, kept: &Kept) -> Vec<String> {
    match verify(path, kept, |_| {}) {
        Ok(verified) => verified.faults,
        Err(error) => vec![error.to_string()],
    }
}

fn write(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn a_pack_as_it_was_made_is_verified() {
    let world = World::new();
    let kept = Kept {
        key: Some(key(7)),
        head: Some(world.head()),
        witnesses: Vec::new(),
    };
    let verified = verify(&world.pack, &kept, |_| {}).unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    assert_eq!(verified.not_excluded, Vec::<String>::new());
    assert!(verified.performed > 0);
}

#[test]
fn without_key_and_head_the_result_says_what_is_not_excluded() {
    let world = World::new();
    let verified = verify(&world.pack, &Kept::default(), |_| {}).unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
    assert_eq!(verified.not_excluded.len(), 2);
}

#[test]
fn one_changed_byte_of_any_file_is_found() {
    let world = World::new();
    let files = world.files();
    let other = world.folder.path().join("other.zip");
    let kept = Kept {
        key: Some(key(7)),
        ..Kept::default()
    };
    for name in files.keys() {
        let length = files[name].len();
        // The many files of one kind are looked at in one place each.
        let places = match name.split('/').next() {
            Some("checks" | "oscal" | "log") => vec![length / 2],
            _ => vec![0, length / 2, length - 1],
        };
        for place in places {
            let mut changed = files.clone();
            changed.get_mut(name).unwrap()[place] ^= 1;
            write(&other, &changed);
            assert!(!faults(&other, &kept).is_empty(), "{name}, byte {place}");
        }
    }
}

#[test]
fn a_file_that_was_added_removed_or_doubled_is_found() {
    let world = World::new();
    let files = world.files();
    let kept = Kept {
        key: Some(key(7)),
        ..Kept::default()
    };
    let other = world.folder.path().join("other.zip");
    for added in ["extra.txt", "log/objects/00/extra.gz", "log/tile/9/000"] {
        let mut changed = files.clone();
        changed.insert(added.to_owned(), b"x".to_vec());
        write(&other, &changed);
        assert!(!faults(&other, &kept).is_empty(), "{added}");
    }
    for name in files.keys() {
        let mut changed = files.clone();
        changed.remove(name);
        write(&other, &changed);
        assert!(!faults(&other, &kept).is_empty(), "{name}");
    }
    // Twice the same name: which of the two a program reads is its own choice.
    let doubled = with_doubled_name(&fs::read(&world.pack).unwrap());
    fs::write(&other, doubled).unwrap();
    assert!(!faults(&other, &kept).is_empty());
}

/// Renames a file to the name of another one, wherever the archive names it.
fn with_doubled_name(pack: &[u8]) -> Vec<u8> {
    let mut bytes = pack.to_vec();
    let (from, to) = (b"catalogue.toml", b"log/checkpoint");
    let mut found = 0;
    for at in 0..bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert_eq!(found, 2, "the local header and the directory");
    bytes
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    let world = World::new();
    let other = world.folder.path().join("other.zip");
    for name in ["../x", "/x", "a/../b", "a//b", "a\\b", "x y", "\u{202e}x"] {
        let mut files = world.files();
        files.insert(name.to_owned(), Vec::new());
        write(&other, &files);
        assert!(!faults(&other, &Kept::default()).is_empty(), "{name:?}");
    }
}

#[test]
fn a_pack_that_somebody_else_signed_is_refused_under_the_key_that_was_kept() {
    let forged = World::signed_by(8);
    assert!(!forged.faults().is_empty());
    // Under its own key it verifies: the reason why the key must come from elsewhere.
    let verified = verify(&forged.pack, &Kept::default(), |_| {}).unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
}

#[test]
fn a_log_that_was_written_anew_is_refused_under_the_head_that_was_kept() {
    let honest = World::new();
    let kept = Kept {
        key: Some(key(7)),
        head: Some(honest.head()),
        witnesses: Vec::new(),
    };
    let anew = World::new();
    // The same key, another history: the folder has another name, so its evidence differs.
    anew.run(4);
    anew.make(5);
    fs::remove_dir_all(root_of(&anew)).unwrap();
    drop(Writer::create(&root_of(&anew), signer(7)).unwrap());
    anew.run(6);
    anew.make(7);
    assert!(!faults(&anew.pack, &kept).is_empty());
    // And one that is shorter.
    let shorter = Kept {
        key: Some(key(7)),
        head: Some({
            honest.run(8);
            honest.head()
        }),
        witnesses: Vec::new(),
    };
    assert!(!faults(&honest.pack, &shorter).is_empty());
}

#[test]
fn a_pack_made_twice_of_one_log_differs_only_in_what_was_appended() {
    let world = World::new();
    let before = world.files();
    world.make(9);
    let after = world.files();
    assert_eq!(before["README.txt"], after["README.txt"]);
    assert_eq!(before["catalogue.toml"], after["catalogue.toml"]);
    assert!(world.faults().is_empty(), "{:?}", world.faults());
}

/// The manifest of altered files, signed anew by whoever holds the key of the log.
fn signed_again(files: &mut BTreeMap<String, Vec<u8>>, alter: impl FnOnce(&mut Manifest)) {
    let mut manifest: Manifest = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let listed = files
        .iter()
        .filter(|(name, _)| !name.starts_with("manifest."))
        .map(|(path, bytes)| Listed {
            path: path.clone(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        });
    manifest.files = listed.collect();
    alter(&mut manifest);
    let json = serde_json::to_vec_pretty(&manifest).unwrap();
    let note = signer(7).sign(manifest.note(&json)).unwrap().to_string();
    files.insert("manifest.json".to_owned(), json);
    files.insert("manifest.note".to_owned(), note.into_bytes());
}

#[test]
fn what_people_read_is_what_the_log_gives_although_the_key_is_right() {
    let world = World::new();
    let other = world.folder.path().join("other.zip");
    let found = |files: &BTreeMap<String, Vec<u8>>| {
        write(&other, files);
        let kept = Kept {
            key: Some(key(7)),
            ..Kept::default()
        };
        faults(&other, &kept)
    };
    let mut same = world.files();
    signed_again(&mut same, |_| {});
    assert_eq!(found(&same), Vec::<String>::new());
    let names: Vec<String> = same.keys().cloned().collect();
    let one_of = |start: &str| {
        let mut all = names.iter();
        all.find(|name| name.starts_with(start)).unwrap().clone()
    };
    for name in [
        "report.html".to_owned(),
        "report.pdf".to_owned(),
        "README.txt".to_owned(),
        "evidence.csv".to_owned(),
        "checks/change.reviewed.toml".to_owned(),
        one_of("oscal/"),
        one_of("populations/"),
    ] {
        let mut changed = world.files();
        changed.insert(name.clone(), b"All 115 controls: held".to_vec());
        signed_again(&mut changed, |_| {});
        let faults = found(&changed);
        assert!(
            faults.iter().any(|fault| fault.contains(&name)),
            "{name}: {faults:?}"
        );
        let mut without = world.files();
        without.remove(&name);
        signed_again(&mut without, |_| {});
        assert!(!found(&without).is_empty(), "{name} is missing");
    }
    for name in [
        "notes/letter.txt",
        "populations/access.review.csv",
        "log/tile/0/999",
    ] {
        let mut more = world.files();
        more.insert(name.to_owned(), b"all is well".to_vec());
        signed_again(&mut more, |_| {});
        let faults = found(&more);
        assert!(
            faults.iter().any(|fault| fault.contains(name)),
            "{name}: {faults:?}"
        );
    }
}

#[test]
fn a_manifest_that_names_another_project_or_origin_is_refused_although_the_key_is_right() {
    let world = World::new();
    let other = world.folder.path().join("other.zip");
    let alter: [fn(&mut Manifest); 2] = [
        |manifest| manifest.project = "another".to_owned(),
        |manifest| manifest.origin = "example.org/another".to_owned(),
    ];
    for alter in alter {
        let mut named = world.files();
        signed_again(&mut named, alter);
        write(&other, &named);
        let kept = Kept {
            key: Some(key(7)),
            ..Kept::default()
        };
        assert!(!faults(&other, &kept).is_empty());
    }
}

#[test]
fn an_observation_that_says_more_than_its_evidence_is_found_although_the_key_is_right() {
    let world = World::new();
    // Whoever holds the key writes a pass where the evidence gives none, and makes an honest pack of that log.
    let project = world.project(4);
    let place = Place::open(&project).unwrap();
    let (key, folder) = (key(7), place.folder().clone());
    let log = crate::store::Log::open(std::sync::Arc::new(folder), &key, &[]).unwrap();
    let index = crate::inputs::Index::of(&log).unwrap();
    let check = Check::all()
        .unwrap()
        .into_iter()
        .find(|check| check.id == "change.reviewed")
        .unwrap();
    let cache = crate::inputs::Cache::default();
    let (mut observation, mut record) = engine::observe(&check, at(4), &index, &log, &cache);
    assert_ne!(observation.outcome, crate::judgement::Outcome::Pass);
    observation.outcome = crate::judgement::Outcome::Pass;
    observation.unobservable = 0;
    record.judgement.outcome = observation.outcome;
    record.judgement.unobservable.clear();
    record.judgement.notes.clear();
    let mut writer = Writer::open(place.folder().path(), signer(7)).unwrap();
    let content = serde_json::to_vec(&record).unwrap();
    writer
        .append(
            at(4),
            crate::entry::Kind::Observation(observation),
            &content,
        )
        .unwrap();
    writer.commit().unwrap();
    drop(writer);
    world.make(5);
    let faults = world.faults();
    assert!(
        faults.iter().any(|fault| fault.contains("change.reviewed")),
        "{faults:?}"
    );
}
