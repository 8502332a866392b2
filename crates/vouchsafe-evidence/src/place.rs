//! Where the log of a project is: a folder, or a branch of its repository.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::{KeyError, NoteVerifier};

use crate::project::Project;
use crate::store::{Branch, BranchError, Folder};

/// A place for a log. While it is open, no other run has it.
#[derive(Debug)]
pub(crate) struct Place {
    folder: Folder,
    branch: Option<(Branch, Option<String>)>,
    _lock: Option<File>,
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("log.store is {0:?}: write folder:PATH or branch:NAME")]
    Store(String),
    #[error("log.key: {0}")]
    Key(KeyError),
    #[error("log.witnesses: {0}")]
    Witness(KeyError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("another run has this log; wait until it has ended")]
    Busy,
}

impl Place {
    /// Opens the place that the settings name. A branch is read into its working folder.
    pub(crate) fn open(project: &Project) -> Result<Self, PlaceError> {
        let store = project.settings.log.store.as_str();
        match store.split_once(':') {
            Some(("folder", path)) if !path.is_empty() => Ok(Self {
                folder: Folder::new(project.root().join(path)),
                branch: None,
                _lock: None,
            }),
            Some(("branch", name)) => {
                let branch = Branch::new(project.git.clone(), name)?;
                let lock = lock(branch.folder())?;
                let head = branch.read()?;
                Ok(Self {
                    folder: Folder::new(branch.folder()),
                    branch: Some((branch, head)),
                    _lock: Some(lock),
                })
            }
            _ => Err(PlaceError::Store(store.to_owned())),
        }
    }

    /// The folder with the files of the log.
    pub(crate) const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Makes what was committed to the log visible to others: a commit and a push, for a branch.
    pub(crate) fn publish(&self, message: &str) -> Result<(), PlaceError> {
        match &self.branch {
            None => Ok(()),
            Some((branch, before)) => Ok(branch.write(before.as_deref(), message)?),
        }
    }
}

/// The public key of the log, and those of the witnesses that count.
pub(crate) fn keys(project: &Project) -> Result<(NoteVerifier, Vec<NoteVerifier>), PlaceError> {
    let log = &project.settings.log;
    let key = log.key.parse().map_err(PlaceError::Key)?;
    let witnesses = log.witnesses.iter().map(|key| key.parse());
    let witnesses = witnesses
        .collect::<Result<_, _>>()
        .map_err(PlaceError::Witness)?;
    Ok((key, witnesses))
}

fn lock(folder: &Path) -> Result<File, PlaceError> {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let fault = |error| PlaceError::File {
        path: path.clone(),
        error,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fault)?;
    }
    let file = File::create(&path).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(PlaceError::Busy),
        Err(fs::TryLockError::Error(error)) => Err(fault(error)),
    }
}
