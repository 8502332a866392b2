//! Text, split into lines.

use memchr::{memchr, memchr2_iter, memrchr, memrchr2, memrchr3};

use super::feed::Source;
use super::utf16::ByteOrder;
use super::{Line, Place, Sink, runs};

/// The longest line that is handed on in one piece.
pub(super) const LINE: usize = 1 << 20;
/// How much is read at once: more would leave the processor's cache.
const BLOCK: usize = 128 << 10;
/// How far before its end a long line is searched for a place to cut it.
const CUT: usize = 4 << 10;
/// The shortest run of text between zeros in a line.
const RUN: usize = 3;

/// The bytes that are being looked at, for one document after another.
pub(super) struct Window {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; LINE + BLOCK].into(),
            start: 0,
            end: 0,
        }
    }

    pub(super) const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    pub(super) fn held(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Lets go of so many bytes at the front.
    pub(super) fn release(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Adds a block. Returns how many bytes came; none at the end, or when there is no room.
    pub(super) fn fill(&mut self, source: &mut (impl Source + ?Sized)) -> usize {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = self.bytes.len().min(self.end + BLOCK);
        let free = self.bytes.get_mut(self.end..room).unwrap_or_default();
        let count = source.pull(free);
        self.end += count;
        count
    }
}

/// What bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Text in UTF-8 or in an encoding of single bytes.
    Text,
    /// Text in UTF-16, after so many bytes of a mark.
    Utf16(ByteOrder, usize),
    /// Anything else.
    Binary,
}

impl Kind {
    /// What bytes are that begin with these.
    pub(super) fn of(sample: &[u8]) -> Self {
        if sample.starts_with(b"\xff\xfe") {
            return Self::Utf16(ByteOrder::Little, 2);
        }
        if sample.starts_with(b"\xfe\xff") {
            return Self::Utf16(ByteOrder::Big, 2);
        }
        let (units, _) = sample.as_chunks::<2>();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let plain = |unit: &&[u8; 2]| is_plain(order.unit(**unit));
            // At least 70 of 100 are, which no other kind of bytes comes near.
            if units.len() >= 4 && units.iter().filter(plain).count() * 10 >= units.len() * 7 {
                return Self::Utf16(order, 0);
            }
        }
        let zeros = sample.iter().filter(|byte| **byte == 0).count();
        let controls = sample.iter().filter(|byte| is_control(**byte)).count();
        if zeros * 100 > sample.len() * 15 || controls * 100 > sample.len() * 4 {
            return Self::Binary;
        }
        Self::Text
    }
}

/// A character of Latin text or a line break, in UTF-16.
const fn is_plain(unit: u16) -> bool {
    matches!(unit, 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0xa0..=0xff)
}

/// A byte that no text has, but for those that terminals and HL7 use.
const fn is_control(byte: u8) -> bool {
    matches!(byte, 1..=6 | 0x0e..=0x1a | 0x7f)
}

/// Hands on the lines of a source, which end at `\n`, at `\r\n` or at `\r`.
pub(super) fn lines(window: &mut Window, source: &mut dyn Source, sink: &mut impl Sink) {
    window.clear();
    let mut lines = Lines {
        sink,
        number: 1,
        offset: 0,
        after_return: false,
        zeros: false,
    };
    let mut searched = 0;
    loop {
        let count = window.fill(source);
        let done = lines.block(window.held(), searched, count == 0);
        window.release(done);
        searched = window.held().len();
        if count == 0 {
            return;
        }
    }
}

struct Lines<'s, S> {
    sink: &'s mut S,
    number: u64,
    /// How much of the line was handed on.
    offset: u64,
    /// Whether a `\r` was last, to which a `\n` belongs.
    after_return: bool,
    /// Whether there may be zeros among the bytes that are held.
    zeros: bool,
}

impl<S: Sink> Lines<'_, S> {
    /// Hands on the lines of a block whose front was searched before. Returns how many bytes are done with.
    fn block(&mut self, held: &[u8], searched: usize, last: bool) -> usize {
        let new = held.get(searched..).unwrap_or_default();
        self.zeros |= memchr(0, new).is_some();
        let mut start = 0;
        for at in memchr2_iter(b'\n', b'\r', new) {
            let at = searched + at;
            let is_return = held.get(at) == Some(&b'\r');
            if self.after_return && at == start && !is_return {
                self.after_return = false;
            } else {
                self.piece(held.get(start..at).unwrap_or_default());
                self.number += 1;
                self.offset = 0;
                self.after_return = is_return;
            }
            start = at + 1;
        }
        let mut rest = held.get(start..).unwrap_or_default();
        while rest.len() > LINE {
            let (piece, after) = rest.split_at(cut(rest, LINE));
            self.piece(piece);
            self.offset += piece.len() as u64;
            rest = after;
        }
        if last && !rest.is_empty() {
            self.piece(rest);
            rest = &[];
        }
        self.zeros = self.zeros && memchr(0, rest).is_some();
        held.len() - rest.len()
    }

    fn piece(&mut self, bytes: &[u8]) {
        let (place, offset) = (Place::Line(self.number), self.offset);
        if !self.zeros || memchr(0, bytes).is_none() {
            return self.sink.line(Line {
                place,
                offset,
                bytes,
            });
        }
        runs::runs(bytes, RUN, true, &mut |at, bytes| {
            let offset = offset + at as u64;
            self.sink.line(Line {
                place,
                offset,
                bytes,
            });
        });
    }
}

/// Where to cut bytes that are longer than the limit: after a character at which a value ends, else after a blank, else
/// after a whole character.
pub(super) fn cut(bytes: &[u8], limit: usize) -> usize {
    let limit = limit.min(bytes.len());
    let from = limit.saturating_sub(CUT);
    let near = bytes.get(from..limit).unwrap_or_default();
    let value = memrchr3(b',', b'}', b';', near).max(memrchr2(b'|', b'&', near));
    let value = value.max(memchr::memmem::rfind(near, b"\\n").map(|at| at + 1));
    let blank = || memrchr2(b' ', b'\t', near).or_else(|| memrchr(0, near));
    if let Some(at) = value.or_else(blank) {
        return from + at + 1;
    }
    let continues = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let whole = (limit.saturating_sub(3)..=limit)
        .rev()
        .find(|at| !continues(at));
    whole.filter(|at| *at > 0).unwrap_or(limit)
}
