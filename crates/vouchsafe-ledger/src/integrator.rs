//! The thread that publishes: from the write-ahead log to tiles and signed checkpoints.
//!
//! INVARIANT (hashed-twice): it reads the entries back from the file and hashes them into tiles. It stores and signs
//! only if the last batch then has the root that the committer computed with its compact range; that root covers every
//! entry before it. A bit that flipped in memory or on the disk in between stops the recorder before it signs anything.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use vouchsafe_tlog::tile::{TileBuilder, TileFile};
use vouchsafe_tlog::{Checkpoint, Hash};

use crate::disk;
use crate::error::{At, RecorderError, damaged};
use crate::keys::Keys;
use crate::layout::Layout;
use crate::queue::{End, Shared};
use crate::sources::Sources;
use crate::wal::frame::{Found, Frame, SECTOR, find};
use crate::wal::{Place, Position, segment};

/// Full tiles are stored at least after this number of entries, so that they do not pile up in memory.
const MAX_PENDING: u64 = 8192;

/// The intervals of checkpoints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// With new entries.
    pub(crate) news: Duration,
    /// Without new entries: an old checkpoint then means a stopped recorder.
    pub(crate) heartbeat: Duration,
}

/// The integrator's own state.
#[derive(Debug)]
pub(crate) struct Integrator {
    pub(crate) shared: Arc<Shared>,
    pub(crate) layout: Layout,
    pub(crate) place: Place,
    pub(crate) keys: Arc<Keys>,
    pub(crate) pace: Pace,
    pub(crate) builder: TileBuilder,
    /// The root in the last batch in the builder.
    pub(crate) root: Hash,
    /// The position up to which the write-ahead log is in the builder.
    pub(crate) position: Position,
    /// Sources and open intents at that position.
    pub(crate) sources: Sources,
    /// The oldest existing segment.
    pub(crate) oldest: u64,
    /// The size up to which tiles are stored.
    pub(crate) stored: u64,
}

impl Integrator {
    /// Publishes until the log has ended.
    ///
    /// # Errors
    /// If a file on the disk does not verify or cannot be written; nothing wrong was signed.
    pub(crate) fn run(mut self) -> Result<(), RecorderError> {
        let (mut looked, mut signed) = (Instant::now(), Instant::now());
        loop {
            let news = self.shared.news_at(looked + self.pace.news);
            looked = Instant::now();
            if news.ended == Some(End::Failed) {
                return Ok(());
            }
            if news.committed.size != self.position.size || signed.elapsed() >= self.pace.heartbeat
            {
                self.publish(news.committed)?;
                self.recycle(news.committed)?;
                signed = looked;
            }
            if news.ended == Some(End::Stopped) {
                return self.save_sources();
            }
        }
    }

    /// Stores the tiles of all entries up to the position and signs the checkpoint over them.
    pub(crate) fn publish(&mut self, to: Position) -> Result<(), RecorderError> {
        let mut full = Vec::new();
        while self.position.size < to.size {
            self.integrate(to, &mut full)?;
        }
        self.store(&mut full)?;
        self.sign()?;
        // A full tile replaces its partial ones, now that it is under a checkpoint.
        for mut partial in full {
            partial.as_mut_os_string().push(".p");
            match self.place.disk().remove_dir(&partial) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).at("remove", &partial);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the rest of one segment, or of the log.
    fn integrate(&mut self, to: Position, full: &mut Vec<PathBuf>) -> Result<(), RecorderError> {
        let number = self.position.segment;
        let path = self.place.path(number);
        let file = self.place.disk().open(&path).at("open", &path)?;
        let end = if number == to.segment {
            to.offset
        } else {
            file.identity().at("look at", &path)?.length
        };
        let start = self.position.offset;
        let length =
            usize::try_from(end.saturating_sub(start)).map_err(|_| RecorderError::Internal)?;
        let mut bytes = vec![0; length];
        file.read_at(&mut bytes, start).at("read", &path)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let Found::Frame(frame) = find(rest, number) else {
                return Err(damaged(
                    &path,
                    self.position.offset,
                    "a committed batch is not as it was written",
                ));
            };
            if frame.head.goes_on {
                self.confirm(&path, start)?;
                self.position = Position {
                    segment: number + 1,
                    offset: SECTOR as u64,
                    ..self.position
                };
                return Ok(());
            }
            self.take_in(&frame, &path)?;
            if self.builder.size() - self.stored > MAX_PENDING {
                self.confirm(&path, start)?;
                self.store(full)?;
            }
            rest = rest.get(frame.length..).unwrap_or_default();
        }
        self.confirm(&path, start)
    }

