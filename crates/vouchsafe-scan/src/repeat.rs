//! Lines in which nothing was found, remembered but for their digits: the next line of the same statement of a program
//! needs no scan.
//!
//! A line is remembered when no decision depended on the value of a digit ([`crate::digits`]), but for a few
//! questions that most logs raise (is this a date, is that a private address). These are asked again of the next line,
//! and their answers have to be the same.

use crate::bytes::part;
use crate::digits;
use crate::web;
use crate::when;

/// Longer lines are not remembered.
const LONGEST: usize = 384;
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
    pub(crate) const fn can_hold(line: &[u8]) -> bool {
        !line.is_empty() && line.len() <= LONGEST
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

/// Writes a line with zeros for its digits; returns a number for it.
fn zeroed(line: &[u8], out: &mut [u8; LONGEST]) -> u64 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mut sum = line.len() as u64;
    let (eights, rest) = line.as_chunks::<8>();
    let (slots, last) = out.as_chunks_mut::<8>();
    let mut add = |eight: u64| sum = (sum.rotate_left(5) ^ eight).wrapping_mul(FACTOR);
    for (eight, slot) in eights.iter().zip(slots.iter_mut()) {
        let plain = without_digits(u64::from_le_bytes(*eight));
        *slot = plain.to_le_bytes();
        add(plain);
    }
    debug_assert!(last.is_empty());
    if let Some(slot) = slots.get_mut(eights.len()).filter(|_| !rest.is_empty()) {
        let mut eight = [0; 8];
        for (place, byte) in eight.iter_mut().zip(rest) {
            *place = *byte;
        }
        let plain = without_digits(u64::from_le_bytes(eight));
        *slot = plain.to_le_bytes();
        add(plain);
    }
    sum ^ sum >> 29
}

/// Eight bytes with zeros for the digits among them.
#[inline]
const fn without_digits(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = bytes & (0x7f * EACH);
    let from_zero = low + (0x80 - b'0' as u64) * EACH;
    let beyond_nine = low + (0x7f - b'9' as u64) * EACH;
    let digits = from_zero & !beyond_nine & !bytes & (0x80 * EACH);
    // Of '0' to '9' the lower four bits are the digit.
    bytes & !((digits >> 7) * 0x0f)
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
