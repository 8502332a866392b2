//! Reads and verifies a log from its files alone: no recorder, no service, no network.
//!
//! It reads the recorder's own folder or any copy of its `log` folder.

mod verify;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe_tlog::proof::{self, ProveError};
use vouchsafe_tlog::tile::{SourceError, TILE_WIDTH, TileError, TileSource, TileTree};
use vouchsafe_tlog::{Checkpoint, Hash, NoteVerifier};

use crate::leaf::Leaf;

pub use verify::{Finding, Recovered, Report};

/// The reason why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The folder holds no log.
    #[error("there is no log in {path}: no file `checkpoint`", path = path.display())]
    NoLog {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {kind}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        kind: io::ErrorKind,
    },
    /// The file `vkey` does not hold a key.
    #[error("{path} does not hold a verifier key", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The checkpoint is not signed by the log's key, or is not a checkpoint.
    #[error("{path} is not a checkpoint signed by {vkey}", path = path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The key that should have signed.
        vkey: String,
    },
    /// A tile or bundle is missing or contradicts the checkpoint.
    #[error("{folder}: {error}", folder = folder.display())]
    Tile {
        /// The log's folder.
        folder: PathBuf,
        /// The tile and its fault.
        error: TileError,
    },
    /// An entry is not in the format of the recorder.
    #[error("entry {index} is not in the format of the recorder")]
    Entry {
        /// Its index.
        index: u64,
    },
}

/// The reason why a log does not continue a checkpoint that was seen before.
#[derive(Debug, thiserror::Error)]
pub enum NotExtended {
    /// The remembered text is not a checkpoint of this log.
    #[error("the remembered checkpoint is not signed by the key of the log")]
    Unknown,
    /// It has fewer entries.
    #[error("it ends at entry {size}, and had {known} entries before: it is an older copy")]
    Older {
        /// Its number of entries.
        size: u64,
        /// The number of entries of the seen checkpoint.
        known: u64,
    },
    /// Its first entries differ.
    #[error("its first {known} entries are not those that were seen before: it is another log")]
    Other {
        /// The number of entries of the seen checkpoint.
        known: u64,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A log at its present checkpoint.
#[derive(Debug)]
pub struct Log {
    note: Vec<u8>,
    folder: PathBuf,
    verifier: NoteVerifier,
    checkpoint: Checkpoint,
}

/// One entry of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogEntry {
    /// Its index.
    pub index: u64,
    /// The time when it was recorded.
    pub recorded: Timestamp,
    /// Its source.
    pub source: Source,
    /// The source's counter of it.
    pub counter: u64,
    /// Its kind for the recorder.
    pub kind: EntryKind,
    /// The entry: JSON. Ids are tokens, detail is sealed.
    pub json: String,
}

impl Log {
    /// Opens the log in a folder: the recorder's, or a copy of its `log` folder.
    ///
    /// The key is the one beside the log. A reader who does not trust the folder uses [`Log::open_with`].
    ///
    /// # Errors
    /// [`ReadError`] if there is no log, or its checkpoint is not signed.
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        let path = log_folder(dir).join("vkey");
        let text = read_text(&path)?;
        let line = text.strip_suffix('\n').unwrap_or_default();
        let verifier = line.parse().map_err(|_| ReadError::Key { path })?;
        Self::open_with(dir, verifier)
    }

