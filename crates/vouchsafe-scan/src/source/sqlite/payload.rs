//! What a row holds: bytes on its page and in a chain of others, and the values in them.

use super::super::feed::Source;
use super::number::{long, variable};
use super::pages::Pages;
use super::tree::Cell;

/// The most bytes of a header of a record: a table has 2000 columns, or 32767 where it was built so.
const HEADER: u64 = 128 << 10;

/// The bytes of a row, as a stream.
pub(super) struct Payload<'p, 'b> {
    local: &'p [u8],
    pages: &'p mut Pages<'b>,
    /// A page of the chain; what was read of it.
    page: &'p mut Vec<u8>,
    at: usize,
    next: u32,
    left: u64,
    /// The page that is held.
    number: u32,
}

impl<'p, 'b> Payload<'p, 'b> {
    /// The bytes of a cell; a buffer is lent for pages of its chain.
    pub(super) const fn new(
        cell: &Cell<'p>,
        pages: &'p mut Pages<'b>,
        page: &'p mut Vec<u8>,
    ) -> Self {
        Self {
            local: cell.local,
            pages,
            page,
            at: 0,
            next: cell.overflow,
            left: cell.length,
            number: 0,
        }
    }

    /// How many bytes were not read.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// Passes over the rest. Returns whether all of it was there, and the place in the file of what the last page of the
    /// chain holds beyond it.
    pub(super) fn finish(mut self) -> (bool, Option<(u64, usize)>) {
        let mut buffer = [0; 512];
        while self.left > 0 && self.pull(&mut buffer) > 0 {}
        let tail = (self.number > 0).then(|| (self.pages.offset(self.number), self.at));
        (self.left == 0, tail)
    }

    /// The next bytes that are at hand.
    fn chunk(&mut self) -> &[u8] {
        if !self.local.is_empty() || self.left == 0 {
            return self.local;
        }
        let usable = self.pages.shape.usable;
        if self.number == 0 || self.at >= usable {
            let number = self.next;
            if !self.pages.reach(number) || !self.pages.load(number, self.page) {
                return &[];
            }
            self.next = long(self.page, 0).unwrap_or_default();
            self.number = number;
            self.at = 4;
        }
        self.page.get(self.at..usable).unwrap_or_default()
    }
}

impl Source for Payload<'_, '_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let mut filled = 0;
        while filled < room {
            let mut chunk = self.chunk();
            let count = chunk.pull(into.get_mut(filled..room).unwrap_or_default());
            if count == 0 {
                break;
            }
            filled += count;
            self.left -= count as u64;
            match self.local.get(count..) {
                Some(rest) if !self.local.is_empty() => self.local = rest,
                _ => self.at += count,
            }
        }
        filled
    }
}

/// The type of a value, and with it its length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Serial {
    Null,
    /// A number of so many bytes.
    Integer(u64),
    /// Zero or one, which need no bytes.
    Constant(u8),
    Real,
    Blob(u64),
    Text(u64),
}

impl Serial {
    pub(super) const fn new(code: u64) -> Option<Self> {
        Some(match code {
            0 => Self::Null,
            1..=4 => Self::Integer(code),
            5 => Self::Integer(6),
            6 => Self::Integer(8),
            7 => Self::Real,
            8 => Self::Constant(0),
            9 => Self::Constant(1),
            10 | 11 => return None,
            code if code % 2 == 0 => Self::Blob((code - 12) / 2),
            code => Self::Text((code - 13) / 2),
        })
    }

    pub(super) const fn length(self) -> u64 {
        match self {
            Self::Null | Self::Constant(_) => 0,
            Self::Real => 8,
            Self::Integer(length) | Self::Blob(length) | Self::Text(length) => length,
        }
    }
}

/// Reads the types of the values of a record. Returns whether they are whole.
pub(super) fn header(
    payload: &mut Payload<'_, '_>,
    buffer: &mut Vec<u8>,
    types: &mut Vec<Serial>,
) -> bool {
    types.clear();
    let mut front = [0; 9];
    // The length of the header counts itself.
    let mut held = 0;
    let length = loop {
        if let Some((length, _)) = variable(front.get(..held).unwrap_or_default()) {
            break length;
        }
        let byte = front.get_mut(held..held + 1).unwrap_or_default();
        if payload.pull(byte) == 0 {
            return false;
        }
        held += 1;
    };
    let Some(length) = length
        .checked_sub(held as u64)
        .filter(|length| *length <= HEADER)
    else {
        return false;
    };
    buffer.resize(usize::try_from(length).unwrap_or_default(), 0);
    if payload.pull(buffer) < buffer.len() {
        return false;
    }
    read_types(buffer, types)
}

/// Adds the types that these bytes list. Returns whether they are whole.
pub(super) fn read_types(bytes: &[u8], types: &mut Vec<Serial>) -> bool {
    let mut rest = bytes;
    while let Some((code, after)) = variable(rest) {
        let Some(serial) = Serial::new(code) else {
            return false;
        };
        types.push(serial);
        rest = after;
    }
    rest.is_empty()
}
