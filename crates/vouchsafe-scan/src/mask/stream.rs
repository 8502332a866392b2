//! Masking of a stream: lines of any length in bounded memory.

use std::fmt;

use super::around::is_continuation;
use super::{Counts, Masker, NotScanned, Written};
use crate::finding::Finding;

/// A line up to this many bytes is masked as a whole; a longer one in parts.
pub const LONGEST_WHOLE_LINE: usize = 1 << 20;
/// What is kept on both sides of a cut: the longest value that is sure to be seen whole.
const OVERLAP: usize = 4096;
/// What is held of a line, at most.
const HELD: usize = LONGEST_WHOLE_LINE + OVERLAP;
/// Memory above this is given back after a line.
const SPARE: usize = 1 << 18;

/// Whether a masked text ends its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ends {
    /// It does, with its line break if it had one.
    Line,
    /// It is a part; another one of the same line follows.
    GoesOn,
}

#[derive(Clone, Copy)]
enum Long {
    /// Nothing of the line at hand was written yet.
    No,
    /// A part of it was.
    Yes,
    /// A part of it was, and ended in a value that goes on.
    InValue,
    /// It is withheld.
    Withheld,
}

/// Masks a stream of bytes, however it is cut into reads.
///
/// A complete line is handed on at once. A line above [`LONGEST_WHOLE_LINE`] is handed on in parts: 4 KiB on both sides
/// of a cut are scanned with either part, so that a value up to that length is masked wherever the cut is; a longer one
/// (a photograph in base64) is masked up to the first sign that cannot be part of it. A last line without line break
/// is handed on by [`Stream::finish`].
pub struct Stream<'d> {
    masker: Masker<'d>,
    /// What is held of the line at hand; what stands before `from` is written.
    held: Vec<u8>,
    from: usize,
    long: Long,
    out: Vec<u8>,
    lines: u64,
    bytes: u64,
    line_bytes: u64,
    longest: u64,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("masker", &self.masker)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl<'d> Stream<'d> {
    /// A stream that begins.
    #[must_use]
    pub fn new(mut masker: Masker<'d>) -> Self {
        masker.begin();
        Self {
            masker,
            held: Vec::new(),
            from: 0,
            long: Long::No,
            out: Vec::new(),
            lines: 0,
            bytes: 0,
            line_bytes: 0,
            longest: 0,
        }
    }

    /// Forgets the document: what comes next is another. What was not handed on is lost.
    pub fn begin(&mut self) {
        self.masker.begin();
        self.held.clear();
        self.from = 0;
        self.line_bytes = 0;
        self.long = Long::No;
    }

    /// Takes the next bytes; hands on what they complete.
    pub fn push(&mut self, mut bytes: &[u8], each: &mut impl FnMut(&[u8], Ends)) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            bytes = rest.get(1..).unwrap_or_default();
            self.line_bytes = self.line_bytes.saturating_add(line.len() as u64);
            if self.held.is_empty()
                && matches!(self.long, Long::No)
                && line.len() <= LONGEST_WHOLE_LINE
            {
                self.whole_line(line, b"\n");
            } else {
                self.hold(line, each);
                self.end_of_line(b"\n");
            }
            self.hand_on_line(each);
        }
        self.line_bytes = self.line_bytes.saturating_add(bytes.len() as u64);
        self.hold(bytes, each);
    }

    /// The stream has ended: hands on the rest, if there is any.
    pub fn finish(&mut self, each: &mut impl FnMut(&[u8], Ends)) {
        if self.line_bytes == 0 {
            return;
        }
        self.end_of_line(b"");
        self.hand_on_line(each);
    }

    /// What was masked so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.masker.counts()
    }

    /// How many lines have ended.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes came.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes of the longest line so far.
    #[must_use]
    pub fn longest(&self) -> u64 {
        self.longest.max(self.line_bytes)
    }

    fn hand_on_line(&mut self, each: &mut impl FnMut(&[u8], Ends)) {
        each(&self.out, Ends::Line);
        self.out.clear();
        self.out.shrink_to(SPARE);
        self.lines = self.lines.saturating_add(1);
        self.longest = self.longest.max(self.line_bytes);
        self.line_bytes = 0;
    }

    fn whole_line(&mut self, line: &[u8], end: &[u8]) {
        let (line, carriage_return) = without_return(line);
        self.masker.line(line, &mut self.out);
        self.out.extend_from_slice(carriage_return);
        self.out.extend_from_slice(end);
    }

    /// Holds bytes of the line at hand; hands on parts when they are too many.
    fn hold(&mut self, mut bytes: &[u8], each: &mut impl FnMut(&[u8], Ends)) {
        while !bytes.is_empty() {
            let room = HELD.saturating_sub(self.held.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at(room);
            self.held.extend_from_slice(taken);
            bytes = rest;
            if self.held.len() >= HELD {
                self.part(each);
            }
        }
    }

    /// Hands on a part of a line that is too long.
    fn part(&mut self, each: &mut impl FnMut(&[u8], Ends)) {
        self.leave_value();
        if matches!(self.long, Long::Withheld | Long::InValue) || self.held.len() < HELD / 2 {
            return;
        }
        if matches!(self.long, Long::No) {
            self.masker.begin_line();
        }
        match self.masker.part(&self.held, self.from, &mut self.out) {
            Ok(Written { to, open }) => {
                self.long = if open { Long::InValue } else { Long::Yes };
                self.keep_from(to);
            }
            Err(NotScanned) => self.withhold(),
        }
        each(&self.out, Ends::GoesOn);
        self.out.clear();
    }

    /// Keeps what was not written, and some of what was.
    fn keep_from(&mut self, written: usize) {
        if let Long::InValue = self.long {
            self.masker.forget(self.held.len());
            self.held.clear();
            self.from = 0;
            return;
        }
        let mut start = written.saturating_sub(OVERLAP);
        while start > 0
            && self
                .held
                .get(start)
                .is_some_and(|byte| is_continuation(*byte))
            && written - start < OVERLAP + 3
        {
            start -= 1;
        }
        self.held.drain(..start);
        self.from = written - start;
        self.masker.forget(start);
    }

    /// Leaves out what is held as long as it is part of a value that goes on, or of a line that is withheld.
    fn leave_value(&mut self) {
        match self.long {
            Long::No | Long::Yes => return,
            Long::Withheld => self.held.clear(),
            Long::InValue => match end_of_value(&self.held) {
                Some(end) => {
                    self.held.drain(..end);
                    self.long = Long::Yes;
                }
                None => self.held.clear(),
            },
        }
        self.from = 0;
    }

    fn withhold(&mut self) {
        self.masker.withhold(&self.held, &mut self.out);
        self.held.clear();
        self.from = 0;
        self.long = Long::Withheld;
    }

    fn end_of_line(&mut self, end: &[u8]) {
        let held = std::mem::take(&mut self.held);
        if let Long::No = self.long {
            self.whole_line(&held, end);
            self.held = held;
        } else {
            self.held = held;
            let ended_with_return = self.held.last() == Some(&b'\r');
            if ended_with_return {
                self.held.pop();
            }
            self.leave_value();
            let from = self.from;
            if matches!(self.long, Long::Yes)
                && self
                    .masker
                    .last_part(&self.held, from, &mut self.out)
                    .is_err()
            {
                self.withhold();
            }
            self.out
                .extend_from_slice(if ended_with_return { b"\r" } else { b"" });
            self.out.extend_from_slice(end);
        }
        self.held.clear();
        self.held.shrink_to(SPARE);
        self.from = 0;
        self.long = Long::No;
    }
}

