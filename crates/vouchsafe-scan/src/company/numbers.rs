//! Numbers and codes beside a person.

use crate::bytes::{at, before, count_digits, digits_end, is_word, part, run_within};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::company::Known;
use crate::company::words::{self, contains, key_before};
use crate::number::{is_joined, is_nanp};
use crate::text::Text;
use crate::value::{is_uuid, looks_like_hash};
use crate::web;
use crate::when;

/// What a line speaks of stands no further from a number.
const SPOKEN: usize = 96;

/// A class and a place.
type Found = Option<(Class, usize, usize)>;

impl Text<'_, '_> {
    /// Numbers and codes that only their form, or a word before them, shows; returns where one ends.
    pub(super) fn number_beside(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let joined = is_word(before(text, start))
            || matches!(before(text, start), b'.' | b'/' | b'@' | b'+');
        let (class, start, end) = self
            .grouped_beside(start, end)
            .or_else(|| self.digits_beside(start, end))
            .or_else(|| (!joined).then(|| self.plate_beside(start, end))?)
            .or_else(|| (!joined).then(|| self.code_beside(start, end))?)?;
        self.of_person(class, (start, end));
        Some(end)
    }

    /// The same value again in the line, and further ones in a list after it: `mrn in ('7788123', '7788124')`.
    pub(super) fn again(&mut self, known: &Known) {
        const MOST: usize = 32;
        let text = self.text;
        let numbers = known.iter().filter(|(class, _, _)| is_of_numbers(*class));
        for &(class, start, end) in numbers.take(MOST) {
            let value = part(text, start, end);
            let over = |place: usize| {
                known
                    .iter()
                    .any(|(_, from, to)| place < *to && place + value.len() > *from)
            };
            if (5..=40).contains(&value.len()) && count_digits(value) >= 4 {
                for place in memchr::memmem::find_iter(text, value).take(MOST) {
                    let whole =
                        !is_word(before(text, place)) && !is_word(at(text, place + value.len()));
                    if whole && !over(place) {
                        self.add(
                            class,
                            Confidence::Medium,
                            (place, place + value.len()),
                            Some("found before"),
                        );
                    }
                }
            }
            let mut last = (start, end);
            for _ in 0..MOST {
                let Some(next) = next_in_list(text, last).filter(|next| !over(next.0)) else {
                    break;
                };
                self.add(class, Confidence::Medium, next, Some("list"));
                last = next;
            }
        }
    }

    /// 70668-0828, 173 31 1467, 003b.8cb7.e93e: groups of digits.
    fn grouped_beside(&self, start: usize, end: usize) -> Found {
        let text = self.text;
        if matches!(before(text, start), b'-' | b'.') {
            return None;
        }
        if let Some(stop) = web::mac(text, start).or_else(|| dotted_mac(text, start)) {
            return Some((Class::Device, start, stop));
        }
        let second_end = digits_end(text, end + 1);
        let (first, second) = (part(text, start, end), part(text, end + 1, second_end));
        let over = |stop: usize| {
            let next = at(
                text,
                stop + usize::from(matches!(at(text, stop), b'-' | b'.')),
            );
            !is_word(at(text, stop)) && !is_word(next)
        };
        if !first.iter().all(u8::is_ascii_digit) {
            return None;
        }
        match (first.len(), at(text, end), second.len()) {
            (5, b'-', 4) if over(second_end) => Some((Class::Geography, start, second_end)),
            (3, b' ', 2) if at(text, second_end) == b' ' => {
                let stop = digits_end(text, second_end + 1);
                let serial = part(text, second_end + 1, stop);
                let sound = serial.len() == 4 && checks::ssn(first, second, serial) && over(stop);
                sound.then_some((Class::Ssn, start, stop))
            }
            _ => None,
        }
    }

