//! Dates and ages beside a person.

use crate::bytes::{at, before, digits_end, is_word, number, part};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::company::words::{self, key_before};
use crate::text::Text;
use crate::when;

/// A time of day that stands further from the beginning of a line is not that of the log.
const OWN: usize = 40;

/// Words before a month and a day that make them a date: "on 5/31".
const SINCE: &[&[u8]] = &[
    b"on",
    b"from",
    b"since",
    b"until",
    b"till",
    b"by",
    b"to",
    b"again",
    b"retry",
    b"due",
    b"seen",
    b"dated",
    b"for",
    b"starting",
    b"through",
    b"thru",
    b"own",
    b"next",
    b"last",
    b"appt",
    b"visit",
    b"rtc",
    b"before",
    b"after",
    b"around",
    b"nv",
    b"f/u",
    b"fu",
    b"date",
    b"admit",
    b"admitted",
    b"discharged",
    b"dc",
    b"d/c",
    b"surgery",
    b"mon",
    b"tue",
    b"wed",
    b"thu",
    b"fri",
    b"sat",
    b"sun",
    b"monday",
    b"tuesday",
    b"wednesday",
    b"thursday",
    b"friday",
    b"saturday",
    b"sunday",
];

impl Text<'_, '_> {
    /// A date that is not the log's own; returns where it ends.
    pub(super) fn date_beside(&mut self, start: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        let ranges = part(text, start.saturating_sub(2), start) == b"..";
        if !self.classes.has(Class::Date)
            || !ranges && matches!(before(text, start), b'.' | b'-' | b'/' | b'\\')
        {
            return None;
        }
        if let Some(end) = self.month_and_day(start).or_else(|| self.age_beside(start)) {
            return Some(end);
        }
        if let Some(end) = self.compact(start) {
            return Some(end);
        }
        let end = when::date_end(text, start).filter(|end| *end <= limit)?;
        if matches!(at(text, end), b'/' | b'_' | b'-') || is_word(at(text, end)) {
            return Some(end);
        }
        self.date_of_person(start, end);
        Some(end)
    }

    /// Adds a date, but the program's own.
    pub(super) fn date_of_person(&mut self, start: usize, end: usize) {
        let text = self.text;
        let clock = part(text, start, end).contains(&b':')
            || at(text, end) == b':' && at(text, end + 1).is_ascii_digit();
        // [09/17/2023, 05:51:36]
        let apart = part(text, end, end + 2) == b", "
            && at(text, end + 4) == b':'
            && at(text, end + 2).is_ascii_digit();
        let timed = clock || apart || part(text, start, end).contains(&b'T');
        let key = key_before(text, start);
        // "I: 2026-04-18 08:51:21", "[prod:INFO:04/18/2026 08:51:21]": before all that is said.
        let level = part(text, 0, start).trim_ascii_start().len() <= 3;
        let bracketed = at(text, 0) == b'[' && at(text, end) == b']';
        let first = timed && start < OWN && at(text, 0) != b'{' && (level || bracketed);
        // [10/Apr/2026:18:43:41 +0000]
        let access = timed && before(text, start) == b'[';
        // FHIR names its times like this.
        let clinical_time = key.as_ref().is_some_and(|key| key.is_of_fhir())
            && memchr::memmem::find(text, b"resourceType").is_some();
        // date=2024-11-07 time=15:16:04
        let split = start < OWN && matches!(part(text, end, end + 6), b" time=" | b" Time=");
        let of_key = match &key {
            Some(key) if timed => key.is_of_times(),
            Some(key) => key.is_of_records(),
            None if timed => start < OWN && !is_planned(text, start),
            None => start == 0,
        };
        let own = !clinical_time && (access || split || first || of_key);
        if !own {
            self.of_person(Class::Date, (start, end));
        }
    }