fn without_return(line: &[u8]) -> (&[u8], &[u8]) {
    line.strip_suffix(b"\r")
        .map_or((line, b""), |line| (line, b"\r"))
}

/// How far a part of a line can be written: up to a sign between values, `OVERLAP` before its end, in no value.
pub(super) fn cut(text: &[u8], from: usize, found: &[Finding]) -> Written {
    let limit = text.len().saturating_sub(OVERLAP).max(from);
    let across = found
        .iter()
        .find(|finding| finding.span.start < limit && finding.span.end > limit);
    if let Some(finding) = across {
        let open = finding.span.end == text.len();
        return Written {
            to: finding.span.end,
            open,
        };
    }
    let window = text
        .get(limit.saturating_sub(OVERLAP).max(from)..limit)
        .unwrap_or_default();
    let mut to = match window.iter().rposition(|byte| is_between(*byte)) {
        Some(at) => limit - window.len() + at + 1,
        None => whole_character(text, limit),
    };
    if let Some(finding) = found
        .iter()
        .find(|finding| finding.span.start < to && finding.span.end > to)
    {
        to = finding.span.end;
    }
    Written { to, open: false }
}

fn whole_character(text: &[u8], at: usize) -> usize {
    let mut start = at;
    while start > 0 && at - start < 3 && text.get(start).is_some_and(|byte| is_continuation(*byte))
    {
        start -= 1;
    }
    start
}

/// Whether a byte stands between values rather than in one.
const fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            0 | b',' | b';' | b'|' | b'&' | b'{' | b'}' | b'[' | b']'
        )
}

/// Where a value that began in an earlier part ends. Escaped slashes and line breaks, as in base64, are part of it.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if matches!(text.get(at + 1), Some(b'/' | b'n' | b'r')) => at += 2,
            b'\\' | b'"' | b'\'' | b'<' | b'>' => return Some(at),
            byte if is_between(*byte) => return Some(at),
            _ => at += 1,
        }
    }
    None
}
