//! Lines in which nothing was found, remembered but for their digits: the next line of the same statement of a program
//! needs no scan.
//!
//! A line is remembered when no decision depended on the value of a digit ([`crate::digits`]), but for a few
//! questions that most logs raise (is this a date, is that a private address). These are asked again of the next line,
//! and their answers have to be the same.

use crate::bytes::{TOKEN, WORD, at, before, kind, part, run_end};
use crate::decode;
use crate::digits;
use crate::value::is_uuid;
use crate::web;
use crate::when;

/// Longer lines are not remembered.
const LONGEST: usize = 384;
const _: () = assert!(LONGEST / 8 <= 64);
/// How many lines are remembered, two in each set.
const SLOTS: usize = 1 << 13;
/// So many questions of a line are remembered.
const QUESTIONS: usize = 6;

/// What was asked of a place in a line, and what was the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Question {
    /// Where the date ends that begins there.
    Date(Option<usize>),
    /// Where the IPv4 address ends that begins there, and whether it is public.
    Address(Option<(usize, bool)>),
}

/// It, small enough for many to be remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    place: u16,
    /// Zero when there was nothing.
    end: u16,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    #[default]
    Date,
    Address,
    PublicAddress,
}

impl Noted {
    /// A question of a line that is not too long.
    fn of(place: usize, question: Question) -> Option<Self> {
        let (kind, end) = match question {
            Question::Date(end) => (Kind::Date, end),
            Question::Address(Some((end, true))) => (Kind::PublicAddress, Some(end)),
            Question::Address(address) => (Kind::Address, address.map(|(end, _)| end)),
        };
        Some(Self {
            place: u16::try_from(place).ok()?,
            end: u16::try_from(end.unwrap_or(0)).ok()?,
            kind,
        })
    }

    /// Whether the same question has the same answer in another text.
    fn holds(self, text: &[u8]) -> bool {
        let place = usize::from(self.place);
        let end = Some(usize::from(self.end)).filter(|end| *end > 0);
        match self.kind {
            Kind::Date => when::date_end(text, place) == end,
            Kind::Address => web::ip4(text, place) == end.map(|end| (end, false)),
            Kind::PublicAddress => web::ip4(text, place) == end.map(|end| (end, true)),
        }
    }
}

/// The questions that a scan of a line asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    questions: [Noted; QUESTIONS],
    count: usize,
    /// Whether they are of the line itself, and not of a text within it.
    of_line: bool,
}

impl Asked {
    /// No question yet of a line.
    pub(crate) fn of_line() -> Self {
        Self {
            of_line: true,
            ..Self::default()
        }
    }

    /// Tells that what comes is of a text within the line, whose places are not those of the line.
    pub(crate) const fn go_within(&mut self) {
        self.of_line = false;
    }

    /// Adds one. What cannot be asked again depends on the digits for good.
    pub(crate) fn add(&mut self, place: usize, question: Question) {
        let slot = self.questions.get_mut(self.count);
        match (slot, Noted::of(place, question)) {
            (Some(slot), Some(noted)) if self.of_line => {
                *slot = noted;
                self.count += 1;
            }
            _ => digits::read(),
        }
    }

    /// Whether all have the same answers in another line.
    fn hold(&self, line: &[u8]) -> bool {
        let asked = self.questions.get(..self.count).unwrap_or_default();
        asked.iter().all(|noted| noted.holds(line))
    }
}

/// A line that is remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Zero when there is none.
    length: usize,
    asked: Asked,
}

/// The lines that were found clean.
#[derive(Debug)]
pub(crate) struct Repeats {
    slots: Vec<Slot>,
    /// Their texts with zeros for their digits, each in its own [`LONGEST`] bytes.
    texts: Vec<u8>,
    once: Once,
    /// The line at hand, with zeros for its digits, and a number for it.
    line: [u8; LONGEST],
    sum: u64,
}

impl Default for Repeats {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            texts: Vec::new(),
            once: Once::default(),
            line: [0; LONGEST],
            sum: 0,
        }
    }
}

impl Repeats {
    /// Whether a line can be remembered.
    pub(crate) fn can_hold(line: &[u8]) -> bool {
        !line.is_empty() && line.len() <= LONGEST && memchr::memchr(ID, line).is_none()
    }

