//! Repositories that are made for a test, with fixed people and dates, so that every hash is the same each time.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;
use vouchsafe_tlog::{KeyName, NoteSigner};

use crate::area::AREAS;
use crate::check::Check;
use crate::engine;
use crate::inputs::{Cache, Index};
use crate::judgement::Judgement;
use crate::project::Project;
use crate::store::{Folder, Log, Writer};
use crate::witness::Heads;

pub(super) const ANN: (&str, &str) = ("Ann", "ann@example.org");
pub(super) const BOB: (&str, &str) = ("Bob", "bob@example.org");
pub(super) const FORGE: (&str, &str) = ("GitHub", "noreply@github.com");

/// A repository and its evidence log.
pub(super) struct Made {
    pub(super) folder: TempDir,
    log: TempDir,
    /// Lines of `[change]` in the settings.
    pub(super) settings: String,
    pub(super) since: String,
    tree: String,
}

/// A commit to be made.
pub(super) struct Draft<'a> {
    pub(super) parents: &'a [&'a str],
    pub(super) author: (&'a str, &'a str),
    pub(super) committer: (&'a str, &'a str),
    pub(super) authored: &'a str,
    pub(super) committed: &'a str,
    pub(super) message: &'a str,
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

impl Made {
    pub(super) fn new() -> Self {
        Self::of_format("sha1")
    }

    pub(super) fn of_format(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = tempfile::tempdir().unwrap();
        drop(Writer::create(log.path(), signer()).unwrap());
        let mut made = Self {
            folder,
            log,
            settings: "branches = [\"main\"]\n".to_owned(),
            since: "2026-01-02".to_owned(),
            tree: String::new(),
        };
        let format = format!("--object-format={format}");
        made.git(&["init", "-q", "-b", "main", &format]);
        made.tree = made.git(&["write-tree"]);
        made
    }

    /// A repository that is there already.
    pub(super) fn around(folder: TempDir) -> Self {
        let log = tempfile::tempdir().unwrap();
        drop(Writer::create(log.path(), signer()).unwrap());
        Self {
            folder,
            log,
            settings: "branches = [\"main\"]\n".to_owned(),
            since: "2026-01-02".to_owned(),
            tree: String::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, &[])
    }

    fn git_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(arguments)
            .envs(variables.iter().copied())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn commit(&self, draft: &Draft<'_>) -> String {
        let mut arguments = vec!["commit-tree", &self.tree, "-m", draft.message];
        for parent in draft.parents {
            arguments.extend(["-p", parent]);
        }
        let variables = [
            ("GIT_AUTHOR_NAME", draft.author.0),
            ("GIT_AUTHOR_EMAIL", draft.author.1),
            ("GIT_AUTHOR_DATE", draft.authored),
            ("GIT_COMMITTER_NAME", draft.committer.0),
            ("GIT_COMMITTER_EMAIL", draft.committer.1),
            ("GIT_COMMITTER_DATE", draft.committed),
        ];
        self.git_with(&arguments, &variables)
    }

    /// A commit by one person at one time.
    pub(super) fn simple(&self, parents: &[&str], when: &str, message: &str) -> String {
        self.commit(&Draft {
            parents,
            author: BOB,
            committer: BOB,
            authored: when,
            committed: when,
            message,
        })
    }

    pub(super) fn set(&self, branch: &str, id: &str) {
        self.git(&["update-ref", &format!("refs/heads/{branch}"), id]);
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Collects at a moment.
    pub(super) fn collect(&self, now: &str) {
        self.write(
            "evidence/evidence.toml",
            &format!(
                "[project]\nname = \"app\"\nsince = \"{}\"\n[log]\nstore = \"folder:log\"\nkey = \"none\"\n[change]\n{}",
                self.since, self.settings
            ),
        );
        let project = Project::open(self.path(), at(now)).unwrap();
        let mut writer = Writer::open(self.log.path(), signer()).unwrap();
        let key = signer();
        engine::run(
            &project,
            &mut writer,
            &[],
            key.verifier(),
            &Heads::default(),
            |_| {},
        )
        .unwrap();
    }

    fn log(&self) -> Log {
        let folder = Folder::new(self.log.path());
        Log::open(Arc::new(folder), signer().verifier(), &[]).unwrap()
    }

    /// What a check says at a moment.
    pub(super) fn judge(&self, check: &str, now: &str) -> Judgement {
        self.judge_all(&[check], now).remove(0)
    }

    /// What several checks say.
    pub(super) fn judge_all(&self, ids: &[&str], now: &str) -> Vec<Judgement> {
        let log = self.log();
        let index = Index::of(&log).unwrap();
        let cache = Cache::default();
        ids.iter()
            .map(|id| {
                let check = load(id);
                let (_, record) = engine::observe(&check, at(now), &index, &log, &cache);
                record.judgement
            })
            .collect()
    }

    /// The contents of all stored evidence of a type.
    pub(super) fn stored(&self, schema: &str) -> Vec<String> {
        let log = self.log();
        let index = Index::of(&log).unwrap();
        let stored = index.of_type(schema).iter();
        stored
            .map(|known| match &known.evidence.failed {
                Some(why) => format!("failed: {why}"),
                None => String::from_utf8_lossy(&log.content_at(known.index).unwrap()).into_owned(),
            })
            .collect()
    }
}

fn load(id: &str) -> Check {
    let texts = AREAS.iter().flat_map(|area| area.checks);
    let line = format!("id = \"{id}\"\n");
    let text = texts.into_iter().find(|text| text.starts_with(&line));
    Check::load(text.unwrap()).unwrap()
}

/// The codes and items of all deviations.
pub(super) fn codes(judgement: &Judgement) -> Vec<(&str, &str)> {
    let deviations = judgement.deviations.iter();
    deviations
        .map(|one| (one.code.as_str(), one.item.as_str()))
        .collect()
}
