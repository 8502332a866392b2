//! The files of a log in a bucket, as they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use vouchsafe_tlog::tile::{SourceError, edge_paths};

use super::{RemoteError, at, listed, staged_path, write};
use crate::store::folder::{Files, Folder};
use crate::store::s3::{Bucket, S3Error};
use crate::store::staged;

/// The files of a log in a bucket: new ones, those that were read before, and the bucket itself.
#[derive(Debug)]
pub(super) struct RemoteFiles {
    pub(super) bucket: Bucket,
    pub(super) work: Folder,
    pub(super) cache: Folder,
    /// The tiles that the last run staged; read when one is missing.
    pub(super) staged: Mutex<Option<Staged>>,
}

/// Tiles by their paths.
type Staged = Arc<BTreeMap<String, Vec<u8>>>;

impl Files for RemoteFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        for folder in [&self.work, &self.cache] {
            match folder.read(path) {
                Err(SourceError::Missing) => {}
                found => return found,
            }
        }
        if path == "checkpoint" {
            return Err(SourceError::Missing);
        }
        let unreadable = |error: S3Error| SourceError::Unreadable(error.problem.kind());
        let bytes = match self.bucket.get(path).map_err(unreadable)? {
            Some(object) => object.bytes,
            None => {
                let staged = self.staged().map_err(|error| match error {
                    RemoteError::S3(error) => unreadable(error),
                    _ => SourceError::Unreadable(std::io::ErrorKind::InvalidData),
                })?;
                staged.get(path).cloned().ok_or(SourceError::Missing)?
            }
        };
        // A file that cannot be kept is read again the next time.
        let _ = write(self.cache.path(), path, &bytes);
        Ok(bytes)
    }

    fn has(&self, path: &str) -> bool {
        self.work.has(path) || self.cache.has(path)
    }
}

impl RemoteFiles {
    /// The tiles that the last run staged.
    pub(super) fn staged(&self) -> Result<Staged, RemoteError> {
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(staged) = &*staged {
            return Ok(Arc::clone(staged));
        }
        let note = self.work.read("checkpoint").unwrap_or_default();
        let tiles = match staged_path(&note) {
            None => BTreeMap::new(),
            Some(path) => match self.bucket.get(&path)? {
                None => BTreeMap::new(),
                Some(object) => staged::unpack(&object.bytes).ok_or(RemoteError::Foreign(path))?,
            },
        };
        Ok(Arc::clone(staged.insert(Arc::new(tiles))))
    }

    /// Removes partial tiles of earlier sizes from those that were read before: no log of this size needs them.
    pub(super) fn forget_all_but(&self, size: u64) -> Result<(), RemoteError> {
        let kept: BTreeSet<String> = edge_paths(size).map(|path| path.to_string()).collect();
        for path in listed(self.cache.path(), "tile")? {
            if path.contains(".p/") && !kept.contains(&path) {
                let path = self.cache.path().join(path);
                fs::remove_file(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }

    /// Moves a new file to those that the bucket is known to have.
    pub(super) fn keep(&self, path: &str) -> Result<(), RemoteError> {
        let (from, to) = (self.work.path().join(path), self.cache.path().join(path));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        fs::rename(&from, &to).map_err(at(&from))
    }
}
