//! A local clone for tests.

use std::process::Command;

use crate::git::Git;

pub(crate) struct Repo(tempfile::TempDir);

impl Repo {
    pub(crate) fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.run(&["init", "-q", "-b", "main"], "2026-01-01T00:00:00Z");
        repo
    }

    /// A clone that is there already.
    pub(crate) const fn at(folder: tempfile::TempDir) -> Self {
        Self(folder)
    }

    /// An empty commit on main that claims this date; its name.
    pub(crate) fn commit(&self, date: &str) -> String {
        self.run(&["commit", "-q", "--allow-empty", "-m", "change"], date);
        self.run(&["rev-parse", "HEAD"], date)
    }

    pub(crate) fn git(&self) -> Git {
        Git::at(self.0.path()).unwrap()
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str], date: &str) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.0.path())
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([
                ("GIT_AUTHOR_NAME", "a"),
                ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "a"),
                ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ])
            .envs([("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
