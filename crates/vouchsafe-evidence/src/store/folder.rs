//! Where the files of a log are.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::tile::{SourceError, TileSource};

/// Reads the files of a log: from a folder, or from a pack.
pub(crate) trait Files: std::fmt::Debug + Send + Sync {
    /// The bytes of a file, by its path relative to the log's.
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError>;

    /// Whether a file is known to be there.
    fn has(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }
}

/// A log in a folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file whole, or not at all.
    pub(super) fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut name = path.clone().into_os_string();
        name.push(".new");
        let mut file = File::create(&name)?;
        #[cfg(test)]
        super::tests::may_write(&mut file, bytes)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&name, &path)
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        fs::read(self.0.join(path)).map_err(|error| error.kind().into())
    }

    fn has(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }
}

/// Files as a source of tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles<F>(pub(super) F);

impl<F: Files> TileSource for Tiles<F> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.0.read(path)
    }
}

impl<F: Files + ?Sized> Files for std::sync::Arc<F> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        (**self).read(path)
    }

    fn has(&self, path: &str) -> bool {
        (**self).has(path)
    }
}
