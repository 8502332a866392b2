//! Runs git, and believes only what it can hash.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// There is no git.
    #[error("git cannot be started: {0}")]
    Start(std::io::Error),
    /// Git ended with an error.
    #[error("git {verb}: {said}")]
    Failed {
        /// Its first argument.
        verb: String,
        /// The first line of what it said.
        said: String,
    },
}

/// A repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    root: PathBuf,
}

impl Git {
    /// The repository that a folder belongs to.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn at(folder: &Path) -> Result<Self, GitError> {
        let here = Self {
            root: folder.to_path_buf(),
        };
        let top = here.text(["rev-parse", "--show-toplevel"]);
        // A bare repository has no top; it is a repository all the same.
        match top {
            Ok(top) => Ok(Self {
                root: PathBuf::from(top),
            }),
            Err(_) => here.text(["rev-parse", "--git-dir"]).map(|_| here),
        }
    }

    /// The top folder.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What a command writes to standard output.
    ///
    /// # Errors
    /// When git cannot be started or ends with an error.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, GitError> {
        self.feed(arguments, b"")
    }

    /// As [`Git::run`], as text without white space at its end.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub(crate) fn text<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<String, GitError> {
        let bytes = self.run(arguments)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// As [`Git::run`], with standard input.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub(crate) fn feed<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Result<Vec<u8>, GitError> {
        self.feed_with(arguments, input, &[])
    }

    /// As [`Git::feed`], with further variables of the environment.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub(crate) fn feed_with<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
        variables: &[(&str, &OsStr)],
    ) -> Result<Vec<u8>, GitError> {
        let arguments: Vec<_> = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        let mut command = self.command();
        let mut child = command
            .args(&arguments)
            .envs(variables.iter().copied())
            .spawn()
            .map_err(GitError::Start)?;
        // A thread of its own: git may write much before it has read all.
        let feeder = child.stdin.take().map(|mut stdin| {
            let input = input.to_vec();
            std::thread::spawn(move || {
                let _ = stdin.write_all(&input);
            })
        });
        let output = child.wait_with_output().map_err(GitError::Start)?;
        if let Some(feeder) = feeder {
            let _ = feeder.join();
        }
        if output.status.success() {
            return Ok(output.stdout);
        }
        let verb = arguments.first().cloned().unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        Err(GitError::Failed {
            verb: verb.to_string_lossy().into_owned(),
            said: reason(&said).to_owned(),
        })
    }

    /// Git, without what could show another history than the one that is hashed: replacements, grafts, settings of
    /// the machine, hooks, monitors.
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.root)
            .args(["--no-replace-objects", "--no-optional-locks"])
            .args(["-c", "core.fsmonitor=false"])
            .args(["-c", "core.hooksPath=/dev/null"])
            .args(["-c", "core.quotePath=true"])
            .args(["-c", "protocol.ext.allow=never"])
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_GRAFT_FILE", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_OBJECT_DIRECTORY")
            .env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES")
            .env_remove("GIT_EXTERNAL_DIFF")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// The line of standard error that says why.
fn reason(said: &str) -> &str {
    let says = |line: &&str| {
        ["fatal:", "error:", "! ["]
            .iter()
            .any(|sign| line.contains(sign))
    };
    let line = said.lines().find(says).or_else(|| said.lines().next());
    line.map_or("no reason given", str::trim)
}
