//! The write-ahead log, where an entry becomes durable first.
//!
//! INVARIANT (one-frame-in-flight): a frame is written only after the previous one was synced, so at most the last
//! frame of the log can be torn, and everything before it was acknowledged.

pub(crate) mod frame;
pub(crate) mod recover;
pub(crate) mod segment;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe_tlog::{Frontier, Hash};

use crate::disk::Disk;
use crate::error::{At, RecorderError};
use frame::{Head, SECTOR, Stored};
use segment::{Segment, SegmentHead};

/// Smallest segment: it must hold the largest batch.
pub(crate) const MIN_SEGMENT: u64 = 8 << 20;

/// The position of the log's next byte, and the state before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
    /// Number of entries before this position.
    pub(crate) size: u64,
}

/// The values that all segments of a log share.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    /// SHA-256 of the log's origin, so that a segment of another log is detected.
    pub(crate) origin: [u8; 32],
    pub(crate) segment_bytes: u64,
}

impl Place {
    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn path(&self, segment: u64) -> PathBuf {
        segment::path(&self.folder, segment)
    }
}

/// The open log; the committer thread owns it.
#[derive(Debug)]
pub(crate) struct Wal {
    place: Place,
    segment: Segment,
    offset: u64,
    frontier: Frontier,
    recorded: Timestamp,
}

impl Wal {
    /// Begins the log of an empty tree.
    pub(crate) fn begin(place: Place, recorded: Timestamp) -> Result<Self, RecorderError> {
        let frontier = Frontier::new();
        let segment = next_segment(&place, 1, &frontier, recorded)?;
        Ok(Self {
            place,
            segment,
            offset: SECTOR as u64,
            frontier,
            recorded,
        })
    }

    /// Commits one batch: when it returns, the entries are on the disk.
    ///
    /// # Errors
    /// After any error the state of the log is unknown, and the process MUST end.
    pub(crate) fn commit(
        &mut self,
        recorded: Timestamp,
        entries: &[Stored<'_>],
        hashes: &[Hash],
    ) -> Result<Position, RecorderError> {
        let mut frontier = self.frontier.clone();
        for hash in hashes {
            frontier.push(*hash);
        }
        let mut head = self.head(recorded);
        head.count = u32::try_from(entries.len()).map_err(|_| RecorderError::Internal)?;
        head.root = frontier.root();
        let mut bytes = frame::encode(&head, entries);
        if self.offset + (bytes.len() + SECTOR) as u64 > self.segment.length() {
            self.go_on()?;
            head.segment = self.segment.number;
            bytes = frame::encode(&head, entries);
        }
        if self.offset + (bytes.len() + SECTOR) as u64 > self.segment.length() {
            return Err(RecorderError::Internal);
        }
        self.write(&bytes)?;
        self.frontier = frontier;
        self.recorded = recorded;
        Ok(self.position())
    }

    /// The time of the last batch.
    pub(crate) const fn recorded(&self) -> Timestamp {
        self.recorded
    }

    /// Entries in the log.
    pub(crate) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(crate) const fn position(&self) -> Position {
        Position {
            segment: self.segment.number,
            offset: self.offset,
            size: self.frontier.size(),
        }
    }

    /// Checks that the file being written is still the one that was opened.
    pub(crate) fn check(&self) -> Result<(), RecorderError> {
        self.segment.check(self.place.disk())
    }

    fn head(&self, recorded: Timestamp) -> Head {
        let root = self.frontier.root();
        Head {
            segment: self.segment.number,
            goes_on: false,
            first_index: self.frontier.size(),
            count: 0,
            recorded,
            previous: root,
            root,
        }
    }

    /// Ends this segment and begins the next.
    ///
    /// The next segment is on the disk before this one refers to it, so a missing file is detected. A crash between the
    /// two leaves an empty next segment.
    fn go_on(&mut self) -> Result<(), RecorderError> {
        let next = next_segment(
            &self.place,
            self.segment.number + 1,
            &self.frontier,
            self.recorded,
        )?;
        let head = Head {
            goes_on: true,
            ..self.head(self.recorded)
        };
        self.write(&frame::encode(&head, &[]))?;
        self.segment = next;
        self.offset = SECTOR as u64;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RecorderError> {
        let Segment { file, path, .. } = &self.segment;
        file.write_at(bytes, self.offset).at("write", path)?;
        file.sync().at("sync", path)?;
        self.check()?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

fn next_segment(
    place: &Place,
    number: u64,
    frontier: &Frontier,
    recorded: Timestamp,
) -> Result<Segment, RecorderError> {
    let head = SegmentHead {
        number,
        length: place.segment_bytes,
        first_index: frontier.size(),
        recorded,
        root: frontier.root(),
        origin: place.origin,
    };
    Segment::create(place.disk(), &place.folder, &head)
}

/// The content of a segment, read again from the disk.
pub(crate) fn read_segment(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>, RecorderError> {
    disk.read(path).at("read", path)
}