    /// Whether nothing is in a line, as is known from one that differs only in its digits. Of a line that can be
    /// remembered.
    pub(crate) fn knows(&mut self, line: &[u8]) -> bool {
        self.sum = zeroed(line, &mut self.line);
        let set = self.set();
        let slots = self.slots.get(set..set + 2).unwrap_or_default();
        let plain = part(&self.line, 0, line.len());
        slots.iter().enumerate().any(|(way, slot)| {
            let start = (set + way) * LONGEST;
            slot.length == line.len()
                && part(&self.texts, start, start + line.len()) == plain
                && slot.asked.hold(line)
        })
    }

    /// Remembers the line that was last asked for, in which nothing was found, when it comes for the second time.
    pub(crate) fn keep(&mut self, line: &[u8], asked: &Asked) {
        if !self.once.was(self.sum) {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); SLOTS];
            self.texts = vec![0; SLOTS * LONGEST];
        }
        let set = self.set();
        let Some([newer, older]) = self.slots.get_mut(set..set + 2) else {
            return;
        };
        *older = *newer;
        *newer = Slot {
            length: line.len(),
            asked: *asked,
        };
        let start = set * LONGEST;
        self.texts
            .copy_within(start..start + LONGEST, start + LONGEST);
        if let Some(text) = self.texts.get_mut(start..start + line.len()) {
            text.copy_from_slice(part(&self.line, 0, line.len()));
        }
    }

    /// The first slot of the line's set.
    fn set(&self) -> usize {
        (usize::try_from(self.sum).unwrap_or(0) % SLOTS) & !1
    }
}

/// Which lines came once: those that never come again take no other's place.
#[derive(Debug, Default)]
struct Once {
    bits: Vec<u64>,
    count: usize,
}

impl Once {
    const BITS: u64 = 1 << 16;
    /// Forgets all when more are there: a full table knows every line.
    const MOST: usize = 1 << 14;

    /// Whether a line was there, by its number; it is from now on.
    fn was(&mut self, sum: u64) -> bool {
        if self.bits.is_empty() || self.count > Self::MOST {
            self.bits = vec![0; 1 << 10];
            self.count = 0;
        }
        let bit = sum >> 32 & (Self::BITS - 1);
        let place = usize::try_from(bit / 64).unwrap_or(0);
        let Some(word) = self.bits.get_mut(place) else {
            return false;
        };
        let was = *word >> (bit % 64) & 1 == 1;
        *word |= 1 << (bit % 64);
        self.count += usize::from(!was);
        was
    }
}

/// Writes a line with zeros for its digits, and with [`ID`] for its random ids; returns a number for it.
fn zeroed(line: &[u8], out: &mut [u8; LONGEST]) -> u64 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let (eights, rest) = line.as_chunks::<8>();
    let (slots, last) = out.as_chunks_mut::<8>();
    debug_assert!(last.is_empty());
    // A bit for each eight bytes that can be a part of a random id: there are no more of them than bits.
    let mut candidates = 0_u64;
    let mut bit = 1_u64;
    for (eight, slot) in eights.iter().zip(slots.iter_mut()) {
        let bytes = u64::from_le_bytes(*eight);
        *slot = without_digits(bytes).to_le_bytes();
        candidates |= if are_of_id(bytes) { bit } else { 0 };
        bit = bit.rotate_left(1);
    }
    if let Some(slot) = slots.get_mut(eights.len()).filter(|_| !rest.is_empty()) {
        let mut eight = [0; 8];
        for (place, byte) in eight.iter_mut().zip(rest) {
            *place = *byte;
        }
        *slot = without_digits(u64::from_le_bytes(eight)).to_le_bytes();
    }
    if candidates != 0 {
        hide_ids(line, out, candidates);
    }
    let (slots, _) = out.as_chunks::<8>();
    let sum = slots
        .iter()
        .take(line.len().div_ceil(8))
        .fold(line.len() as u64, |sum, eight| {
            (sum.rotate_left(5) ^ u64::from_le_bytes(*eight)).wrapping_mul(FACTOR)
        });
    sum ^ sum >> 29
}

/// What stands for a letter or digit of a random id: no line that is remembered has it, so that no number is taken for an
/// id.
const ID: u8 = 1;

