//! Names of files, tables and columns: what in them is a value, and how they are shown.

use std::ops::Range;

use crate::class::{Class, Confidence};
use crate::detect::Detector;
use crate::finding::Finding;
use crate::known::{Finder, KnownValues};
use crate::lexicon;
use crate::mask::settle;
use crate::settings::Patterns;

/// All classes, however unsure: a name that is shown must hold no value, also one that is not reported.
static ALL: Detector = Detector::new().minimum(Confidence::Low);

/// Looks at names.
#[derive(Default)]
pub(super) struct Names<'a> {
    patterns: Option<&'a Patterns>,
    finder: Option<Finder<'a>>,
}

impl<'a> Names<'a> {
    /// With what a team looks for beside the detectors.
    pub(super) fn new(patterns: &'a Patterns, known: Option<&'a KnownValues>) -> Self {
        Self {
            patterns: Some(patterns),
            finder: known.map(KnownValues::finder),
        }
    }

    /// Finds what in a name is a value: in order, none overlapping another, of any confidence.
    pub(super) fn find(&mut self, name: &[u8], found: &mut Vec<Finding>) {
        found.clear();
        // Underscores and dots part words for people, not for a scan of sentences. Both ways of reading count.
        ALL.scanner().line(name, found);
        ALL.scanner().line(&spaced(name), found);
        ALL.scanner().line(&apart(name), found);
        numbers(name, found);
        people(name, found);
        if let Some(finder) = &mut self.finder {
            finder.find(name, found);
        }
        if let Some(patterns) = self.patterns {
            patterns.find(name, found);
        }
        found.retain(|finding| {
            finding.span.start < finding.span.end && finding.span.end <= name.len()
        });
        settle(found);
    }

    /// The name with classes in the place of values, and nothing that steers a terminal.
    pub(super) fn mask(&mut self, name: &[u8]) -> String {
        let mut found = Vec::new();
        self.find(name, &mut found);
        let mut masked = Vec::new();
        let mut at = 0;
        for finding in &found {
            masked.extend_from_slice(name.get(at..finding.span.start).unwrap_or_default());
            masked.extend_from_slice(finding.class.mask().as_bytes());
            at = finding.span.end;
        }
        masked.extend_from_slice(name.get(at..).unwrap_or_default());
        String::from_utf8_lossy(&masked)
            .chars()
            .map(|character| match character.is_control() {
                true => '\u{fffd}',
                false => character,
            })
            .collect()
    }
}

/// A name with blanks in the place of what joins words; the last dot stays, before the kind of the file.
fn spaced(name: &[u8]) -> Vec<u8> {
    let last = name.iter().rposition(|byte| *byte == b'.');
    name.iter()
        .enumerate()
        .map(|(place, byte)| match byte {
            b'_' => b' ',
            b'.' if last != Some(place) => b' ',
            byte => *byte,
        })
        .collect()
}

/// A name with blanks where letters and marks touch a number: `scan-123-45-6789` is read as "scan 123-45-6789".
fn apart(name: &[u8]) -> Vec<u8> {
    let at = |place: usize| name.get(place).copied().unwrap_or(b' ');
    let before = |place: usize| place.checked_sub(1).map_or(b' ', at);
    (0..name.len())
        .map(|place| match at(place) {
            b'_' | b'/' => b' ',
            // A mark between letters and a number, or a letter right before one.
            b'-' if !before(place).is_ascii_digit() && at(place + 1).is_ascii_digit() => b' ',
            byte if byte >= 0x80 => b' ',
            byte => byte,
        })
        .collect()
}

/// Finds long runs of digits, but times: in the name of a file they are seldom anything else than somebody's number.
fn numbers(name: &[u8], found: &mut Vec<Finding>) {
    let mut start = 0;
    while start < name.len() {
        let length = name
            .iter()
            .skip(start)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let run = name.get(start..start + length).unwrap_or_default();
        // 20261130, 202611301200, 20261130120000, seconds and milliseconds since 1970.
        let time = matches!(run, [b'1', b'9', ..] | [b'2', b'0', ..])
            && matches!(length, 8 | 12 | 14)
            || matches!(run, [b'1', ..]) && matches!(length, 10 | 13);
        if length >= 9 && !time {
            found.push(Finding {
                class: Class::UniqueId,
                confidence: Confidence::Low,
                span: start..start + length,
                field: None,
            });
        }
        start += length.max(1);
    }
}

