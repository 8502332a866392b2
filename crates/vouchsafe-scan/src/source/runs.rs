//! Runs of text among other bytes: core dumps, programs, pictures.

use super::feed::Source;
use super::text::{LINE, Window, cut};
use super::utf16::{ByteOrder, Turn};
use super::{Line, Place, Sink};

/// The shortest run of text, in characters.
const RUN: usize = 6;

/// Hands on the runs of text of a source whose first byte stands at this offset.
pub(super) fn binary(
    window: &mut Window,
    offset: u64,
    source: &mut dyn Source,
    sink: &mut impl Sink,
) {
    window.clear();
    let mut offset = offset;
    loop {
        let count = window.fill(source);
        let held = window.held();
        let full = held.len() >= LINE;
        let held = if full {
            held.get(..cut(held, LINE)).unwrap_or_default()
        } else {
            held
        };
        let done = runs(held, RUN, full || count == 0, &mut |at, bytes| {
            sink.line(Line {
                place: Place::Byte(offset + at as u64),
                offset: 0,
                bytes,
            });
        });
        window.release(done);
        offset += done as u64;
        if count == 0 && window.held().is_empty() {
            return;
        }
    }
}

/// Hands on the runs of text in bytes that are at hand.
pub(super) fn binary_block(bytes: &[u8], offset: u64, sink: &mut impl Sink) {
    runs(bytes, RUN, true, &mut |at, bytes| {
        sink.line(Line {
            place: Place::Byte(offset + at as u64),
            offset: 0,
            bytes,
        });
    });
}

/// Calls for each run of at least so many characters, in UTF-8 or UTF-16, with its place. Returns how many bytes are
/// done with: not all when a run may go on after them and they are not the last.
pub(super) fn runs(
    bytes: &[u8],
    least: usize,
    last: bool,
    run: &mut impl FnMut(usize, &[u8]),
) -> usize {
    let mut at = 0;
    let mut wide = Turn::new(ByteOrder::Little);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(step) = rest.iter().position(|byte| is_start(*byte)) else {
            return bytes.len();
        };
        at += step;
        let narrow = Run::narrow(bytes, at);
        // One byte more stays: it may be half of a unit.
        if narrow.end == bytes.len() && !last {
            return at.saturating_sub(1);
        }
        if narrow.characters >= least {
            run(at, bytes.get(at..narrow.end).unwrap_or_default());
            at = narrow.end;
            continue;
        }
        let Some((order, found)) = Run::wide(bytes, at) else {
            at = narrow.end.max(at + 1);
            continue;
        };
        if found.end + 1 >= bytes.len() && !last {
            return at.saturating_sub(1);
        }
        if found.characters >= least {
            wide.text.clear();
            wide.set_order(order);
            wide.bytes(bytes.get(found.start..found.end).unwrap_or_default());
            wide.end();
            run(found.start, &wide.text);
        }
        at = found.end.max(narrow.end);
    }
}

/// A run of text.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
    characters: usize,
}

impl Run {
    /// The run of UTF-8 from here on. At the end of the bytes, half a character counts as part of it.
    fn narrow(bytes: &[u8], start: usize) -> Self {
        let (mut end, mut characters) = (start, 0);
        while let Some(byte) = bytes.get(end) {
            let length = match byte {
                b'\t' | b' '..=b'~' => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => break,
            };
            if length > 1 {
                // Most bytes that are no text fail here.
                if bytes.get(end + 1).is_some_and(|next| next & 0xc0 != 0x80) {
                    break;
                }
                let Some(character) = bytes.get(end..end + length) else {
                    end = bytes.len();
                    break;
                };
                if std::str::from_utf8(character).is_err() {
                    break;
                }
            }
            end += length;
            characters += 1;
        }
        Self {
            start,
            end,
            characters,
        }
    }

    /// The run of UTF-16 whose first character is ASCII and has its byte here: the longer one of both byte orders.
    fn wide(bytes: &[u8], at: usize) -> Option<(ByteOrder, Self)> {
        let before = at
            .checked_sub(1)
            .filter(|before| bytes.get(*before) == Some(&0));
        let little = bytes.get(at + 1) == Some(&0);
        let little = little.then(|| Self::units(bytes, at, ByteOrder::Little));
        let big = before.map(|before| Self::units(bytes, before, ByteOrder::Big));
        match (little, big) {
            (Some(little), Some(big)) if big.characters > little.characters => {
                Some((ByteOrder::Big, big))
            }
            (Some(little), _) => Some((ByteOrder::Little, little)),
            (None, Some(big)) => Some((ByteOrder::Big, big)),
            (None, None) => None,
        }
    }

    fn units(bytes: &[u8], start: usize, order: ByteOrder) -> Self {
        let (units, _) = bytes.get(start..).unwrap_or_default().as_chunks::<2>();
        let text = |unit: &&[u8; 2]| is_wide(order.unit(**unit));
        let characters = units.iter().take_while(text).count();
        Self {
            start,
            end: start + characters * 2,
            characters,
        }
    }
}

/// A byte with which a run begins.
const fn is_start(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0xc2..=0xf4)
}

/// A unit of UTF-16 of the European scripts and their punctuation.
const fn is_wide(unit: u16) -> bool {
    matches!(unit, 0x09 | 0x20..=0x7e | 0xa0..=0x52f | 0x1e00..=0x1fff | 0x2010..=0x203a)
}
