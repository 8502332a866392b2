//! Reading an archive that somebody else made: bounded, and nothing but what its manifest lists.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use vouchsafe_tlog::tile::SourceError;
use zip::ZipArchive;

use crate::store::Files;

/// No file of a pack may be larger.
const FILE_BYTES: u64 = 512 << 20;
/// No pack may have more files.
const MOST_FILES: usize = 2_000_000;

/// Why a file is no pack.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("the file is no ZIP archive, or is damaged: {0}")]
    Zip(String),
    #[error("the archive holds the name {0:?}, which no pack has")]
    Name(String),
    #[error("the archive holds {0:?} twice")]
    Twice(String),
    #[error("the archive has more files than a pack may have")]
    TooMany,
}

/// An open pack.
#[derive(Debug)]
pub(crate) struct Archive {
    names: BTreeMap<String, usize>,
    zip: Mutex<ZipArchive<BufReader<File>>>,
}

impl Archive {
    /// Opens a pack and looks at the names in it.
    pub(crate) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(|error| ArchiveError::File {
            path: path.to_path_buf(),
            error,
        })?;
        let in_file = central_names(path)?;
        let mut zip = ZipArchive::new(BufReader::new(file))
            .map_err(|error| ArchiveError::Zip(error.to_string()))?;
        if zip.len() > MOST_FILES {
            return Err(ArchiveError::TooMany);
        }
        let mut names = BTreeMap::new();
        for place in 0..zip.len() {
            let entry = zip
                .by_index_raw(place)
                .map_err(|error| ArchiveError::Zip(error.to_string()))?;
            let name = entry.name().to_owned();
            if !is_plain(&name) {
                return Err(ArchiveError::Name(name));
            }
            if names.insert(name.clone(), place).is_some() {
                return Err(ArchiveError::Twice(name));
            }
        }
        // The library keeps one entry for each name: a name that comes twice shows in the count alone.
        if in_file != names.len() {
            return Err(ArchiveError::Twice("a file".to_owned()));
        }
        Ok(Self {
            names,
            zip: Mutex::new(zip),
        })
    }

    /// The names of all files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

impl Files for Archive {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let place = self.names.get(path).ok_or(SourceError::Missing)?;
        let mut zip = self.zip.lock().unwrap_or_else(PoisonError::into_inner);
        let unreadable = SourceError::Unreadable(io::ErrorKind::InvalidData);
        let file = zip.by_index(*place).map_err(|_| unreadable)?;
        if file.size() > FILE_BYTES {
            return Err(SourceError::Unreadable(io::ErrorKind::FileTooLarge));
        }
        let mut bytes = Vec::new();
        // One byte more than it may have: what lies about its size is refused.
        file.take(FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| unreadable)?;
        if bytes.len() as u64 > FILE_BYTES {
            return Err(SourceError::Unreadable(io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    }
}

/// The log inside of a pack.
#[derive(Debug)]
pub(crate) struct LogFiles(pub(crate) std::sync::Arc<Archive>);

impl Files for LogFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.0.read(&format!("log/{path}"))
    }
}

/// A relative path of plain names.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.split('/').all(|part| {
            !matches!(part, "" | "." | "..")
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-()".contains(&byte))
        })
}

/// The number of entries that the end of the archive names.
fn central_names(path: &Path) -> Result<usize, ArchiveError> {
    let fault = |error| ArchiveError::File {
        path: path.to_path_buf(),
        error,
    };
    let bytes = tail(path).map_err(fault)?;
    let damaged = || ArchiveError::Zip("there is no end of the directory".to_owned());
    let number = |at: usize, width: usize| -> Option<u64> {
        let field = bytes.get(at..at.checked_add(width)?)?;
        Some(
            field
                .iter()
                .rev()
                .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
        )
    };
    let found = |signature: &[u8]| bytes.windows(4).rposition(|window| window == signature);
    let end = found(b"PK\x05\x06").ok_or_else(damaged)?;
    let count = number(end + 10, 2).ok_or_else(damaged)?;
    if count < 0xffff {
        return usize::try_from(count).map_err(|_| ArchiveError::TooMany);
    }
    let large = found(b"PK\x06\x06").ok_or_else(damaged)?;
    let count = number(large + 32, 8).ok_or_else(damaged)?;
    usize::try_from(count).map_err(|_| ArchiveError::TooMany)
}

/// The last 64 KiB of a file, in which the end of the directory stands.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::{Seek as _, SeekFrom};
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(66_000)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