/// Finds parts of a path that name a person: a given name beside a surname, as in `scans/doe_jane.pdf`.
fn people(name: &[u8], found: &mut Vec<Finding>) {
    let mut start = 0;
    for part in name.split(|byte| *byte == b'/') {
        if is_person(part) {
            found.push(Finding {
                class: Class::Name,
                confidence: Confidence::Low,
                span: start..start + stem(part),
                field: None,
            });
        }
        start += part.len() + 1;
    }
}

fn is_person(part: &[u8]) -> bool {
    let words: Vec<Range<usize>> = words(part);
    let pair = |first: &Range<usize>, second: &Range<usize>| {
        let said = |word: &Range<usize>| lexicon::said(part.get(word.clone()).unwrap_or_default());
        let (first_said, second_said) = (said(first), said(second));
        // Beside a given name that is no word, any surname is one, and so is a word that no dictionary has.
        let names = |given: lexicon::Said, surname: lexicon::Said, length: usize| {
            let sure = !given.word;
            given.clearly_given
                && !surname.term
                && (surname.surname && (sure || surname.common_surname)
                    || surname.unknown() && sure && length > 2)
        };
        second.start - first.end <= 3
            && (names(first_said, second_said, second.len())
                || names(second_said, first_said, first.len()))
    };
    words
        .windows(2)
        .any(|two| matches!(two, [first, second] if pair(first, second)))
}

/// Words of two letters or more; a capital begins one.
fn words(part: &[u8]) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut before = 0_u8;
    for (place, byte) in part.iter().copied().enumerate() {
        if byte.is_ascii_alphabetic() {
            let capital = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
            match words.last_mut() {
                Some(word) if word.end == place && !capital => word.end += 1,
                _ => words.push(place..place + 1),
            }
        }
        before = byte;
    }
    words.retain(|word| word.len() > 1);
    words
}

/// The length of a name without the kind of the file.
fn stem(part: &[u8]) -> usize {
    let dot = part.iter().rposition(|byte| *byte == b'.');
    let is_kind = |dot: &usize| {
        let kind = part.get(dot + 1..).unwrap_or_default();
        *dot > 0
            && (1..=4).contains(&kind.len())
            && kind.iter().all(u8::is_ascii_alphanumeric)
            && !lexicon::said(kind).given
            && !lexicon::said(kind).surname
    };
    dot.filter(is_kind).unwrap_or(part.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::KEY_BYTES;

    fn masked(name: &str) -> String {
        Names::default().mask(name.as_bytes())
    }

    #[test]
    fn names_of_people_and_numbers_are_taken_out_of_paths() {
        for (name, shown) in [
            ("in/jane_doe/labs.csv", "in/[NAME]/labs.csv"),
            ("in/DoeJane.pdf", "in/[NAME].pdf"),
            ("in/Smith, John 1980-02-03.hl7", "in/[NAME].hl7"),
            ("jane.doe@example.org.log", "[EMAIL]"),
            ("zq@example.org", "[EMAIL]"),
            ("a_219-09-9999_b.txt", "a_[SSN]_b.txt"),
            ("x\x1b[2J", "x\u{fffd}[2J"),
        ] {
            assert_eq!(masked(name), shown, "{name}");
        }
    }

    #[test]
    fn ordinary_paths_stay_what_they_are() {
        for name in [
            "logs/app_server_1.log",
            "crates/vouchsafe-scan/src/command/names.rs",
            "in/many-times.gz",
            "src/main/java/org/example/maria_db/Martin.java",
            "var/lib/postgresql/14/main/base/13761/2619",
            "node_modules/@types/jest/index.d.ts",
            "backup_2026-11-29.sql.gz",
            "target/debug/deps/libserde_json-1a2b3c4d5e6f7a8b.rlib",
            "dump.tar.gz!/var/log/nginx/access.log.1",
        ] {
            assert_eq!(masked(name), name);
        }
    }

    #[test]
    fn known_values_and_own_patterns_are_taken_out_too() {
        let mut known = KnownValues::new(&[7; KEY_BYTES]);
        known.learn(Class::Name, b"Qorvanth Ylleem");
        let text = "[[pattern]]\nid='member'\nclass='health-plan'\nregex='AC-[0-9]{4}'";
        let settings =
            crate::settings::Settings::parse(text, jiff::civil::date(2026, 6, 15)).unwrap();
        let mut names = Names::new(&settings.patterns, Some(&known));
        assert_eq!(
            names.mask(b"in/ylleem_qorvanth/AC-0001.txt"),
            "in/[NAME]/[HEALTH-PLAN].txt"
        );
    }
}
