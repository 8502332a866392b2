//! A running `bare`, stopped when it is dropped.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A running program with a folder of its own.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    folder: TempDir,
    /// Where it listens.
    pub(crate) base: String,
}

impl Program {
    /// Starts it on a free port; without a database, on SQLite in its folder.
    pub(crate) fn start(database: Option<&str>, more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let own = format!("sqlite:{}", folder.path().join("bare.db").display());
        let mut child = Command::new(env!("CARGO_BIN_EXE_bare"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--database",
                database.unwrap_or(&own),
            ])
            .arg("--certificate-out")
            .arg(folder.path().join("ca.pem"))
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut base = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut base).unwrap();
        let base = base.trim().to_owned();
        assert!(base.starts_with("http"), "it did not start");
        Self {
            child,
            folder,
            base,
        }
    }

    /// The certificate of this run.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/fhir/R4/Patient{path}", self.base)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