/// Puts [`ID`] for the letters and digits of UUIDs and of hexadecimal codes that are those of hashes and of no text.
///
/// They are never findings, whatever their letters are ([`crate::value::is_uuid`], [`decode::is_opaque`]): a line with
/// others is the same line. An id of sixteen bytes or more holds eight that stand at a multiple of eight.
fn hide_ids(line: &[u8], out: &mut [u8; LONGEST], mut candidates: u64) {
    let mut done = 0;
    while candidates != 0 {
        let place = candidates.trailing_zeros() as usize * 8;
        candidates &= candidates - 1;
        if place < done {
            continue;
        }
        let front = part(line, 0, place);
        let start = front
            .iter()
            .rposition(|byte| !is_of_id(*byte))
            .map_or(0, |place| place + 1);
        let end = run_end(line, place, is_of_id);
        done = end;
        let token = part(line, start, end);
        let alone = |byte: u8| kind(byte) & (TOKEN | WORD) == 0;
        let uuid = token.len() == 36 && is_uuid(token);
        let random = uuid || decode::is_opaque(token);
        if random && alone(before(line, start)) && alone(at(line, end)) {
            let id = out.get_mut(start..end).unwrap_or_default();
            for slot in id.iter_mut().filter(|slot| **slot != b'-') {
                *slot = ID;
            }
        }
    }
}

const fn is_of_id(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// The high bit of each of eight bytes that is from `least` to `most`, both of them ASCII.
#[inline]
const fn between(bytes: u64, least: u8, most: u8) -> u64 {
    let low = bytes & (0x7f * EACH);
    let from_least = low + (0x80 - least as u64) * EACH;
    let beyond_most = low + (0x7f - most as u64) * EACH;
    from_least & !beyond_most & !bytes & (0x80 * EACH)
}

/// Whether eight bytes are hexadecimal digits in lower case, and hyphens.
#[inline]
const fn are_of_id(bytes: u64) -> bool {
    let digits = between(bytes, b'0', b'9');
    let letters = between(bytes, b'a', b'f');
    let hyphens = between(bytes, b'-', b'-');
    digits | letters | hyphens == 0x80 * EACH
}

/// Eight bytes with zeros for the digits among them.
#[inline]
const fn without_digits(bytes: u64) -> u64 {
    // Of '0' to '9' the lower four bits are the digit.
    bytes & !((between(bytes, b'0', b'9') >> 7) * 0x0f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_zeros_and_nothing_else_changes() {
        for byte in 0..=u8::MAX {
            for length in 1..20 {
                let line = vec![byte; length];
                let mut out = [b'x'; LONGEST];
                zeroed(&line, &mut out);
                let plain = if byte.is_ascii_digit() { b'0' } else { byte };
                assert_eq!(out[..length], vec![plain; length]);
            }
        }
    }

    #[test]
    fn random_ids_are_one_and_numbers_are_not_taken_for_them() {
        let shape = |line: &str| {
            let mut out = [0; LONGEST];
            zeroed(line.as_bytes(), &mut out);
            out[..line.len()].to_vec()
        };
        let trace = shape("trace=4bf92f3577b34da6a3ce929d0e0e4736 ok");
        assert_eq!(trace, shape("trace=00f067aa0ba902b7c3ce929d0e0e47ab ok"));
        for other in [
            // Digits alone are a number, which may be that of a card.
            "trace=41111111111111114111111111111111 ok",
            // Hexadecimal of a text: "name: Jane Roe..".
            "trace=6e616d653a204a616e6520526f652e2e ok",
            "trace=4BF92F3577B34DA6A3CE929D0E0E4736 ok",
            "trace_4bf92f3577b34da6a3ce929d0e0e4736 ok",
        ] {
            assert_ne!(trace, shape(other), "{other}");
        }
        let id = shape("id=0b6e7a1c-9d3f-4c2e-a1b2-c3d4e5f60718;");
        assert_eq!(id, shape("id=abcdefab-0000-4111-a222-333344445555;"));
        assert_ne!(id, shape("id=00000000-0000-0000-0000-000000000000-"));
    }

    #[test]
    fn a_line_is_known_when_only_digits_differ_and_answers_are_the_same() {
        let mut repeats = Repeats::default();
        let line = b"2026-11-29 took 12 ms";
        assert!(!repeats.knows(line));
        let mut asked = Asked::of_line();
        asked.add(0, Question::Date(Some(10)));
        repeats.keep(line, &asked);
        assert!(!repeats.knows(line));
        repeats.keep(line, &asked);
        assert!(repeats.knows(line) && repeats.knows(b"2027-01-02 took 99 ms"));
        for other in [
            b"2026-11-29 took 12 mz".as_slice(),
            b"2026-13-29 took 12 ms",
            b"2026-11-29 took 123 ms",
            b"2026-11-29 took 12 m",
        ] {
            assert!(!repeats.knows(other));
        }
    }
}
