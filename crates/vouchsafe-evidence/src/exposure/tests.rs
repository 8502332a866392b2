use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_scan::detect::Detector;
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::*;
use crate::check::Check;
use crate::collect::Sink;
use crate::git::Git;
use crate::inputs::{Cache, Index};
use crate::judgement::{Judgement, Outcome};
use crate::project::{Project, Settings as Whole};
use crate::store::{Folder, Log, Writer};

mod hostile;
mod real;

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A repository, a log beside it, and what is needed to collect and judge.
struct Bed {
    folder: tempfile::TempDir,
    settings: String,
}

impl Bed {
    /// An empty repository whose settings have these lines under `[vulnerabilities]`.
    fn new(vulnerabilities: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!(
            "[project]\nname = \"made\"\nsince = \"2000-01-01\"\n[log]\nstore = \"folder:log\"\nkey = \"k\"\n[change]\nbranches = [\"main\"]\n[vulnerabilities]\n{vulnerabilities}\n"
        );
        let bed = Self { folder, settings };
        std::fs::create_dir(bed.repository()).unwrap();
        bed.git(&["init", "-q", "-b", "main"]);
        bed
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.git_at("2026-01-01T00:00:00Z", arguments)
    }

    fn git_at(&self, date: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.repository())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments)
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.repository().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits files; a content of nothing deletes.
    fn commit(&self, date: &str, files: &[(&str, Option<&str>)]) -> String {
        for (path, content) in files {
            match content {
                Some(content) => self.write(path, content),
                None => std::fs::remove_file(self.repository().join(path)).unwrap(),
            }
        }
        self.git(&["add", "-A"]);
        self.git_at(date, &["commit", "-q", "--allow-empty", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn project(&self, now: Timestamp) -> Project {
        Project {
            git: Git::at(&self.repository()).unwrap(),
            settings: Whole::parse(self.settings.as_bytes()).unwrap(),
            settings_text: self.settings.clone().into_bytes(),
            now,
        }
    }

    fn log_folder(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> Log {
        let folder = Arc::new(Folder::new(self.log_folder()));
        Log::open(folder, signer().verifier(), &[]).unwrap()
    }

    /// Collects what this area collects; the numbers of entries and of failures.
    fn collect(&self, now: &str) -> (u64, u64) {
        let path = self.log_folder();
        let (mut writer, mut index) = if path.exists() {
            let writer = Writer::open(&path, signer()).unwrap();
            (writer, Index::of(&self.log()).unwrap())
        } else {
            (Writer::create(&path, signer()).unwrap(), Index::default())
        };
        let project = self.project(time(now));
        let detector = Detector::new();
        let mut counts = (0, 0);
        let settings = crate::project::AREA.collectors;
        for collector in settings.iter().chain(AREA.collectors) {
            let mut sink = Sink::new(
                &mut writer,
                &mut index,
                &detector,
                collector.name(),
                project.now,
            );
            collector.collect(&project, &mut sink).unwrap();
            counts.0 += sink.counts.0;
            counts.1 += sink.counts.1;
        }
        writer.commit().unwrap();
        for known in index.evidence().filter(|known| known.at == time(now)) {
            if let Some(why) = &known.evidence.failed {
                eprintln!("{} {}: {why}", known.evidence.schema, known.evidence.source);
            }
        }
        counts
    }

    fn judge(&self, id: &str, at: &str) -> Judgement {
        self.judge_with(id, at, &Cache::default())
    }

    fn judge_with(&self, id: &str, at: &str, cache: &Cache) -> Judgement {
        let log = self.log();
        let index = Index::of(&log).unwrap();
        let mut checks = AREA.checks.iter().map(|text| Check::load(text).unwrap());
        let check = checks.find(|check| check.id == id).unwrap();
        let inputs = index.select(&check, log.size());
        check.judge(time(at), &inputs, &log, cache)
    }
}

/// The windows of a judgement: advisory, package, entered, left.
fn windows(judgement: &Judgement) -> Vec<String> {
    let population = judgement.population.as_ref().unwrap();
    let mut windows: Vec<_> = population
        .items
        .iter()
        .map(|item| {
            let column = |name: &str| item.columns.get(name).map_or("-", String::as_str);
            let names = ["advisory", "package", "entered", "left"];
            names.map(column).join(" ")
        })
        .collect();
    windows.sort();
    windows
}

fn codes(judgement: &Judgement) -> Vec<&str> {
    judgement
        .deviations
        .iter()
        .map(|one| one.code.as_str())
        .collect()
}

/// A folder of Go's database with one advisory: below `fixed`, `example.org/a` is affected.
fn go_database(bed: &Bed, fixed: &str, snapshot: &str) -> PathBuf {
    let folder = bed.folder.path().join("go-vulndb");
    std::fs::create_dir_all(folder.join("osv")).unwrap();
    let record = format!(
        r#"{{"id":"GO-2026-0001","modified":"0001-01-01T00:00:00Z","published":"0001-01-01T00:00:00Z","aliases":["CVE-2026-1"],"details":"prose","affected":[{{"package":{{"ecosystem":"Go","name":"example.org/a"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    );
    std::fs::write(folder.join("osv/GO-2026-0001.json"), record).unwrap();
    std::fs::write(
        folder.join("DATES.tsv"),
        "id\tadded_epoch\tlast_changed_epoch\nGO-2026-0001\t1767225600\t1767225600\n",
    )
    .unwrap();
    std::fs::write(folder.join("SNAPSHOT"), snapshot).unwrap();
    folder
}

fn go_mod(version: &str) -> String {
    format!("module example.org/service\n\ngo 1.22.1\n\nrequire example.org/a {version}\n")
}

/// `../shared/data` beside the repository, or where `VOUCHSAFE_SHARED` says.
fn shared(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os("VOUCHSAFE_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut places = given
        .into_iter()
        .chain(above.map(|folder| folder.join("shared")));
    let found = places.find_map(|place| {
        let tries = [place.join("data").join(name), place.join(name)];
        tries.into_iter().find(|path| path.exists())
    });
    if found.is_none() {
        eprintln!("skipped: {name} is not in shared/data");
    }
    found
}

fn columns(judgement: &Judgement, name: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for item in &judgement.population.as_ref().unwrap().items {
        let value = item.columns.get(name).cloned().unwrap_or_default();
        *counts.entry(value).or_default() += 1;
    }
    counts
}
