//! A log in S3-compatible storage.
//!
//! A run appends in a working folder and then publishes: large contents, one object with all new tiles
//! (`staged/SIZE-ROOT.zip`), the checkpoint, the tiles. The checkpoint is put on the condition that it is still the one
//! that the run began with: of two runs at once one wins, and the other has changed nothing that counts. A run that is
//! killed behind the checkpoint leaves tiles to be put: readers find them in the staged object, and the next run puts them.
//!
//! INVARIANT (one-content): below a checkpoint, a tile can have one content and no other, since its path names its place
//! and width. So a tile may be put by whoever finds it missing; nothing else is ever replaced but the checkpoint.

mod files;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use vouchsafe_tlog::NoteVerifier;

use self::files::RemoteFiles;
use super::folder::{Files, Folder};
use super::log::{Log, LogError, object_holds};
use super::s3::{Bucket, Condition, Lock, Put, S3Error};
use super::seen::{Seen, SeenError, checkpoint_of};
use super::staged;
use crate::digest::Digest;

/// The object that shows whether conditions are heeded.
const PROBE: &str = "probe";
/// The checkpoint that was last read or written here, beside the working folder.
const SEEN: &str = "seen";

/// A log in a bucket, with its working folder.
#[derive(Debug)]
pub(crate) struct Remote {
    files: Arc<RemoteFiles>,
    /// The version of the checkpoint that this run began with, or last wrote.
    etag: Option<String>,
    seen: Seen,
}

/// Why a log in a bucket cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error("the log in the bucket: {0}")]
    S3(#[from] S3Error),
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(
        "the checkpoint in the bucket is not signed by the key of this project (log.key): it is that of another log, or damaged"
    )]
    ForeignKey,
    #[error(
        "this storage does not heed the condition {0} of a write: of two runs at once one would overwrite the other; keep the log elsewhere"
    )]
    Unconditional(&'static str),
    #[error("the log moved meanwhile: another run was quicker; run again")]
    Moved,
    #[error(transparent)]
    Seen(#[from] SeenError),
    #[error("{0} is in the bucket with another content than its name says: somebody put it there")]
    Foreign(String),
    #[error(
        "[log.s3] asks for locked objects, and the storage does not show a lock on what was just put: Object Lock is not on, or the credentials lack s3:PutObjectRetention and s3:GetObjectRetention"
    )]
    NotLocked,
    #[error("the new tiles cannot be staged: {0}")]
    Stage(#[from] zip::result::ZipError),
}