    /// A run of digits: a telephone number, a provider number, a social security number in quotes.
    fn digits_beside(&self, start: usize, end: usize) -> Found {
        let text = self.text;
        let word = part(text, start, end);
        let (previous, next) = (before(text, start), at(text, end));
        let joined = matches!(previous, b'.' | b'-' | b'_' | b'+' | b'#')
            && !(previous == b'#' && matches!(word.len(), 10))
            || matches!(next, b'.' | b'-' | b'_' if is_word(at(text, end + 1)));
        // 13125550142: with the code of the country.
        let local = word.strip_prefix(b"1").filter(|local| local.len() == 10);
        if joined
            || !word.iter().all(u8::is_ascii_digit)
            || local.is_none() && !matches!(word.len(), 9 | 10)
        {
            return None;
        }
        let word = local.unwrap_or(word);
        let key = key_before(text, start);
        if key
            .as_ref()
            .is_some_and(|key| key.is_of_program() || key.is_of_request())
        {
            return None;
        }
        let said = words::word_before(text, start);
        if words::is_of_program(said) {
            return None;
        }
        if word.len() == 9 {
            // A value without a name: quoted, or in a row.
            let quoted = key.is_none()
                && matches!(
                    (previous, next),
                    (b'\'', b'\'') | (b'"', b'"') | (b'(' | b' ' | b',', b',' | b')')
                );
            // "ssn mismatch, stored=219099998": the line says of what it speaks.
            let said = || {
                let floor = start.saturating_sub(SPOKEN);
                let near = part(text, floor, text.len().min(end + SPOKEN));
                contains(near, &[b"ssn", b"social security"])
            };
            let sound = (quoted || said())
                && checks::ssn(part(word, 0, 3), part(word, 3, 5), part(word, 5, 9));
            return sound.then_some((Class::Ssn, start, end));
        }
        if checks::npi(word) {
            return Some((Class::License, start, end));
        }
        if !is_nanp(part(word, 0, 3), part(word, 3, 6)) {
            return None;
        }
        let fax = contains(part(text, start.saturating_sub(160), start), &[b"fax"]);
        Some((if fax { Class::Fax } else { Class::Phone }, start, end))
    }

    /// "plate UZL 0544", `tag=5XFH352`: letters and digits after a word for plates.
    fn plate_beside(&self, start: usize, end: usize) -> Found {
        let text = self.text;
        // The letters can stand before, with a blank between.
        let first = letters_before(text, start);
        let stop = token_end(text, start, end);
        let plate = part(text, first, stop);
        let count = |is: fn(&u8) -> bool| plate.iter().filter(|byte| is(byte)).count();
        let letters = count(u8::is_ascii_uppercase);
        let digits = count(u8::is_ascii_digit);
        let marks = count(|byte| matches!(byte, b' ' | b'-'));
        let form = (5..=8).contains(&plate.len()) && letters >= 1 && digits >= 2;
        let whole = letters + digits + marks == plate.len();
        (form && whole && is_after(text, first, words::PLATES)).then_some((
            Class::Vehicle,
            first,
            stop,
        ))
    }

