//! A log on a branch of the repository: what short-lived runners of CI keep.
//!
//! The branch holds the files of the log and nothing of the project. A run reads it into a working folder below the git
//! folder, appends there, and makes one commit of the result. Nothing is ever forced: when somebody else was quicker, the
//! branch has moved, and the run starts again from there.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError};

/// The remote that is fetched from and pushed to, if there is one.
const REMOTE: &str = "origin";

/// A branch that holds a log.
#[derive(Debug)]
pub(crate) struct Branch {
    git: Git,
    name: String,
    folder: PathBuf,
    index: PathBuf,
    remote: bool,
}

/// Why a log on a branch cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BranchError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{0} is no name of a branch for a log: letters, digits, -, _, / and .")]
    Name(String),
    #[error("the branch {0} moved meanwhile: another run was quicker; run again")]
    Moved(String),
    #[error(
        "the branch {0} here and at {REMOTE} have different histories: one of them was rewritten; find out who did"
    )]
    Diverged(String),
}

impl Branch {
    /// The log on a branch, with its working folder.
    pub(crate) fn new(git: Git, name: &str) -> Result<Self, BranchError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte);
        if name.is_empty()
            || name.starts_with('-')
            || !name.bytes().all(plain)
            || name.contains("..")
        {
            return Err(BranchError::Name(name.to_owned()));
        }
        let common = git.text(["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
        let home = PathBuf::from(common).join("vouchsafe-evidence");
        let flat = name.replace('/', "+");
        let remotes = git.text(["remote"])?;
        Ok(Self {
            folder: home.join(&flat),
            index: home.join(format!("{flat}.index")),
            remote: remotes.lines().any(|remote| remote == REMOTE),
            name: name.to_owned(),
            git,
        })
    }

    /// The working folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the branch into the working folder: from the remote if there is one, else from here. Returns the commit.
    pub(crate) fn read(&self) -> Result<Option<String>, BranchError> {
        if self.remote {
            self.fetch()?;
        }
        let head = self.resolve(&self.reference())?;
        // Only the lock survives: what a broken run left behind must not be taken for the log.
        self.clear()?;
        if let Some(head) = &head {
            let work = self.folder.as_os_str();
            let index = self.index.as_os_str();
            let _ = fs::remove_file(&self.index);
            let variables: &[(&str, &OsStr)] =
                &[("GIT_INDEX_FILE", index), ("GIT_WORK_TREE", work)];
            self.git
                .feed_with(["read-tree", head.as_str()], b"", variables)?;
            self.git
                .feed_with(["checkout-index", "--all", "--force"], b"", variables)?;
        }
        Ok(head)
    }

    /// Makes a commit of the working folder on top of `before`, and pushes it; returns it. The branch MUST still be there.
    pub(crate) fn write(&self, before: Option<&str>, message: &str) -> Result<String, BranchError> {
        let work = self.folder.as_os_str();
        let index = self.index.as_os_str();
        let variables: &[(&str, &OsStr)] = &[
            ("GIT_INDEX_FILE", index),
            ("GIT_WORK_TREE", work),
            ("GIT_AUTHOR_NAME", OsStr::new("vouchsafe-evidence")),
            ("GIT_AUTHOR_EMAIL", OsStr::new("evidence@localhost")),
            ("GIT_COMMITTER_NAME", OsStr::new("vouchsafe-evidence")),
            ("GIT_COMMITTER_EMAIL", OsStr::new("evidence@localhost")),
        ];
        self.git
            .feed_with(["add", "--all", "--force", "."], b"", variables)?;
        let _ = self.git.feed_with(
            ["rm", "--cached", "--quiet", "--ignore-unmatch", "lock"],
            b"",
            variables,
        )?;
        let tree = self.git.feed_with(["write-tree"], b"", variables)?;
        let tree = String::from_utf8_lossy(&tree).trim().to_owned();
        let mut arguments = vec!["commit-tree", tree.as_str(), "-m", message];
        if let Some(before) = before {
            arguments.extend(["-p", before]);
        }
        let commit = self.git.feed_with(arguments, b"", variables)?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        if self.remote {
            let refspec = format!("{commit}:{}", self.reference());
            self.git
                .run(["push", "--quiet", REMOTE, refspec.as_str()])
                .map_err(|error| match error {
                    GitError::Failed { said, .. } if is_rejection(&said) => {
                        BranchError::Moved(self.name.clone())
                    }
                    other => other.into(),
                })?;
        }
        // An empty old value: the branch MUST NOT exist.
        let old = before.unwrap_or("");
        self.git
            .run([
                "update-ref",
                self.reference().as_str(),
                commit.as_str(),
                old,
            ])
            .map_err(|_| BranchError::Moved(self.name.clone()))?;
        Ok(commit)
    }

    fn reference(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    /// Takes over what the remote has, if that goes on from what is here.
    fn fetch(&self) -> Result<(), BranchError> {
        let there = format!("refs/vouchsafe-evidence/{}", self.name);
        let listed = self
            .git
            .text(["ls-remote", REMOTE, self.reference().as_str()])?;
        if listed.is_empty() {
            return Ok(());
        }
        let refspec = format!("+{}:{there}", self.reference());
        self.git
            .run(["fetch", "--quiet", "--no-tags", REMOTE, refspec.as_str()])?;
        let Some(new) = self.resolve(&there)? else {
            return Ok(());
        };
        let old = self.resolve(&self.reference())?;
        if let Some(old) = &old
            && self
                .git
                .run(["merge-base", "--is-ancestor", old, &new])
                .is_err()
        {
            // A commit here that never reached the remote: a push that failed after the entry was made.
            if self
                .git
                .run(["merge-base", "--is-ancestor", &new, old])
                .is_ok()
            {
                return Ok(());
            }
            return Err(BranchError::Diverged(self.name.clone()));
        }
        self.git.run([
            "update-ref",
            self.reference().as_str(),
            new.as_str(),
            old.as_deref().unwrap_or(""),
        ])?;
        Ok(())
    }

    fn resolve(&self, reference: &str) -> Result<Option<String>, BranchError> {
        let listed = self
            .git
            .text(["for-each-ref", "--format=%(objectname)", reference])?;
        Ok(listed.lines().next().map(str::to_owned))
    }

    fn clear(&self) -> Result<(), BranchError> {
        let fault = |path: &Path| {
            let path = path.to_path_buf();
            move |error| BranchError::File { path, error }
        };
        fs::create_dir_all(&self.folder).map_err(fault(&self.folder))?;
        let entries = fs::read_dir(&self.folder).map_err(fault(&self.folder))?;
        for entry in entries {
            let path = entry.map_err(fault(&self.folder))?.path();
            if path.file_name() == Some(OsStr::new("lock")) {
                continue;
            }
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(fault(&path))?;
        }
        Ok(())
    }
}

/// Whether a push was refused because the branch moved.
fn is_rejection(said: &str) -> bool {
    [
        "rejected",
        "fetch first",
        "non-fast-forward",
        "failed to push",
        "stale info",
    ]
    .iter()
    .any(|word| said.contains(word))
}

#[cfg(test)]
mod tests;