    /// Opens the log with a key from elsewhere.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_with(dir: &Path, verifier: NoteVerifier) -> Result<Self, ReadError> {
        let folder = log_folder(dir);
        let path = folder.join("checkpoint");
        let note = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ReadError::NoLog {
                    path: dir.to_owned(),
                });
            }
            note => note.map_err(|error| ReadError::Io {
                path: path.clone(),
                kind: error.kind(),
            })?,
        };
        let opened =
            Checkpoint::open(&note, verifier.name().as_str(), &verifier, &[]).map_err(|_| {
                ReadError::Checkpoint {
                    path,
                    vkey: verifier.to_string(),
                }
            })?;
        Ok(Self {
            note,
            folder,
            verifier,
            checkpoint: opened.checkpoint,
        })
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.checkpoint.origin
    }

    /// Number of entries under the checkpoint.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// Root of the checkpoint.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.checkpoint.root
    }

    /// The checkpoint as a signed note.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Proves that the log begins with all entries of a checkpoint that was seen before (RFC 9162, section 2.1.4).
    ///
    /// # Errors
    /// [`NotExtended`].
    pub fn extends(&self, seen: &[u8]) -> Result<(), NotExtended> {
        let seen = Checkpoint::open(seen, self.origin(), &self.verifier, &[]);
        let Checkpoint {
            size: known, root, ..
        } = seen.map_err(|_| NotExtended::Unknown)?.checkpoint;
        let size = self.size();
        if size < known {
            return Err(NotExtended::Older { size, known });
        }
        if known == 0 {
            return Ok(());
        }
        let files = Files(self.folder.clone());
        let tree = TileTree::open(files, size, self.root()).map_err(|error| self.tile(error))?;
        let path = proof::consistency(&tree, known, size).map_err(|error| match error {
            ProveError::Tree(error) => NotExtended::Read(self.tile(error)),
            _ => NotExtended::Other { known },
        })?;
        proof::verify_consistency(known, &root, size, &self.root(), &path)
            .map_err(|_| NotExtended::Other { known })
    }

    /// The key that signed the checkpoint.
    #[must_use]
    pub const fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// The entries from an index on. Each is proven to be under the checkpoint before it is returned.
    ///
    /// To follow a growing log, open it again and ask for the entries from the previous size on.
    ///
    /// # Errors
    /// [`ReadError::Tile`] if the tiles do not lead to the checkpoint.
    pub fn entries(&self, from: u64) -> Result<Entries, ReadError> {
        let files = Files(self.folder.clone());
        let tree =
            TileTree::open(files, self.size(), self.root()).map_err(|error| self.tile(error))?;
        Ok(Entries {
            folder: self.folder.clone(),
            tree,
            next: from,
            bundle: Vec::new().into_iter(),
        })
    }

    /// Verifies the whole log: signature, tiles, entries, times and counters.
    ///
    /// Every fault is a finding of the report; the log is sound if there is none.
    #[must_use]
    pub fn verify(&self) -> Report {
        verify::verify(self)
    }

    fn tile(&self, error: TileError) -> ReadError {
        ReadError::Tile {
            folder: self.folder.clone(),
            error,
        }
    }
}

/// The entries of a log, in order.
#[derive(Debug)]
pub struct Entries {
    folder: PathBuf,
    tree: TileTree<Files>,
    next: u64,
    bundle: std::vec::IntoIter<Vec<u8>>,
}

impl Entries {
    /// The bytes of the next leaf.
    fn next_leaf(&mut self) -> Option<Result<(u64, Vec<u8>), ReadError>> {
        let width = u64::from(TILE_WIDTH);
        if self.next >= self.tree.size() {
            return None;
        }
        if self.bundle.len() == 0 {
            match self.tree.bundle(self.next / width) {
                Ok(entries) => {
                    self.bundle = entries.into_iter();
                    for _ in 0..self.next % width {
                        self.bundle.next();
                    }
                }
                Err(error) => {
                    // The following entries cannot be returned in order: the iteration ends here.
                    self.next = self.tree.size();
                    return Some(Err(ReadError::Tile {
                        folder: self.folder.clone(),
                        error,
                    }));
                }
            }
        }
        let index = self.next;
        self.next += 1;
        self.bundle.next().map(|leaf| Ok((index, leaf)))
    }
}

impl Iterator for Entries {
    type Item = Result<LogEntry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_leaf()?.and_then(|(index, bytes)| {
            let leaf = Leaf::read(&bytes).map_err(|_| ReadError::Entry { index })?;
            let Leaf {
                counter,
                source,
                recorded,
                kind,
                entry,
            } = leaf;
            Ok(LogEntry {
                index,
                recorded,
                source,
                counter,
                kind,
                json: entry.to_owned(),
            })
        }))
    }
}

/// The files of a log's folder.
#[derive(Clone, Debug)]
struct Files(PathBuf);

impl TileSource for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        fs::read(self.0.join(path)).map_err(|error| error.kind().into())
    }
}

fn log_folder(dir: &Path) -> PathBuf {
    let inner = dir.join("log");
    if inner.join("checkpoint").is_file() {
        inner
    } else {
        dir.to_owned()
    }
}

fn read_text(path: &Path) -> Result<String, ReadError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ReadError::NoLog {
            path: path.parent().unwrap_or(path).to_owned(),
        }),
        Err(error) => Err(ReadError::Io {
            path: path.to_owned(),
            kind: error.kind(),
        }),
    }
}
