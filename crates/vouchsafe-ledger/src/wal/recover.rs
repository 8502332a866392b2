//! Reads the write-ahead log at a start, and refuses anything that a crash cannot explain.
//!
//! A crash explains a torn last frame, which is removed. Any other difference is damage: the data may have been
//! acknowledged, so nothing is removed and the recorder does not start.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vouchsafe_tlog::{Frontier, Hash, hash_leaf};

use super::frame::{Found, Frame, SECTOR, find};
use super::segment::{self, Segment, SegmentHead};
use super::{Place, Position, Wal, read_segment};
use crate::error::{At, RecorderError, damaged};
use crate::leaf;

/// The log as found; nothing was changed yet.
#[derive(Debug)]
pub(crate) struct Recovered {
    frontier: Frontier,
    recorded: Timestamp,
    /// The end of the log, in the last segment.
    end: u64,
    last: u64,
    /// The ranges of a torn frame after the end, per segment: they are filled with zeros.
    torn: Vec<Torn>,
    /// An empty next segment, left by a crash before this one could refer to it.
    leftover: Option<PathBuf>,
    /// The first segment and the position after the checkpoint, where integration continues.
    pub(crate) oldest: u64,
    pub(crate) resume: Position,
}

/// Maximum length of a batch, and so of a torn one after the end.
const MAX_TORN: usize = 8 << 20;

/// A file, and the range in it with the rest of a torn frame.
type Torn = (PathBuf, u64, u64);

/// A running scan over all segments.
struct Scan<'a> {
    place: &'a Place,
    /// The tree at the checkpoint, then after each frame that follows it.
    frontier: Frontier,
    anchor: u64,
    next_index: u64,
    root: Hash,
    recorded: Timestamp,
    resume: Option<Position>,
    torn: Vec<Torn>,
}

/// The end of a segment, and its kind.
struct SegmentEnd {
    offset: u64,
    goes_on: bool,
}

