//! Sources of tiles.

use std::collections::BTreeMap;

/// A store of a log's files.
pub trait TileSource {
    /// The bytes at `path`, which is relative to the log's prefix: `tile/0/x001/067`.
    ///
    /// No byte is trusted before it hashes up to a checkpoint, so a source need not check.
    ///
    /// # Errors
    /// [`SourceError::Missing`] if there is no such file, else [`SourceError::Unreadable`].
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError>;
}

/// The reason why a source returned no bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("the file is missing")]
    Missing,
    /// It could not be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
}

impl From<std::io::ErrorKind> for SourceError {
    fn from(kind: std::io::ErrorKind) -> Self {
        match kind {
            std::io::ErrorKind::NotFound => Self::Missing,
            other => Self::Unreadable(other),
        }
    }
}

impl<S: TileSource + ?Sized> TileSource for &S {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        (**self).read(path)
    }
}

/// A log in memory: path to bytes.
impl TileSource for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.get(path).cloned().ok_or(SourceError::Missing)
    }
}
