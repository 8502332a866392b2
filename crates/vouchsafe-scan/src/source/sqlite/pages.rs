//! The pages of a database file.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use super::super::Progress;
use super::number::{long, short};

/// The size of the header of the file, on the first page.
pub(super) const HEADER: usize = 100;
/// The most pages: half a terabyte in pages of 4 KiB. One bit is held for each.
const PAGES: u64 = 1 << 27;

/// Bytes that can be read at any place.
pub(crate) trait Bytes {
    /// How many there are.
    fn length(&self) -> u64;

    /// Reads bytes at a place; none at the end.
    ///
    /// # Errors
    ///
    /// If the system cannot read there.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// A file, with the length that it had when it was opened.
pub(crate) struct Opened<'f>(pub(crate) &'f File, pub(crate) u64);

impl Bytes for Opened<'_> {
    fn length(&self) -> u64 {
        self.1
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(into, offset)
    }
}

impl Bytes for &[u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..));
        io::Read::read(&mut rest.unwrap_or_default(), into)
    }
}

/// How text is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// What the header of the file says.
pub(super) struct Shape {
    pub(super) page: usize,
    /// What remains of a page without what extensions reserve at its end.
    pub(super) usable: usize,
    pub(super) encoding: Encoding,
    /// How many pages the header counts, where it is to be trusted.
    pub(super) counted: Option<u32>,
}

impl Shape {
    /// Pages of this size, of which nothing else is known.
    pub(super) fn of_pages(page: usize) -> Option<Self> {
        let is_size = page.is_power_of_two() && (512..=65_536).contains(&page);
        is_size.then_some(Self {
            page,
            usable: page,
            encoding: Encoding::Utf8,
            counted: None,
        })
    }

    /// Reads the header of a file.
    pub(super) fn read(header: &[u8]) -> Option<Self> {
        let mut shape = Self::of_pages(match short(header, 16)? {
            1 => 65_536,
            size => size,
        })?;
        shape.usable -= usize::from(*header.get(20)?);
        shape.encoding = match long(header, 56)? {
            2 => Encoding::Utf16Le,
            3 => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        };
        let current = long(header, 24) == long(header, 92);
        shape.counted = long(header, 28).filter(|count| current && *count > 0);
        (shape.usable >= 480).then_some(shape)
    }
}

/// The pages, and which of them were reached.
pub(super) struct Pages<'b> {
    bytes: &'b dyn Bytes,
    pub(super) shape: Shape,
    pub(super) count: u32,
    reached: Vec<u64>,
    /// Why a page could not be read.
    pub(super) failure: Option<io::ErrorKind>,
    progress: &'b Progress,
    /// How many bytes were read.
    pub(super) taken: Rc<Cell<u64>>,
}

impl<'b> Pages<'b> {
    /// How many pages a file of this length has, if their bits can be held.
    pub(super) fn count(length: u64, shape: &Shape) -> Option<u32> {
        let count = length / shape.page as u64;
        (count <= PAGES)
            .then(|| u32::try_from(count).ok())
            .flatten()
    }

    pub(super) fn new(
        bytes: &'b dyn Bytes,
        shape: Shape,
        count: u32,
        progress: &'b Progress,
    ) -> Self {
        Self {
            bytes,
            shape,
            count,
            reached: vec![0; count as usize / 64 + 1],
            failure: None,
            progress,
            taken: Rc::default(),
        }
    }

    /// Forgets what was reached.
    pub(super) fn forget(&mut self) {
        self.reached.fill(0);
    }

    /// Marks a page as reached. Returns false where there is no such page, or it was reached before: INVARIANT
    /// (page-once): each page is read as a part of one tree or chain, so that no loop in them has no end.
    pub(super) fn reach(&mut self, number: u32) -> bool {
        if number == 0 || number > self.count {
            return false;
        }
        let Some(bits) = self.reached.get_mut(number as usize / 64) else {
            return false;
        };
        let bit = 1 << (number % 64);
        let new = *bits & bit == 0;
        *bits |= bit;
        new
    }

    pub(super) fn is_reached(&self, number: u32) -> bool {
        let bits = self.reached.get(number as usize / 64);
        bits.is_some_and(|bits| bits & 1 << (number % 64) != 0)
    }

    /// Where a page begins in the file.
    pub(super) fn offset(&self, number: u32) -> u64 {
        u64::from(number.saturating_sub(1)) * self.shape.page as u64
    }

    /// Reads a page. Returns whether all of it was there.
    pub(super) fn load(&mut self, number: u32, into: &mut Vec<u8>) -> bool {
        into.resize(self.shape.page, 0);
        self.load_at(self.offset(number), into)
    }

    /// Fills the buffer with bytes from a place on; shortens it at the end of the file.
    pub(super) fn load_at(&mut self, offset: u64, into: &mut Vec<u8>) -> bool {
        let mut filled = 0;
        while filled < into.len() && !self.progress.is_stopped() {
            let free = into.get_mut(filled..).unwrap_or_default();
            match self.bytes.read_at(free, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure.get_or_insert(error.kind());
                    break;
                }
            }
        }
        self.taken.set(self.taken.get() + filled as u64);
        self.progress.bytes.fetch_add(filled as u64, Relaxed);
        let whole = filled == into.len();
        into.truncate(filled);
        whole
    }
}