    fn take_in(&mut self, frame: &Frame<'_>, path: &Path) -> Result<(), RecorderError> {
        let mismatch = || RecorderError::Mismatch {
            path: path.to_owned(),
            offset: self.position.offset,
        };
        if frame.head.first_index != self.builder.size() || frame.head.previous != self.root {
            return Err(mismatch());
        }
        for entry in &frame.entries {
            self.builder.append(entry.leaf).map_err(|_| mismatch())?;
            self.sources.apply(&entry.source, entry.counter, entry.kind);
        }
        self.root = frame.head.root;
        self.position.offset += frame.length as u64;
        self.position.size = self.builder.size();
        Ok(())
    }

    /// Whether the tiles give the root in the last batch; `since` is the offset of the batches of which one is at fault
    /// if not.
    fn confirm(&self, path: &Path, since: u64) -> Result<(), RecorderError> {
        if self.builder.root() == self.root {
            return Ok(());
        }
        Err(RecorderError::Mismatch {
            path: path.to_owned(),
            offset: since,
        })
    }

    /// Makes the tiles so far durable; adds the paths of full ones to `full`.
    fn store(&mut self, full: &mut Vec<PathBuf>) -> Result<(), RecorderError> {
        let disk = self.place.disk();
        let mut folders = BTreeSet::new();
        for TileFile { path: tile, bytes } in self.builder.take_files() {
            let path = self.layout.log().join(tile.to_string());
            if let Some(folder) = path.parent() {
                disk.make_dir(folder).at("make", folder)?;
                folders.insert(folder.to_owned());
            }
            disk::replace(disk, &path, &bytes).at("write", &path)?;
            if tile.is_full() {
                full.push(path);
            }
        }
        for folder in folders {
            disk.sync_dir(&folder).at("sync", &folder)?;
        }
        self.stored = self.builder.size();
        Ok(())
    }

    fn sign(&self) -> Result<(), RecorderError> {
        let note = Checkpoint::new(
            self.keys.origin.clone(),
            self.builder.size(),
            self.builder.root(),
        )
        .map_err(|_| RecorderError::Internal)?
        .sign(&self.keys.log)
        .map_err(|_| RecorderError::Internal)?;
        let path = self.layout.checkpoint();
        disk::replace(self.place.disk(), &path, note.to_string().as_bytes()).at("write", &path)?;
        self.place
            .disk()
            .sync_dir(&self.layout.log())
            .at("sync", &self.layout.log())
    }

    /// Recycles segments whose entries are all published, except the last one: requests that are sent again after a
    /// restart are answered from it.
    pub(crate) fn recycle(&mut self, committed: Position) -> Result<(), RecorderError> {
        let (place, bytes) = (&self.place, self.place.segment_bytes);
        if self.oldest + 1 < self.position.segment {
            self.save_sources()?;
        }
        while self.oldest + 1 < self.position.segment {
            segment::prepare_spare(place.disk(), &place.folder, bytes, Some(self.oldest))?;
            self.oldest += 1;
        }
        if committed.offset > bytes / 2 {
            segment::prepare_spare(place.disk(), &place.folder, bytes, None)?;
        }
        Ok(())
    }

    fn save_sources(&self) -> Result<(), RecorderError> {
        let (disk, path) = (self.place.disk(), self.layout.sources());
        self.sources
            .save(disk, &path, self.builder.size(), &self.builder.root())?;
        disk.sync_dir(self.layout.root())
            .at("sync", self.layout.root())
    }
}
