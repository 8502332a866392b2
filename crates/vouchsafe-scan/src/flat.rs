//! A line as a terminal shows it: without colours, with plain hyphens and digits in the place of typographic ones.

use std::ops::Range;

use crate::bytes::{at, part, run_within};

/// A sequence of a terminal is no longer than this.
const LONGEST: usize = 64;

/// The text of a line, and where each of its bytes came from.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    pub(crate) text: Vec<u8>,
    places: Vec<Range<usize>>,
}

/// Whether anything in a line would be shown as something else.
pub(crate) fn is_odd(line: &[u8]) -> bool {
    memchr::memchr3_iter(0x1b, 0xe2, 0xef, line).any(|place| unit(line, place).is_some())
}

impl Flat {
    /// Reads a line.
    pub(crate) fn of(line: &[u8]) -> Self {
        let mut flat = Self::default();
        let mut place = 0;
        while let Some(&byte) = line.get(place) {
            let (shown, end) = unit(line, place).unwrap_or((Some(byte), place + 1));
            if let Some(byte) = shown {
                flat.text.push(byte);
                flat.places.push(place..end);
            }
            place = end;
        }
        flat
    }

    /// Where a part of the text stands in the line.
    pub(crate) fn place(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.places.get(span.start).map_or(0, |place| place.start);
        let last = span
            .end
            .checked_sub(1)
            .and_then(|last| self.places.get(last));
        start..last.map_or(start, |place| place.end)
    }
}

/// What is shown of the sequence or character that begins at a place, if that is not what is written, and where it ends.
fn unit(line: &[u8], place: usize) -> Option<(Option<u8>, usize)> {
    if at(line, place) == 0x1b {
        return Some((None, sequence_end(line, place)));
    }
    let shown = match part(line, place, place + 3) {
        // Hyphens and dashes, the sign of minus, the hyphen of full width.
        [0xe2, 0x80, 0x90..=0x95] | [0xe2, 0x88, 0x92] | [0xef, 0xbc, 0x8d] => b'-',
        // Blanks of digits, narrow ones.
        [0xe2, 0x80, 0x87 | 0xaf] => b' ',
        // Digits and the colon of full width.
        [0xef, 0xbc, digit @ 0x90..=0x99] => b'0' + (digit - 0x90),
        [0xef, 0xbc, 0x9a] => b':',
        // Frames of tables: bars, lines, corners.
        [0xe2, 0x94, 0x82 | 0x83] | [0xe2, 0x95, 0x91] => b'|',
        [0xe2, 0x94, 0x80 | 0x81] | [0xe2, 0x95, 0x90] => b'-',
        [0xe2, 0x94, 0x8c..=0xbf] | [0xe2, 0x95, 0x80..=0x8f | 0x92..=0xb0] => b'+',
        _ => return None,
    };
    Some((Some(shown), place + 3))
}

/// Where a sequence of a terminal ends: colours (CSI), titles and links (OSC), or one character.
pub(crate) fn sequence_end(line: &[u8], place: usize) -> usize {
    let limit = place + LONGEST;
    match at(line, place + 1) {
        b'[' => run_within(line, place + 2, limit, |byte| !matches!(byte, 0x40..=0x7e)) + 1,
        b']' => run_within(line, place + 2, limit, |byte| !matches!(byte, 0x07 | 0x1b)) + 1,
        _ => place + 2,
    }
    .min(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::detect::Detector;

    #[test]
    fn what_a_terminal_shows_is_read() {
        let line = "\u{1b}[3mmrn\u{1b}[0m\u{1b}[2m=\u{1b}[0m7788123 123\u{2011}45";
        assert!(is_odd(line.as_bytes()));
        let flat = Flat::of(line.as_bytes());
        assert_eq!(flat.text, b"mrn=7788123 123-45");
        assert_eq!(line.get(flat.place(&(4..11))), Some("7788123"));
        assert_eq!(line.get(flat.place(&(12..18))), Some("123\u{2011}45"));
        assert!(!is_odd("mrn=7788123 “x” ü".as_bytes()));
    }

    #[test]
    fn colours_and_dashes_hide_nothing() {
        for (line, class, value) in [
            (
                "\u{1b}[3mmrn\u{1b}[0m\u{1b}[2m=\u{1b}[0m7788123",
                Class::Mrn,
                "7788123",
            ),
            ("\u{1b}[1m219-09-9999\u{1b}[0m", Class::Ssn, "219-09-9999"),
            (
                "ssn=219\u{2011}09\u{2011}9999",
                Class::Ssn,
                "219\u{2011}09\u{2011}9999",
            ),
            (
                "lastName: \u{1b}[32m'Qorvanth'\u{1b}[39m",
                Class::Name,
                "Qorvanth",
            ),
        ] {
            let mut found = Vec::new();
            Detector::new().scanner().line(line.as_bytes(), &mut found);
            let places: Vec<(Class, &str)> = found
                .iter()
                .map(|finding| {
                    (
                        finding.class,
                        line.get(finding.span.clone()).unwrap_or_default(),
                    )
                })
                .collect();
            assert_eq!(places, [(class, value)], "{line:?}");
        }
    }
}