/// Scans the log; `at_checkpoint` is the tree of the verified checkpoint and its tiles.
///
/// Every whole frame is passed to `visit`, in order, including those before the checkpoint.
pub(crate) fn recover(
    place: &Place,
    at_checkpoint: &Frontier,
    mut visit: impl FnMut(&Frame<'_>),
) -> Result<Recovered, RecorderError> {
    let numbers = segment::numbers(place.disk(), &place.folder)?;
    let (Some(oldest), Some(mut last)) = (numbers.first().copied(), numbers.last().copied()) else {
        let what = "the log has a checkpoint, so it has a write-ahead log";
        return Err(missing(place, 1, what));
    };
    let mut scan = Scan::new(place, at_checkpoint);
    let mut end = SECTOR as u64;
    let mut leftover = None;
    for number in oldest..=last {
        if !numbers.contains(&number) {
            let what = "the segments before and after it are there";
            return Err(missing(place, number, what));
        }
        let segment = scan.segment(number, number == oldest, &mut visit)?;
        end = segment.offset;
        if number == last && segment.goes_on {
            let what = "the previous segment says that the log continues in it";
            return Err(missing(place, number + 1, what));
        }
        if number != last && !segment.goes_on {
            leftover = Some(scan.unfinished(number, last)?);
            last = number;
            break;
        }
    }
    let (torn, resume) = scan.end(last, end)?;
    Ok(Recovered {
        frontier: scan.frontier,
        recorded: scan.recorded,
        end,
        last,
        torn,
        leftover,
        oldest,
        resume,
    })
}

impl<'a> Scan<'a> {
    fn new(place: &'a Place, at_checkpoint: &Frontier) -> Self {
        Self {
            place,
            frontier: at_checkpoint.clone(),
            anchor: at_checkpoint.size(),
            next_index: 0,
            root: Hash::empty_root(),
            recorded: Timestamp::MIN,
            resume: None,
            torn: Vec::new(),
        }
    }

    /// The log MUST reach its checkpoint, and have a batch that ends there.
    fn end(&mut self, last: u64, end: u64) -> Result<(Vec<Torn>, Position), RecorderError> {
        let bad = |what| damaged(&self.place.path(last), end, what);
        if self.next_index < self.anchor {
            return Err(bad("the log ends before its own checkpoint"));
        }
        let resume = self.resume;
        let resume = resume.ok_or_else(|| bad("no batch ends where the checkpoint was made"))?;
        Ok((std::mem::take(&mut self.torn), resume))
    }

    fn segment(
        &mut self,
        number: u64,
        oldest: bool,
        visit: &mut impl FnMut(&Frame<'_>),
    ) -> Result<SegmentEnd, RecorderError> {
        let path = self.place.path(number);
        let bytes = read_segment(self.place.disk(), &path)?;
        self.segment_head(&path, &bytes, number, oldest)?;
        self.mark(number, SECTOR as u64);
        let mut offset = SECTOR;
        loop {
            let rest = bytes.get(offset..).unwrap_or_default();
            match find(rest, number) {
                Found::Frame(frame) => {
                    self.frame(&path, offset as u64, &frame)?;
                    visit(&frame);
                    offset += frame.length;
                    if frame.head.goes_on {
                        self.tail(&path, &bytes, offset, number)?;
                        return Ok(SegmentEnd {
                            offset: offset as u64,
                            goes_on: true,
                        });
                    }
                    self.mark(number, offset as u64);
                }
                Found::Damaged => {
                    return Err(damaged(
                        &path,
                        offset as u64,
                        "a batch is not as it was written",
                    ));
                }
                Found::Nothing | Found::Torn => {
                    self.tail(&path, &bytes, offset, number)?;
                    return Ok(SegmentEnd {
                        offset: offset as u64,
                        goes_on: false,
                    });
                }
            }
        }
    }

    fn segment_head(
        &mut self,
        path: &Path,
        bytes: &[u8],
        number: u64,
        oldest: bool,
    ) -> Result<(), RecorderError> {
        let bad = |what| Err(damaged(path, 0, what));
        let Ok(head) = SegmentHead::decode(bytes) else {
            return bad("its first sector is not as it was written");
        };
        if head.origin != self.place.origin {
            return bad("it belongs to another log");
        }
        if head.number != number || head.length != bytes.len() as u64 {
            return bad("its number or its length is not what its first sector says");
        }
        if oldest {
            if head.first_index > self.anchor {
                return bad("the entries between the checkpoint and this segment are missing");
            }
            (self.next_index, self.root, self.recorded) =
                (head.first_index, head.root, head.recorded);
        } else if head.first_index != self.next_index || head.root != self.root {
            return bad("it does not continue the segment before it");
        }
        Ok(())
    }

    /// Checks that the frame continues the log and, after the checkpoint, that its entries give its root.
    fn frame(&mut self, path: &Path, offset: u64, frame: &Frame<'_>) -> Result<(), RecorderError> {
        let bad = |what| Err(damaged(path, offset, what));
        let head = &frame.head;
        let first = frame.entries.first();
        let went_back = head.recorded < self.recorded
            && !first.is_some_and(|first| leaf::corrects_clock(first.leaf));
        if head.first_index != self.next_index || head.previous != self.root || went_back {
            return bad("a batch does not continue the one before it");
        }
        if head.first_index >= self.anchor {
            for entry in &frame.entries {
                self.frontier.push(hash_leaf(entry.leaf));
            }
            if self.frontier.root() != head.root {
                return bad("the entries of a batch do not hash to its root");
            }
        } else if frame.next_index() > self.anchor {
            return bad("the checkpoint was made within a batch");
        }
        (self.next_index, self.root, self.recorded) =
            (frame.next_index(), head.root, head.recorded);
        if self.next_index == self.anchor && self.root != self.frontier.root() {
            return bad("the log and its checkpoint have different roots");
        }
        Ok(())
    }

    /// Remembers the latest position before which there are exactly the entries of the checkpoint.
    fn mark(&mut self, segment: u64, offset: u64) {
        if self.next_index == self.anchor {
            self.resume = Some(Position {
                segment,
                offset,
                size: self.anchor,
            });
        }
    }

    /// After the last whole frame only zeros or the rest of one torn frame may follow, never another whole one.
    fn tail(
        &mut self,
        path: &Path,
        bytes: &[u8],
        end: usize,
        number: u64,
    ) -> Result<(), RecorderError> {
        let rest = bytes.get(end..).unwrap_or_default();
        for (sector, _) in rest.chunks(SECTOR).enumerate() {
            let here = rest.get(sector * SECTOR..).unwrap_or_default();
            if matches!(find(here, number), Found::Frame(_)) {
                return Err(damaged(
                    path,
                    end as u64,
                    "a batch is not as it was written, and a good one follows it",
                ));
            }
        }
        if let Some(last) = rest.iter().rposition(|byte| *byte != 0) {
            self.torn
                .push((path.to_owned(), end as u64, (end + last + 1) as u64));
        }
        Ok(())
    }

    /// A segment without a reference to the next one, though another follows: the crash came between the two.
    fn unfinished(&self, number: u64, last: u64) -> Result<PathBuf, RecorderError> {
        // The next segment is removed, and created again when needed: it MUST be empty.
        let next = self.place.path(number + 1);
        let bytes = read_segment(self.place.disk(), &next)?;
        let used = bytes
            .get(SECTOR..)
            .unwrap_or_default()
            .iter()
            .any(|byte| *byte != 0);
        if number + 1 != last || used {
            return Err(damaged(
                &self.place.path(number),
                0,
                "the log continues in the next segment without a mark",
            ));
        }
        Ok(next)
    }
}

fn missing(place: &Place, number: u64, what: &'static str) -> RecorderError {
    RecorderError::Missing {
        path: place.path(number),
        what,
    }
}

impl Recovered {
    /// Entries in the log.
    pub(crate) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// When the last batch was recorded.
    pub(crate) const fn recorded(&self) -> Timestamp {
        self.recorded
    }

    /// Removes the rests of a crash and opens the log for writing.
    pub(crate) fn open(self, place: Place) -> Result<Wal, RecorderError> {
        segment::clean(place.disk(), &place.folder)?;
        if let Some(leftover) = &self.leftover {
            place.disk().remove(leftover).at("remove", leftover)?;
            place
                .disk()
                .sync_dir(&place.folder)
                .at("sync", &place.folder)?;
        }
        for (path, from, to) in &self.torn {
            let file = place.disk().open(path).at("open", path)?;
            let length = usize::try_from(to - from).map_err(|_| RecorderError::Internal)?;
            file.write_at(&vec![0; length], *from).at("write", path)?;
            file.sync().at("sync", path)?;
        }
        self.write_again(&place)?;
        let segment = Segment::open(place.disk(), &place.folder, self.last)?;
        Ok(Wal {
            segment,
            offset: self.end,
            frontier: self.frontier,
            recorded: self.recorded,
            place,
        })
    }

    /// Writes the log again from the checkpoint on, with the same bytes, and zeros after them.
    ///
    /// It may have been read from the page cache of a system whose disk had refused it: after a failed sync the pages
    /// count as clean, and a later sync does not write them (other databases lost data this way).
    fn write_again(&self, place: &Place) -> Result<(), RecorderError> {
        for number in self.resume.segment..=self.last {
            let path = place.path(number);
            let mut bytes = read_segment(place.disk(), &path)?;
            let (mut from, mut to) = (0, bytes.len());
            if number == self.resume.segment {
                from = usize::try_from(self.resume.offset).map_err(|_| RecorderError::Internal)?;
            }
            if number == self.last {
                let end = usize::try_from(self.end).map_err(|_| RecorderError::Internal)?;
                bytes.get_mut(end..).unwrap_or_default().fill(0);
                to = to.min(end + MAX_TORN);
            }
            let file = place.disk().open(&path).at("open", &path)?;
            let again = bytes.get(from..to).unwrap_or_default();
            file.write_at(again, from as u64).at("write", &path)?;
            file.sync().at("sync", &path)?;
        }
        Ok(())
    }
}
