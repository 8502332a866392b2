//! Appending: one writer, whole batches, the checkpoint last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use vouchsafe_tlog::tile::{EntryTooLong, TileBuilder, TileError, edge_paths};
use vouchsafe_tlog::{Checkpoint, CheckpointError, NoteError, NoteSigner, SignedNote};

use super::folder::{Files, Folder, Tiles};
use super::log::{Log, LogError};
use super::object_path;
use crate::digest::Digest;
use crate::entry::{Entry, INLINE_BYTES, Kind};

/// Entries that are held in memory before their tiles are written.
const BATCH: usize = 4096;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Another run writes this log.
    #[error("another run is writing this log; wait until it has ended")]
    Busy,
    /// There is a log already.
    #[error("a log exists here already")]
    Exists,
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The signing key is not the log's.
    #[error("the signing key is not the key of this log")]
    ForeignKey,
    /// The clock is behind the last entry.
    #[error(
        "the clock says {now}, and the last entry of the log is of {last}: set the clock, then run again; if it was wrong at that entry, this log can go on only after that time: keep it, and begin another one beside it"
    )]
    Clock {
        /// What the clock says.
        now: Timestamp,
        /// The time of the last entry.
        last: Timestamp,
    },
    /// A file cannot be written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The header of an entry is too long.
    #[error("the entry is too long for a log")]
    TooLong(#[from] EntryTooLong),
    /// The header of an entry is no JSON.
    #[error("the entry cannot be written: {0}")]
    Header(#[from] serde_json::Error),
    /// The checkpoint cannot be made.
    #[error("the checkpoint cannot be made: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint cannot be signed.
    #[error("the checkpoint cannot be signed: {0}")]
    Sign(#[from] NoteError),
    /// The right edge of the log cannot be read.
    #[error("the log is damaged: {0}")]
    Tile(#[from] TileError),
}

/// The one writer of a log in a folder. Dropped without [`Writer::commit`], it leaves the log as it was.
#[derive(Debug)]
pub(crate) struct Writer {
    folder: Folder,
    files: Arc<dyn Files>,
    signer: NoteSigner,
    builder: TileBuilder,
    committed: u64,
    pending: usize,
    last: Option<Timestamp>,
    _lock: File,
}

impl Writer {
    /// Makes an empty log in a folder that has none.
    pub(crate) fn create(path: &Path, signer: NoteSigner) -> Result<Self, WriteError> {
        fs::create_dir_all(path).map_err(at(path))?;
        let lock = lock(path)?;
        if path.join("checkpoint").exists() || path.join("tile").exists() {
            return Err(WriteError::Exists);
        }
        let mut writer = Self {
            folder: Folder::new(path),
            files: Arc::new(Folder::new(path)),
            signer,
            builder: TileBuilder::new(),
            committed: 0,
            pending: 0,
            last: None,
            _lock: lock,
        };
        writer.commit()?;
        Ok(writer)
    }

    /// Opens the log of a folder to append to it.
    #[cfg(test)]
    pub(crate) fn open(path: &Path, signer: NoteSigner) -> Result<Self, WriteError> {
        Self::resume(path, Arc::new(Folder::new(path)), signer)
    }

    /// Goes on with a log: new files are written to a folder, which has the checkpoint; others may be elsewhere.
    pub(crate) fn resume(
        path: &Path,
        files: Arc<dyn Files>,
        signer: NoteSigner,
    ) -> Result<Self, WriteError> {
        if !path.join("checkpoint").exists() {
            return Err(LogError::Absent.into());
        }
        let lock = lock(path)?;
        let log =
            Log::open(Arc::clone(&files), signer.verifier(), &[]).map_err(|error| match error {
                LogError::Checkpoint(_) => WriteError::ForeignKey,
                other => other.into(),
            })?;
        let last = match log.size().checked_sub(1) {
            None => None,
            Some(index) => {
                let leaf = log.tree().entry(index)?;
                let (entry, _) =
                    Entry::decode(&leaf).map_err(|error| LogError::Entry { index, error })?;
                Some(entry.at)
            }
        };
        let builder =
            TileBuilder::resume(Tiles(Arc::clone(&files)), log.size(), log.checkpoint().root)?;
        Ok(Self {
            folder: Folder::new(path),
            files,
            signer,
            builder,
            committed: log.size(),
            pending: 0,
            last,
            _lock: lock,
        })
    }

    /// All files of the log.
    pub(crate) fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.files)
    }

    /// Number of entries, with those that are not committed yet.
    pub(crate) const fn size(&self) -> u64 {
        self.builder.size()
    }

    /// Appends an entry, and returns its index.
    ///
    /// # Errors
    /// When the clock went back, or a file cannot be written. The log is as before, until a commit.
    pub(crate) fn append(
        &mut self,
        at: Timestamp,
        kind: Kind,
        content: &[u8],
    ) -> Result<u64, WriteError> {
        if let Some(last) = self.last.filter(|last| at < *last) {
            return Err(WriteError::Clock { now: at, last });
        }
        let entry = Entry {
            v: 1,
            at,
            kind,
            content: Digest::of(content),
            size: content.len() as u64,
        };
        if content.len() > INLINE_BYTES {
            self.store_object(&entry.content, content)?;
        }
        let index = self.builder.size();
        self.builder.append(&entry.encode(content)?)?;
        self.last = Some(at);
        self.pending += 1;
        if self.pending >= BATCH {
            self.store_tiles()?;
        }
        Ok(index)
    }

    /// Makes all that was appended part of the log: tiles first, then the signed checkpoint.
    ///
    /// # Errors
    /// When a file cannot be written; the log is as before then.
    pub(crate) fn commit(&mut self) -> Result<(), WriteError> {
        self.store_tiles()?;
        let size = self.builder.size();
        let origin = self.signer.verifier().name().as_str();
        let checkpoint = Checkpoint::new(origin, size, self.builder.root())?;
        let note = checkpoint.sign(&self.signer)?.to_string();
        self.replace("checkpoint", note.as_bytes())?;
        // Partial tiles of the size before are not needed any more.
        let kept: Vec<String> = edge_paths(size).map(|path| path.to_string()).collect();
        for old in edge_paths(self.committed).map(|path| path.to_string()) {
            if !kept.contains(&old) {
                let _ = fs::remove_file(self.folder.path().join(&old));
                remove_empty_parent(self.folder.path(), &old);
            }
        }
        self.committed = size;
        Ok(())
    }

    /// Keeps a checkpoint with further signatures in the place of the one that was committed.
    ///
    /// # Errors
    /// When it is of another text, or the file cannot be written.
    pub(crate) fn cosign(&self, note: &SignedNote) -> Result<(), WriteError> {
        let committed = Log::open(self.files(), self.signer.verifier(), &[])?;
        if note.text() != committed.checkpoint().to_string() {
            return Err(NoteError::Text.into());
        }
        self.replace("checkpoint", note.to_string().as_bytes())
    }

    /// Signs a text with the key of the log.
    ///
    /// # Errors
    /// When it is not one that a note can hold.
    pub(crate) fn sign(&self, text: String) -> Result<SignedNote, NoteError> {
        self.signer.sign(text)
    }

    fn store_tiles(&mut self) -> Result<(), WriteError> {
        for file in self.builder.take_files() {
            self.replace(&file.path.to_string(), &file.bytes)?;
        }
        self.pending = 0;
        Ok(())
    }

    fn store_object(&self, content: &Digest, bytes: &[u8]) -> Result<(), WriteError> {
        let path = object_path(content);
        if self.files.has(&path) {
            return Ok(());
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        let packed = packed
            .write_all(bytes)
            .and_then(|()| packed.finish())
            .map_err(at(&self.folder.path().join(&path)))?;
        self.replace(&path, &packed)
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.folder
            .replace(path, bytes)
            .map_err(at(&self.folder.path().join(path)))
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError + use<> {
    let path = path.to_path_buf();
    move |error| WriteError::File { path, error }
}

fn remove_empty_parent(root: &Path, path: &str) {
    if let Some(parent) = root.join(path).parent()
        && parent.extension().is_some_and(|extension| extension == "p")
    {
        let _ = fs::remove_dir(parent);
    }
}

/// The lock of a log, held until the file is dropped.
fn lock(path: &Path) -> Result<File, WriteError> {
    let path = path.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(WriteError::Busy),
        Err(fs::TryLockError::Error(error)) => Err(WriteError::File { path, error }),
    }
}