    /// `runNo: RUN17112945`, "record 46688595": a code after a word for codes.
    fn code_beside(&self, start: usize, end: usize) -> Found {
        let text = self.text;
        let stop = token_end(text, start, end);
        // OPO-782282: the letters belong to the number.
        let mut first = start;
        while start - first < 12 && is_joined(before(text, first)) {
            first -= 1;
        }
        let code = part(text, first, stop);
        // HL70357: a table of the standard.
        let table = code.starts_with(b"HL7") && code.len() == 7;
        let plain = !table
            && code
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let form = plain
            && (5..=24).contains(&code.len())
            && count_digits(code) >= 4
            && !looks_like_hash(code)
            && !is_uuid(code);
        let key = key_before(text, first);
        let own = || {
            key.as_ref()
                .is_some_and(|key| key.is_of_program() || key.is_of_request())
        };
        let quoted = matches!(
            (before(text, first), at(text, stop)),
            (b'\'', b'\'') | (b'"', b'"')
        );
        let bare = quoted
            && is_letters_and_number(code)
            && key.as_ref().is_none_or(words::Key::says_nothing);
        // `"id":51803`: the number of a row.
        let of_row = code.len() <= 6
            && count_digits(code) == code.len()
            && key.as_ref().is_some_and(words::Key::is_of_row);
        // "job id 8412345678"
        let said = words::word_before(text, first);
        let of_program = first
            .checked_sub(said.len() + 1)
            .is_some_and(|place| words::is_of_program(words::word_before(text, place)));
        if !form
            || of_row
            || of_program
            || !(bare || is_after(text, first, words::NUMBERED))
            || own()
        {
            return None;
        }
        let front = part(text, first.saturating_sub(160), first);
        let licence = is_after(text, first, words::LICENCES)
            || key.as_ref().is_some_and(words::Key::is_of_licence);
        let plan = is_after(text, first, &[b"id", b"policy"]) && contains(front, words::PLANS);
        // patient "Jane Roe" (ID 82212487)
        let patient = said.eq_ignore_ascii_case(b"id") && contains(front, &[b"patient"]);
        let class = match (licence, plan) {
            (true, _) => Class::License,
            (_, true) => Class::HealthPlan,
            _ if patient => Class::Mrn,
            _ => Class::UniqueId,
        };
        Some((class, first, stop))
    }

    /// `ROE^JANE, 5019653, …`: the number of the patient stands second in lists of images.
    fn number_of_list(&mut self, name_end: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        let listed = name_end + 2;
        let stop = digits_end(text, listed);
        if part(text, name_end, listed) == b", "
            && part(text, name_end.saturating_sub(48), name_end).contains(&b'^')
            && (5..=12).contains(&(stop - listed))
            && stop <= limit
            && !is_word(at(text, stop))
        {
            self.add(
                Class::Mrn,
                Confidence::Medium,
                (listed, stop),
                Some("after a name"),
            );
            return Some(stop);
        }
        None
    }

    /// `Jane Roe (4293429838)`: a number in brackets right after a name.
    pub(super) fn number_after(&mut self, name_end: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        // "Roe, Jane, 94, rm 118A"
        if part(text, name_end, name_end + 2) == b", " && self.classes.has(Class::Date) {
            let end = digits_end(text, name_end + 2);
            let age = part(text, name_end + 2, end);
            if matches!(age.len(), 2 | 3)
                && (90..=125).contains(&crate::bytes::number(age))
                && matches!(at(text, end), b',' | b'.' | b';' | b' ')
                && !at(text, end + 1).is_ascii_digit()
            {
                self.add(
                    Class::Date,
                    Confidence::Medium,
                    (name_end + 2, end),
                    Some("age"),
                );
                return Some(end);
            }
        }
        if let Some(stop) = self.number_of_list(name_end, limit) {
            return Some(stop);
        }
        let open = run_within(text, name_end, name_end + 4, |byte| {
            matches!(byte, b' ' | b'"' | b'\'' | b'\\')
        });
        // patient 'ROE^JANE'/7788123
        let slash = at(text, open) == b'/' && matches!(before(text, open), b'\'' | b'"');
        if open > name_end + 3 || !(slash || matches!(at(text, open), b'(' | b'[' | b'#')) {
            return None;
        }
        let start = open + 1;
        let end = run_within(text, start, start + 20, |byte| {
            byte.is_ascii_alphanumeric() || byte == b'-'
        });
        let number = part(text, start, end);
        let closed = matches!(at(text, open), b'#' | b'/') || matches!(at(text, end), b')' | b']');
        // An age over 89.
        if closed
            && matches!(number.len(), 2 | 3)
            && (90..=125).contains(&crate::bytes::number(number))
            && self.classes.has(Class::Date)
            && count_digits(number) == number.len()
        {
            self.add(Class::Date, Confidence::Medium, (start, end), Some("age"));
            return Some(end);
        }
        let sound = closed
            && when::date_end(text, start).is_none()
            && end <= limit
            && (5..=16).contains(&number.len())
            && count_digits(number) >= 5
            && count_digits(number) + 3 >= number.len();
        sound.then(|| {
            self.add(
                Class::Mrn,
                Confidence::Medium,
                (start, end),
                Some("after a name"),
            );
            end
        })
    }
}