    /// 20241029, 20241029141000: as a value of its own.
    fn compact(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let end = digits_end(text, start);
        let digits = part(text, start, end);
        if !matches!(digits.len(), 8 | 12 | 14) {
            return None;
        }
        let year = number(part(digits, 0, 4));
        let sound = (1900..=2035).contains(&year)
            && checks::date(year, number(part(digits, 4, 6)), number(part(digits, 6, 8)));
        let alone = matches!(
            (before(text, start), at(text, end)),
            (b'"', b'"')
                | (b'\'', b'\'')
                | (b'|' | b'^', b'|' | b'^' | 0)
                | (b'=' | b' ', b' ' | b',' | 0)
                | (b'>', b'<')
                | (b',', b',' | 0)
        );
        if !sound || !alone {
            return None;
        }
        let key = key_before(text, start);
        let own = match &key {
            // A day alone is no time of a program's.
            Some(key) if digits.len() == 8 && key.is_of_days() => key.is_of_records(),
            Some(key) => {
                key.is_of_times() || key.is_of_program() || key.is_of_request() || key.is_numbered()
            }
            None => before(text, start) == b' ' || start < OWN || is_of_message(text, start),
        };
        if !own {
            self.of_person(Class::Date, (start, end));
        }
        (!own).then_some(end)
    }

    /// "will retry 5/31": month and day after a word that makes them a date.
    fn month_and_day(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let month_end = digits_end(text, start);
        if at(text, month_end) != b'/' || before(text, start) != b' ' {
            return None;
        }
        let end = digits_end(text, month_end + 1);
        let (month, day) = (part(text, start, month_end), part(text, month_end + 1, end));
        let sound = (1..=2).contains(&month.len())
            && (1..=2).contains(&day.len())
            && checks::date(2000, number(month), number(day))
            && number(day) != 0
            && !is_word(at(text, end))
            && !matches!(at(text, end), b'/' | b'%')
            && !(matches!(at(text, end), b'-' | b'.') && at(text, end + 1).is_ascii_digit());
        if !sound {
            return None;
        }
        let front = part(text, start.saturating_sub(14), start - 1);
        let word = front
            .rsplit(|byte| !(byte.is_ascii_alphabetic() || *byte == b'/'))
            .next()
            .unwrap_or_default();
        if !SINCE.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            return None;
        }
        self.of_person(Class::Date, (start, end));
        Some(end)
    }

    /// "Age 93", "92F": 164.514(b)(2)(i)(C) takes ages over 89.
    fn age_beside(&mut self, start: usize) -> Option<usize> {
        let text = self.text;
        let end = digits_end(text, start);
        let age = part(text, start, end);
        if !matches!(age.len(), 2 | 3) || !(90..=125).contains(&number(age)) {
            return None;
        }
        let front = part(text, start.saturating_sub(6), start).to_ascii_lowercase();
        let said = [
            b" age ".as_slice(),
            b"urned ",
            b"turns ",
            b"age: ",
            b"aged ",
            b" age=",
            b"age is ",
        ]
        .iter()
        .any(|sign| front.ends_with(sign))
            || front == b"age ";
        let bare = !is_word(at(text, end))
            && !matches!(at(text, end), b'.' | b'%' if is_word(at(text, end + 1)));
        // 92F, 96 M
        let sexed = matches!(at(text, end), b'F' | b'M')
            && !is_word(at(text, end + 1))
            && self.is_clinical();
        if !(said && bare || sexed) {
            return None;
        }
        self.add(Class::Date, Confidence::Medium, (start, end), Some("age"));
        Some(end)
    }
}

/// Whether the word before a time says that it is one of an appointment: "Booked slot 2026-10-04 07:15".
fn is_planned(text: &[u8], start: usize) -> bool {
    const PLANNED: [&[u8]; 12] = [
        b"slot",
        b"appointment",
        b"appt",
        b"visit",
        b"booked",
        b"scheduled",
        b"rescheduled",
        b"moved",
        b"until",
        b"due",
        b"arrival",
        b"surgery",
    ];
    let word = words::word_before(text, start);
    PLANNED.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a time stands in the header of an HL7 message.
fn is_of_message(text: &[u8], start: usize) -> bool {
    let front = part(text, start.saturating_sub(160), start);
    memchr::memmem::rfind(front, b"MSH|^").is_some_and(|header| {
        let rest = part(front, header, front.len());
        !rest.contains(&b'\r') && memchr::memmem::find(rest, b"\\r").is_none()
    })
}
