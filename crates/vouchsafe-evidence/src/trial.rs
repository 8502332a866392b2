//! Tests only: a project in a temporary folder, collected as a run does, and judged from its log.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::{KeyName, NoteSigner};

use crate::area::AREAS;
use crate::check::Check;
use crate::engine;
use crate::inputs::{Cache, Index, Known};
use crate::judgement::Judgement;
use crate::project::Project;
use crate::store::{Folder, Log, Writer};
use crate::witness::Heads;

/// A project and its log.
pub(crate) struct Trial {
    project: tempfile::TempDir,
    store: tempfile::TempDir,
}

impl Trial {
    /// A repository with settings and files.
    pub(crate) fn new(settings: &str, files: &[(&str, &str)]) -> Self {
        let project = tempfile::tempdir().unwrap();
        let made = Command::new("git")
            .args(["init", "--quiet"])
            .current_dir(project.path())
            .status()
            .unwrap();
        assert!(made.success());
        let trial = Self {
            project,
            store: tempfile::tempdir().unwrap(),
        };
        let head = "[project]\nname = \"t\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:x\"\nkey = \"x\"\n";
        trial.write("evidence/evidence.toml", &format!("{head}{settings}"));
        for (path, text) in files {
            trial.write(path, text);
        }
        Writer::create(trial.store.path(), signer()).unwrap();
        trial
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The folder of the project.
    pub(crate) fn root(&self) -> &Path {
        self.project.path()
    }

    /// Collects everything and judges it by the checks of an area; returns what was found by each check.
    pub(crate) fn run(&self, second: i64, checks: &[&str]) -> Vec<Judgement> {
        let at = Timestamp::from_second(1_780_000_000 + second).unwrap();
        let project = Project::open(self.root(), at).unwrap();
        let mut writer = Writer::open(self.store.path(), signer()).unwrap();
        engine::run(
            &project,
            &mut writer,
            &[],
            signer().verifier(),
            &Heads::default(),
            |_| {},
        )
        .unwrap();
        drop(writer);
        let log = self.log();
        let index = Index::of(&log).unwrap();
        let judged = checks.iter().map(|text| {
            let check = Check::load(text).unwrap();
            engine::observe(&check, at, &index, &log, &Cache::default())
                .1
                .judgement
        });
        judged.collect()
    }

    /// The entries of a type, each with its content.
    pub(crate) fn stored(&self, schema: &str) -> Vec<(Arc<Known>, Vec<u8>)> {
        assert!(
            AREAS
                .iter()
                .flat_map(|area| area.types)
                .any(|known| known.name == schema)
        );
        let log = self.log();
        let index = Index::of(&log).unwrap();
        let known = index.of_type(schema).iter();
        known
            .map(|known| {
                (
                    Arc::clone(known),
                    log.content_at(known.index).unwrap().to_vec(),
                )
            })
            .collect()
    }

    fn log(&self) -> Log {
        Log::open(
            Arc::new(Folder::new(self.store.path())),
            signer().verifier(),
            &[],
        )
        .unwrap()
    }
}

/// The codes of deviations, with their items.
pub(crate) fn codes(judgement: &Judgement) -> Vec<(&str, &str)> {
    let deviations = judgement.deviations.iter();
    deviations
        .map(|one| (one.code.as_str(), one.item.as_str()))
        .collect()
}

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}
