//! Opens a log: checks the files, recovers the write-ahead log, starts the two threads.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::digest;
use jiff::Timestamp;
use vouchsafe_tlog::tile::{SourceError, TileBuilder, TileError, TileSource, TileTree};
use vouchsafe_tlog::{Checkpoint, Frontier, hash_leaf};

use crate::committer::{Clock, Committer, MAX_SKEW};
use crate::disk::{self, Disk};
use crate::error::{At, MAX_GAP, RecorderError, damaged};
use crate::integrator::{Integrator, Pace};
use crate::keys::{self, Keys};
use crate::layout::Layout;
use crate::leaf::Leaf;
use crate::queue::Shared;
use crate::recent::{Batch, Known, Recent};
use crate::sources::Sources;
use crate::wal::frame::Frame;
use crate::wal::recover::recover;
use crate::wal::{Place, Wal, segment};

/// The arguments for opening a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) segment_bytes: u64,
    pub(crate) pace: Pace,
    pub(crate) clock: Clock,
    pub(crate) gap: Gap,
}

/// Whether the clock may be far from the last entry when a log is opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Gap {
    /// Not behind it, and at most 31 days ahead: a wrong clock is likelier than a log without an entry for so long.
    #[default]
    Refused,
    /// However far: somebody has looked at the clock. Where it is behind, the first entry MUST say so (`recover-clock`), and
    /// times go on from there.
    Confirmed,
}

/// An open log, its threads not started yet.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) shared: Arc<Shared>,
    pub(crate) committer: Committer,
    pub(crate) integrator: Integrator,
}

/// Creates an empty log with new keys.
pub(crate) fn create(
    disk: &Arc<dyn Disk>,
    layout: &Layout,
    origin: &str,
    segment_bytes: u64,
) -> Result<(), RecorderError> {
    let path = layout.checkpoint();
    if disk::read_if_there(&**disk, &path)
        .at("read", &path)?
        .is_some()
    {
        return Err(RecorderError::AlreadyInitialised {
            path: layout.root().to_owned(),
        });
    }
    for folder in [layout.log(), layout.wal()] {
        disk.make_dir(&folder).at("make", &folder)?;
    }
    let keys = keys::create(&**disk, layout, origin)?;
    let place = place(disk, layout, &keys, segment_bytes);
    segment::clean(&**disk, &place.folder)?;
    if segment::numbers(&**disk, &place.folder)?.is_empty() {
        Wal::begin(place, Timestamp::UNIX_EPOCH)?;
    } else if recover(&place, &Frontier::new(), |_| {})?.size() > 0 {
        // An interrupted start leaves an empty write-ahead log; a log with entries had a checkpoint.
        return Err(RecorderError::Missing {
            path,
            what: "the write-ahead log has entries",
        });
    }
    let empty = Frontier::new();
    let note = Checkpoint::new(origin, 0, empty.root())
        .map_err(|_| RecorderError::Origin)?
        .sign(&keys.log)
        .map_err(|_| RecorderError::Internal)?;
    disk::replace(&**disk, &path, note.to_string().as_bytes()).at("write", &path)?;
    disk.sync_dir(&layout.log()).at("sync", &layout.log())
}