/// A hardware address as network equipment writes it: 003b.8cb7.e93e.
fn dotted_mac(text: &[u8], start: usize) -> Option<usize> {
    let hex = part(text, start, start + 14);
    let sound = hex.len() == 14
        && hex.iter().enumerate().all(|(place, byte)| match place {
            4 | 9 => *byte == b'.',
            _ => byte.is_ascii_hexdigit(),
        })
        && !is_word(at(text, start + 14))
        && at(text, start + 14) != b'.';
    sound.then_some(start + 14)
}

/// Where a few capitals begin that stand before a place with a blank between: the first half of a plate.
fn letters_before(text: &[u8], start: usize) -> usize {
    if before(text, start) != b' ' {
        return start;
    }
    let end = start - 1;
    let mut first = end;
    while end - first < 4 && before(text, first).is_ascii_uppercase() {
        first -= 1;
    }
    if (1..=3).contains(&(end - first)) && !is_word(before(text, first)) {
        first
    } else {
        start
    }
}

/// Where the code ends of which a word is the beginning.
fn token_end(text: &[u8], start: usize, end: usize) -> usize {
    let stop = run_within(text, end, start + 32, |byte| is_word(byte) || byte == b'-');
    stop - usize::from(before(text, stop) == b'-')
}

/// Whether one of some words stands before a place, or ends the name of the field whose value begins there.
fn is_after(text: &[u8], place: usize, known: &[&[u8]]) -> bool {
    let word = words::word_before(text, place);
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
        || key_before(text, place).is_some_and(|key| key.ends_with(known))
}

/// Whether values of a class are numbers or codes.
const fn is_of_numbers(class: Class) -> bool {
    matches!(
        class,
        Class::Ssn
            | Class::Mrn
            | Class::HealthPlan
            | Class::Account
            | Class::License
            | Class::UniqueId
            | Class::Phone
            | Class::Device
    )
}

/// What stands between the values of a list.
const GAPS: [&[u8]; 9] = [
    b", ", b",", b" to ", b" into ", b" -> ", b" and ", b"->", b";", b"|",
];

/// The next value of a list, of the same form as the last: "7788123, 7788124", "from 7788123 to 7788124".
fn next_in_list(text: &[u8], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let value = part(text, start, end);
    let quote = run_within(text, end, end + 1, |byte| matches!(byte, b'\'' | b'"'));
    let rest = part(text, quote, quote + 7);
    let gap = GAPS.iter().find(|gap| rest.starts_with(gap))?;
    let from = quote + gap.len();
    let from = run_within(text, from, from + 1, |byte| matches!(byte, b'\'' | b'"'));
    let to = from + value.len();
    let next = part(text, from, to);
    let form = |one: u8, other: u8| {
        one.is_ascii_digit() == other.is_ascii_digit()
            && one.is_ascii_alphabetic() == other.is_ascii_alphabetic()
    };
    let same = next.len() == value.len()
        && value.len() >= 5
        && count_digits(value) >= 4
        && next
            .iter()
            .zip(value)
            .all(|(one, other)| form(*one, *other));
    (same && !is_word(at(text, to)) && at(text, to) != b'.').then_some((from, to))
}

/// A few capitals and a number: W666042419.
fn is_letters_and_number(code: &[u8]) -> bool {
    let letters = code
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let number = code.get(letters..).unwrap_or_default();
    (1..=4).contains(&letters) && number.len() >= 6 && number.iter().all(u8::is_ascii_digit)
}
