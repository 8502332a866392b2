//! The collector against a double of the forge.

mod contract;
pub(crate) mod double;
mod faults;
pub(crate) mod forge;
mod limits;
pub(crate) mod repository;
mod walks;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Options, Repository, collect_with};
use crate::forge::origin::PlainHttp;
use crate::forge::pace::Pace;
use crate::forge::page::Page;
use crate::forge::{Api, CollectError, Limits, Stop, Summary, Token};
use double::{Double, Reply, Request};
use forge::Forge;
use repository::Repo;

const TOKEN: &str = "canary-of-the-token";

/// A clock that only waiting moves.
#[derive(Debug)]
struct Still {
    now: Timestamp,
    slept: Vec<u64>,
    /// How far each look at it moves it.
    step: Duration,
}

impl Pace for Still {
    fn now(&mut self) -> Timestamp {
        self.now += self.step;
        self.now
    }

    fn sleep(&mut self, duration: Duration) {
        self.slept.push(duration.as_secs());
        self.now += duration;
    }
}

/// A clone with three commits, a forge that knows them, and a folder of pages.
pub(crate) struct Scene {
    pub(crate) repo: Rc<Repo>,
    pub(crate) forge: Forge,
    pub(crate) pages: tempfile::TempDir,
    pace: Still,
    limits: Limits,
    told: Vec<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let repo = Repo::new();
        let commits = [
            "2026-01-10T12:00:00Z",
            "2026-01-11T12:00:00Z",
            "2026-01-12T12:00:00Z",
        ];
        let commits = commits.map(|date| repo.commit(date));
        Self::on(&Rc::new(repo), &commits)
    }

    /// The same, on a clone that is there already.
    fn on(repo: &Rc<Repo>, commits: &[String]) -> Self {
        Self {
            forge: Forge::new(commits),
            repo: Rc::clone(repo),
            pages: tempfile::tempdir().unwrap(),
            pace: Still {
                now: "2026-02-01T12:00:00Z".parse().unwrap(),
                slept: Vec::new(),
                step: Duration::ZERO,
            },
            limits: Limits {
                stall: Duration::from_secs(20),
                ..Limits::default()
            },
            told: Vec::new(),
        }
    }

    /// A forge that answers as it should, but where `other` says otherwise.
    pub(crate) fn double(
        &self,
        other: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Double {
        let forge = self.forge.clone();
        Double::start(move |request| other(request).unwrap_or_else(|| forge.answer(request)))
    }

    fn collect(&mut self, double: &Double) -> Result<Summary, CollectError> {
        let options = Options {
            repository: Repository::parse("o/r").unwrap(),
            api: Api::parse(&double.url(), PlainHttp::DangerToLoopback).unwrap(),
            token: Some(Token::new(TOKEN, "test").unwrap()),
            clone: self.repo.path().to_path_buf(),
            branches: Vec::new(),
            since: None,
            out: self.pages.path().to_path_buf(),
            again: false,
            limits: self.limits,
        };
        let told = &mut self.told;
        collect_with(&options, &mut self.pace, &mut |line| {
            told.push(line.to_owned())
        })
    }

    pub(crate) fn whole(&mut self, double: &Double) -> Summary {
        let summary = self.collect(double).unwrap();
        assert!(summary.is_whole(), "{summary}");
        summary
    }

    fn stop(&mut self, double: &Double) -> Stop {
        match self.collect(double) {
            Err(CollectError::Stop(stop)) => stop,
            other => panic!("{other:?}"),
        }
    }

    /// Every saved page, in the order of files and lines.
    fn saved(&self) -> Vec<Page> {
        saved(self.pages.path())
    }

    /// The last saved page of each path and query.
    fn last(&self) -> BTreeMap<(String, String), Page> {
        let pages = self.saved().into_iter();
        pages
            .map(|page| ((page.path.clone(), page.query.clone()), page))
            .collect()
    }

    fn page(&self, path: &str) -> Page {
        let mut last = self.last().into_values().filter(|page| page.path == path);
        last.next().unwrap_or_else(|| panic!("no page of {path}"))
    }
}

fn saved(folder: &Path) -> Vec<Page> {
    let mut files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "jsonl")
    });
    let texts = files.iter().map(|file| std::fs::read(file).unwrap());
    texts
        .flat_map(|text| {
            assert_eq!(text.last(), Some(&b'\n'));
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            lines
                .map(|line| Page::read(line).expect("a page"))
                .collect::<Vec<_>>()
        })
        .collect()
}