/// Checks and opens a log. If it fails, it has changed nothing.
pub(crate) fn open(
    disk: &Arc<dyn Disk>,
    layout: &Layout,
    options: Options,
) -> Result<Engine, RecorderError> {
    let keys = Arc::new(open_keys(&**disk, layout)?);
    let Checkpoint { size, root, .. } = open_checkpoint(&**disk, layout, &keys)?;
    let files = Files {
        disk: &**disk,
        folder: &layout.log(),
    };
    let bad = |error| bad_tile(&layout.log(), error);
    let tree = TileTree::open(&files, size, root).map_err(bad)?;
    let builder = TileBuilder::resume(files, size, root).map_err(bad)?;
    let place = place(disk, layout, &keys, options.segment_bytes);
    let mut history = History::load(&place, layout, &tree)?;
    let recovered = recover(&place, &tree.frontier(), |frame| history.frame(frame))?;
    let now = (options.clock)();
    check_clock(now, recovered.recorded(), options.gap)?;
    let (oldest, position) = (recovered.oldest, recovered.resume);
    let recovered_at = recovered.recorded();
    let wal = recovered.open(place.clone())?;
    let shared = Arc::new(Shared::new(wal.position()));
    let History {
        sources,
        at_checkpoint,
        recent,
        ..
    } = history;
    let committer = Committer {
        shared: Arc::clone(&shared),
        wal,
        keys: Arc::clone(&keys),
        sources,
        recent,
        clock: options.clock,
        opened: (now, Instant::now()),
        correcting: is_behind(now, recovered_at),
        speaking: HashMap::new(),
    };
    let integrator = Integrator {
        shared: Arc::clone(&shared),
        layout: layout.clone(),
        place,
        keys,
        pace: options.pace,
        root,
        builder,
        position,
        sources: at_checkpoint,
        oldest,
        stored: size,
    };
    Ok(Engine {
        shared,
        committer,
        integrator,
    })
}

fn open_keys(disk: &dyn Disk, layout: &Layout) -> Result<Keys, RecorderError> {
    let path = layout.checkpoint();
    if disk::read_if_there(disk, &path)
        .at("read", &path)?
        .is_none()
    {
        let path = layout.root().to_owned();
        return Err(RecorderError::NotInitialised { path });
    }
    keys::open(disk, layout)
}

fn open_checkpoint(
    disk: &dyn Disk,
    layout: &Layout,
    keys: &Keys,
) -> Result<Checkpoint, RecorderError> {
    let path = layout.checkpoint();
    let note = disk.read(&path).at("read", &path)?;
    let opened = Checkpoint::open(&note, &keys.origin, keys.log.verifier(), &[]);
    let what = "it is not a checkpoint that this log signed";
    opened
        .map(|opened| opened.checkpoint)
        .map_err(|_| damaged(&path, 0, what))
}

fn check_clock(now: Timestamp, last: Timestamp, gap: Gap) -> Result<(), RecorderError> {
    // An empty log has no time to compare with.
    let known = last > Timestamp::UNIX_EPOCH;
    if gap == Gap::Refused && is_behind(now, last) {
        Err(RecorderError::ClockBehind { now, last })
    } else if known && gap == Gap::Refused && now.duration_since(last) > MAX_GAP {
        Err(RecorderError::ClockAhead { now, last })
    } else {
        Ok(())
    }
}

/// Whether the clock says a time that is over for the log: one of the two clocks was false.
fn is_behind(now: Timestamp, last: Timestamp) -> bool {
    last.duration_since(now) > MAX_SKEW
}

fn place(disk: &Arc<dyn Disk>, layout: &Layout, keys: &Keys, segment_bytes: u64) -> Place {
    let mut origin = [0; 32];
    let hash = digest::digest(&digest::SHA256, keys.origin.as_bytes());
    origin.copy_from_slice(hash.as_ref());
    Place {
        disk: Arc::clone(disk),
        folder: layout.wal(),
        origin,
        segment_bytes,
    }
}

/// The sources and recent batches, collected while the log is read back.
#[derive(Debug)]
struct History {
    /// Entries before this index are already in `sources`.
    known: u64,
    checkpoint: u64,
    sources: Sources,
    at_checkpoint: Sources,
    recent: Recent,
}

