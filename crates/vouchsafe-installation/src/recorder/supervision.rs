//! Who may start the recorder of a folder: one at a time.
//!
//! Several processes work on one installation, and one process may have opened it twice. A recorder that died is started again
//! by whoever has the supervision, and by nobody else: two who start recorders in turn take the log from one another for ever.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::folder::{Folder, FolderError};

/// The right to start recorders; it goes with this value, or with the process.
#[derive(Debug)]
pub(crate) struct Supervision {
    _lock: File,
}

impl Supervision {
    /// Takes it, if nobody has it.
    ///
    /// # Errors
    /// [`FolderError::Unwritable`].
    pub(crate) fn take(folder: &Folder) -> Result<Option<Self>, FolderError> {
        let path = folder.at("run").join("supervisor.lock");
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        let locked = options.open(&path).and_then(|file| match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        });
        locked.map_err(|error| FolderError::Unwritable {
            path,
            kind: error.kind(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_it_also_in_one_process() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::new(parent.path());
        folder.prepare().unwrap();
        let first = Supervision::take(&folder).unwrap();
        assert!(first.is_some());
        assert!(Supervision::take(&folder).unwrap().is_none());
        drop(first);
        assert!(Supervision::take(&folder).unwrap().is_some());
    }
}
