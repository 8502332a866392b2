//! Reading a log: nothing counts before it hashes up to a signed checkpoint.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::GzDecoder;
use vouchsafe_tlog::tile::{SourceError, TILE_WIDTH, TileError, TileTree};
use vouchsafe_tlog::{Checkpoint, NoteVerifier, OpenError};

use super::folder::{Files, Tiles};
use super::object_path;
use crate::digest::Digest;
use crate::entry::{Entry, EntryError};

/// No object may hold more than this.
const OBJECT_BYTES: u64 = 256 << 20;
/// Bundles that are kept in memory.
const KEPT: usize = 48;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// There is no checkpoint.
    #[error(
        "there is no evidence log here (no checkpoint). Run `vouchsafe evidence init` first. Where evidence/evidence.toml is there already: a log in a folder stays on the machine that made it, so copy it from there; where it is lost, remove that file, and `init` begins another log"
    )]
    Absent,
    /// The checkpoint could not be read.
    #[error("the checkpoint of the log: {0}")]
    Unreadable(SourceError),
    /// The checkpoint is not to be trusted.
    #[error("the checkpoint of the log: {0}")]
    Checkpoint(#[from] OpenError),
    /// A tile is missing or changed.
    #[error("the log is damaged: {0}")]
    Tile(#[from] TileError),
    /// An entry is none.
    #[error("entry {index}: {error}")]
    Entry {
        /// Which.
        index: u64,
        /// What is wrong.
        error: EntryError,
    },
    /// An entry has an earlier time than the one before it.
    #[error("entry {index} is dated before the entry in front of it")]
    Backwards {
        /// Which.
        index: u64,
    },
    /// An object is missing or is not what its name says.
    #[error("the object {content}: {problem}")]
    Object {
        /// Its digest.
        content: Digest,
        /// What is wrong.
        problem: &'static str,
    },
}

/// A log of one size and root.
#[derive(Debug)]
pub(crate) struct Log {
    files: Arc<dyn Files>,
    tree: TileTree<Tiles<Arc<dyn Files>>>,
    checkpoint: Checkpoint,
    note: Vec<u8>,
    witnesses: usize,
    recent: Mutex<VecDeque<(u64, Bundle)>>,
}

/// The entries of one bundle.
type Bundle = Arc<Vec<Vec<u8>>>;

impl Log {
    /// Opens the log of `origin`, whose checkpoint `key` MUST have signed.
    pub(crate) fn open(
        files: Arc<dyn Files>,
        key: &NoteVerifier,
        witnesses: &[NoteVerifier],
    ) -> Result<Self, LogError> {
        let note = match files.read("checkpoint") {
            Ok(note) => note,
            Err(SourceError::Missing) => return Err(LogError::Absent),
            Err(error) => return Err(LogError::Unreadable(error)),
        };
        let opened = Checkpoint::open(&note, key.name().as_str(), key, witnesses)?;
        let checkpoint = opened.checkpoint;
        let tree = TileTree::open(Tiles(Arc::clone(&files)), checkpoint.size, checkpoint.root)?;
        Ok(Self {
            files,
            tree,
            checkpoint,
            note,
            witnesses: opened.cosigned.len(),
            recent: Mutex::default(),
        })
    }

    /// Number of entries.
    pub(crate) const fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The checkpoint.
    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint as it was signed.
    pub(crate) fn note(&self) -> &[u8] {
        &self.note
    }

    /// Known witnesses that cosigned it.
    pub(crate) const fn witnesses(&self) -> usize {
        self.witnesses
    }

    pub(crate) const fn tree(&self) -> &TileTree<Tiles<Arc<dyn Files>>> {
        &self.tree
    }

    pub(crate) fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// Every entry in order, its index first; each was hashed up to the root.
    ///
    /// # Errors
    /// At the first that is damaged, is no entry, or is dated before the one in front of it.
    pub(crate) fn each(
        &self,
        mut take: impl FnMut(u64, Entry, Option<&[u8]>),
    ) -> Result<(), LogError> {
        let mut before = None;
        for number in 0..self.tree.bundles() {
            let bundle = self.tree.bundle(number)?;
            let first = number * u64::from(TILE_WIDTH);
            for (index, leaf) in (first..).zip(&bundle) {
                let (entry, content) =
                    Entry::decode(leaf).map_err(|error| LogError::Entry { index, error })?;
                if before.is_some_and(|before| entry.at < before) {
                    return Err(LogError::Backwards { index });
                }
                before = Some(entry.at);
                take(index, entry, content);
            }
        }
        Ok(())
    }

    /// The content of an entry.
    ///
    /// # Errors
    /// When it is missing, or is not the content that the entry names.
    pub(crate) fn content_at(&self, index: u64) -> Result<Arc<[u8]>, LogError> {
        let number = index / u64::from(TILE_WIDTH);
        let bundle = self.bundle(number)?;
        let place = usize::try_from(index % u64::from(TILE_WIDTH)).ok();
        let leaf = place
            .and_then(|place| bundle.get(place))
            .ok_or(TileError::OutsideTree)?;
        let (entry, content) =
            Entry::decode(leaf).map_err(|error| LogError::Entry { index, error })?;
        match content {
            Some(content) => Ok(Arc::from(content)),
            None => self.object(&entry.content).map(Arc::from),
        }
    }

    fn bundle(&self, number: u64) -> Result<Bundle, LogError> {
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bundle)) = recent().iter().find(|(kept, _)| *kept == number) {
            return Ok(Arc::clone(bundle));
        }
        // Read without the lock: others read other bundles meanwhile.
        let bundle = Arc::new(self.tree.bundle(number)?);
        let mut recent = recent();
        recent.push_front((number, Arc::clone(&bundle)));
        recent.truncate(KEPT);
        Ok(bundle)
    }

    fn object(&self, content: &Digest) -> Result<Vec<u8>, LogError> {
        let fault = |problem| LogError::Object {
            content: *content,
            problem,
        };
        let packed = self
            .files
            .read(&object_path(content))
            .map_err(|error| match error {
                SourceError::Missing => fault("is missing"),
                SourceError::Unreadable(_) => fault("cannot be read"),
            })?;
        let bytes = unpacked(&packed).ok_or_else(|| fault("is not whole"))?;
        if Digest::of(&bytes) == *content {
            Ok(bytes)
        } else {
            Err(fault("is not the content that its name says"))
        }
    }
}

/// Whether the packed bytes of an object hold the content of a digest.
pub(super) fn object_holds(packed: &[u8], content: &Digest) -> bool {
    unpacked(packed).is_some_and(|bytes| Digest::of(&bytes) == *content)
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut unpacking = GzDecoder::new(packed).take(OBJECT_BYTES);
    unpacking.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