impl History {
    /// Begins with the saved sources, or without them by reading the whole log.
    fn load(
        place: &Place,
        layout: &Layout,
        tree: &TileTree<&Files<'_>>,
    ) -> Result<Self, RecorderError> {
        let path = layout.sources();
        let saved = disk::read_if_there(place.disk(), &path).at("read", &path)?;
        let saved = saved.and_then(|bytes| Sources::load(&bytes).ok());
        let (known, sources) = match saved {
            Some((_, size, _)) if size > tree.size() => {
                let what = "it is older than the file `sources` beside it: part of the folder is an old copy";
                return Err(damaged(&layout.checkpoint(), 0, what));
            }
            // The remaining log must reach back to the index at which the sources were saved.
            Some((sources, size, _)) if segment::first_index(place)? <= size => (size, sources),
            _ => (tree.size(), read_sources(layout, tree)?),
        };
        let at_checkpoint = sources.clone();
        Ok(Self {
            known,
            checkpoint: tree.size(),
            sources,
            at_checkpoint,
            recent: Recent::default(),
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let mut batch = Batch {
            first_index: frame.head.first_index,
            recorded: frame.head.recorded,
            hashes: Vec::with_capacity(frame.entries.len()),
            entries: Vec::with_capacity(frame.entries.len()),
        };
        for (index, entry) in (frame.head.first_index..).zip(&frame.entries) {
            let (source, counter, kind) = (entry.source, entry.counter, entry.kind);
            if index >= self.known {
                self.sources.apply(&source, counter, kind);
                if index < self.checkpoint {
                    self.at_checkpoint.apply(&source, counter, kind);
                }
            }
            batch.hashes.push(hash_leaf(entry.leaf));
            batch.entries.push(Known {
                source,
                counter,
                kind,
            });
        }
        if !batch.entries.is_empty() {
            self.recent.remember(Arc::new(batch));
        }
    }
}

/// Last counters and open intents, from the entries themselves.
fn read_sources(layout: &Layout, tree: &TileTree<&Files<'_>>) -> Result<Sources, RecorderError> {
    let mut sources = Sources::default();
    for bundle in 0..tree.bundles() {
        for entry in tree
            .bundle(bundle)
            .map_err(|error| bad_tile(&layout.log(), error))?
        {
            let leaf = Leaf::read(&entry);
            let leaf = leaf.map_err(|_| {
                damaged(
                    &layout.log(),
                    0,
                    "an entry is not in the format of the recorder",
                )
            })?;
            sources.apply(&leaf.source, leaf.counter, leaf.kind);
        }
    }
    Ok(sources)
}

/// The tiles of a log's folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) folder: &'a Path,
}

impl TileSource for Files<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.disk
            .read(&self.folder.join(path))
            .map_err(|error| error.kind().into())
    }
}

/// The damaged file and its fault.
pub(crate) fn bad_tile(log: &Path, error: TileError) -> RecorderError {
    let file = |path: &dyn ToString| log.join(path.to_string());
    match error {
        TileError::Source {
            path,
            error: SourceError::Missing,
        } => RecorderError::Missing {
            path: file(&path),
            what: "the checkpoint says that it is there",
        },
        TileError::Source {
            path,
            error: SourceError::Unreadable(kind),
        } => RecorderError::Io {
            doing: "read",
            path: file(&path),
            error: kind.into(),
        },
        TileError::Length { path, .. } => {
            damaged(&file(&path), 0, "its length is not that of a tile")
        }
        TileError::NotAuthentic { path } => damaged(
            &file(&path),
            0,
            "it does not hash to what the tile above says",
        ),
        TileError::RootMismatch => damaged(
            &file(&"tile"),
            0,
            "the tiles at the right edge do not hash to the root of the checkpoint",
        ),
        TileError::Bundle { path, .. } | TileError::Entries { path, .. } => damaged(
            &file(&path),
            0,
            "it does not hold whole entries, as many as it should",
        ),
        TileError::EntryMismatch { index } => bad_entry(log, index),
        TileError::OutsideTree => damaged(
            &file(&"checkpoint"),
            0,
            "its size is beyond what a log can have",
        ),
    }
}

fn bad_entry(log: &Path, index: u64) -> RecorderError {
    let width = u64::from(vouchsafe_tlog::tile::TILE_WIDTH);
    let kind = vouchsafe_tlog::tile::TileKind::Entries;
    let bundle = vouchsafe_tlog::tile::TilePath::at(kind, index / width, u64::MAX >> 1);
    let path = bundle.map_or_else(|| log.to_owned(), |bundle| log.join(bundle.to_string()));
    damaged(
        &path,
        0,
        "an entry in it, or in its partial form, does not hash to its leaf",
    )
}

#[cfg(test)]
mod tests;