impl Remote {
    /// Reads the checkpoint of a bucket. `home` is a folder of this log alone, in which nobody else works.
    ///
    /// # Errors
    /// When it cannot be read, or is not the log that was last seen here.
    pub(crate) fn read(
        bucket: Bucket,
        home: &Path,
        key: &NoteVerifier,
    ) -> Result<Self, RemoteError> {
        let (work, cache) = (home.join("work"), home.join("cache"));
        // What a broken run left behind must not be taken for the log.
        match fs::remove_dir_all(&work) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(RemoteError::File { path: work, error });
            }
            _ => {}
        }
        for folder in [&work, &cache] {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let head = bucket.get("checkpoint")?;
        let files = Arc::new(RemoteFiles {
            bucket,
            work: Folder::new(work),
            cache: Folder::new(cache),
            staged: Mutex::default(),
        });
        let mut remote = Self {
            files,
            etag: None,
            seen: Seen::new(home.join(SEEN)),
        };
        if let Some(head) = &head {
            write(remote.files.work.path(), "checkpoint", &head.bytes)?;
            remote.etag = Some(head.etag.clone());
        }
        remote.compare(key)?;
        Ok(remote)
    }

    /// The folder that new files are written to.
    pub(crate) fn work(&self) -> &Folder {
        &self.files.work
    }

    /// All files of the log.
    pub(crate) fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.files) as Arc<dyn Files>
    }

    /// Makes sure that a run may write: conditions are heeded, and what a killed run left to be put is put.
    ///
    /// # Errors
    /// When they are not, or a call fails.
    pub(crate) fn begin(&self) -> Result<(), RemoteError> {
        let bucket = &self.files.bucket;
        if let Put::Done(_) = bucket.put(PROBE, PROBE.as_bytes(), Condition::New)?
            && let Put::Done(_) = bucket.put(PROBE, PROBE.as_bytes(), Condition::New)?
        {
            return Err(RemoteError::Unconditional("If-None-Match"));
        }
        let other = Condition::Unchanged("\"00000000000000000000000000000000\"");
        if let Put::Done(_) = bucket.put(PROBE, PROBE.as_bytes(), other)? {
            return Err(RemoteError::Unconditional("If-Match"));
        }
        if self.etag.is_some() {
            for (path, bytes) in &*self.files.staged()? {
                // What is there is left as it is: a staged object that somebody else put must overwrite nothing.
                if bucket.get(path)?.is_none() {
                    bucket.put(path, bytes, Condition::New)?;
                }
            }
        }
        Ok(())
    }

    /// Makes the working folder part of the log in the bucket. It is not, when the log moved meanwhile.
    ///
    /// # Errors
    /// [`RemoteError::Moved`], or when a call fails. Behind the checkpoint, the next run goes on where this one ended.
    pub(crate) fn publish(&mut self) -> Result<(), RemoteError> {
        let work = self.files.work.path().to_path_buf();
        for path in listed(&work, "objects")? {
            self.put_object(&path)?;
        }
        let mut tiles = BTreeMap::new();
        for path in listed(&work, "tile")? {
            let bytes = fs::read(work.join(&path)).map_err(at(&work.join(&path)))?;
            tiles.insert(path, bytes);
        }
        let checkpoint = work.join("checkpoint");
        let note = fs::read(&checkpoint).map_err(at(&checkpoint))?;
        if !tiles.is_empty() {
            self.stage(&note, &tiles)?;
        }
        self.put_checkpoint(&note)?;
        for (path, bytes) in &tiles {
            self.put_tile(path, bytes)?;
        }
        self.seen.remember(&note)?;
        // From now on they are as good as read from the bucket.
        for path in listed(&work, "objects")?
            .into_iter()
            .chain(tiles.into_keys())
        {
            self.files.keep(&path)?;
        }
        Ok(())
    }

    fn put_object(&self, path: &str) -> Result<(), RemoteError> {
        let local = self.files.work.path().join(path);
        let bytes = fs::read(&local).map_err(at(&local))?;
        if self.files.bucket.put(path, &bytes, Condition::New)? != Put::Refused {
            return Ok(());
        }
        // It is there already, from another run or from a call whose answer was lost; but is it what its name says?
        let there = self.files.bucket.get(path)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        let digest: Option<Digest> = name.strip_suffix(".gz").and_then(|name| name.parse().ok());
        match (there, digest) {
            (Some(there), Some(digest)) if object_holds(&there.bytes, &digest) => Ok(()),
            _ => Err(RemoteError::Foreign(path.to_owned())),
        }
    }

    fn stage(&self, note: &[u8], tiles: &BTreeMap<String, Vec<u8>>) -> Result<(), RemoteError> {
        let bucket = &self.files.bucket;
        let Some(path) = staged_path(note) else {
            return Ok(());
        };
        let put = bucket.put(&path, &staged::pack(tiles)?, Condition::New)?;
        if put != Put::Refused && bucket.lock().is_none() {
            return Ok(());
        }
        let there = bucket.get(&path)?;
        let there = there.ok_or_else(|| RemoteError::Foreign(path.clone()))?;
        if staged::unpack(&there.bytes).as_ref() != Some(tiles) {
            return Err(RemoteError::Foreign(path));
        }
        match bucket.lock() {
            Some(asked) if !there.locked.is_some_and(|found| is_as_long(&found, asked)) => {
                Err(RemoteError::NotLocked)
            }
            _ => Ok(()),
        }
    }

    fn put_checkpoint(&mut self, note: &[u8]) -> Result<(), RemoteError> {
        let bucket = &self.files.bucket;
        let condition = match &self.etag {
            None => Condition::New,
            Some(etag) => Condition::Unchanged(etag),
        };
        let etag = match bucket.put("checkpoint", note, condition)? {
            Put::Done(etag) => etag,
            // A call whose answer was lost may have put it.
            Put::Refused => match bucket.get("checkpoint")? {
                Some(there) if there.bytes == note => there.etag,
                _ => return Err(RemoteError::Moved),
            },
        };
        self.etag = Some(etag);
        Ok(())
    }

    /// INVARIANT (one-content) permits to replace what is there: the bytes are those of this run's own tree.
    fn put_tile(&self, path: &str, bytes: &[u8]) -> Result<(), RemoteError> {
        let bucket = &self.files.bucket;
        if bucket.put(path, bytes, Condition::New)? != Put::Refused {
            return Ok(());
        }
        if bucket.get(path)?.is_none_or(|there| there.bytes != bytes) {
            bucket.put(path, bytes, Condition::Whatever)?;
        }
        Ok(())
    }

    /// The log goes on from what was last seen here.
    fn compare(&self, key: &NoteVerifier) -> Result<(), RemoteError> {
        let log = match Log::open(self.files(), key, &[]) {
            Err(LogError::Absent) => return Ok(self.seen.compare(None)?),
            Err(LogError::Checkpoint(_)) => return Err(RemoteError::ForeignKey),
            log => log?,
        };
        self.seen.compare(Some(&log))?;
        self.files.forget_all_but(log.size())?;
        Ok(self.seen.remember(log.note())?)
    }
}

fn is_as_long(found: &Lock, asked: &Lock) -> bool {
    found.mode == asked.mode && found.until >= asked.until
}

/// Where the new tiles of a checkpoint are staged.
fn staged_path(note: &[u8]) -> Option<String> {
    let checkpoint = checkpoint_of(note)?;
    let root = checkpoint.root.as_bytes().iter();
    let root: String = root.map(|byte| format!("{byte:02x}")).collect();
    Some(format!("staged/{}-{root}.zip", checkpoint.size))
}

/// The files of a folder below a folder, by their paths, in order.
fn listed(work: &Path, below: &str) -> Result<Vec<String>, RemoteError> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        let path = work.join(&folder);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(at(&path))?,
        };
        for entry in entries {
            let entry = entry.map_err(at(&path))?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(at(&path))?.is_dir() {
                folders.push(name);
            } else if !name.ends_with(".new") {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file whole, or not at all.
fn write(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), RemoteError> {
    Folder::new(folder)
        .replace(path, bytes)
        .map_err(at(&folder.join(path)))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> RemoteError + use<> {
    let path = path.to_path_buf();
    move |error| RemoteError::File {
        path: path.clone(),
        error,
    }
}
