//! The second look at a line that tells of a person.
//!
//! A date, a file of a picture, ten digits in brackets say nothing in most lines of a log. Beside the name or a number of
//! somebody they are about that person: 45 CFR 164.514(b)(2)(i) counts all elements of dates that are, and any other
//! number. This look runs only over lines in which the first one found a person, so it costs the others nothing.

mod dates;
mod names;
mod words;

use crate::bytes::{
    DIGIT, OTHER_WORD, UPPER, WORD, at, before, count_digits, digits_end, is_word, kind, part,
    run_within, word_end,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::company::words::{contains, key_before};
use crate::finding::Finding;
use crate::number::{is_joined, is_nanp};
use crate::text::Text;
use crate::value::{is_uuid, looks_like_hash};
use crate::web;
use crate::when;

pub(crate) use crate::company::words::is_of_records;

/// What a first look found: class and place, in order.
pub(crate) type Known = Vec<(Class, usize, usize)>;

/// What was found in a line, if it tells of a person. An address of the network, a URL or a secret alone does not.
pub(crate) fn known(found: &[Finding]) -> Option<Known> {
    let of_person =
        |finding: &Finding| !matches!(finding.class, Class::Ip | Class::Url | Class::Secret);
    found.iter().any(of_person).then(|| {
        let place = |finding: &Finding| (finding.class, finding.span.start, finding.span.end);
        found.iter().map(place).collect()
    })
}

impl Text<'_, '_> {
    /// Adds what belongs to the person that a line tells of, between the findings of the first look.
    pub(crate) fn company(&mut self, known: &Known) {
        let mut from = 0;
        let mut last = None;
        for &(class, start, end) in known {
            self.stretch(from, start, last, known);
            from = end.max(from);
            last = Some((class, start, end));
        }
        self.stretch(from, self.text.len(), last, known);
        if self.classes.has(Class::Name) {
            self.beside_names(known);
        }
    }

    /// Looks at the words between two findings; `last` is the one before them.
    fn stretch(
        &mut self,
        from: usize,
        to: usize,
        last: Option<(Class, usize, usize)>,
        known: &Known,
    ) {
        let mut place = from;
        if let Some((Class::Geography, _, end)) = last
            && let Some(next) = self.city_after(end, to)
        {
            place = next;
        }
        if let Some((Class::Name, _, end)) = last
            && let Some(next) = self.number_after(end, to)
        {
            place = next;
        }
        while place < to {
            if kind(at(self.text, place)) & WORD == 0 {
                place += 1;
                continue;
            }
            let (end, kinds) = word_end(self.text, place);
            let end = end.min(to);
            if is_word(before(self.text, place)) {
                // The rest of a word of which a part was found.
                place = end;
                continue;
            }
            // datetime.date(1934, 8, 28)
            if matches!(at(self.text, end), b'(' | b'.')
                && let Some(stop) = when::called(self.text, place).filter(|stop| *stop < to)
            {
                self.date_of_person(place, stop + usize::from(at(self.text, stop) == b')'));
                place = stop + 1;
                continue;
            }
            let next = if kinds & DIGIT != 0 {
                self.date_beside(place, to)
                    .or_else(|| self.number_beside(place, end))
            } else {
                None
            };
            let next = next
                .or_else(|| self.picture_beside(place, end))
                .or_else(|| {
                    (kinds & (UPPER | OTHER_WORD) != 0)
                        .then(|| self.capital_beside(place, end, (from, to)))?
                })
                .or_else(|| self.page_beside(place, end, known));
            place = next.map_or(end, |next| next.max(end));
        }
    }

    /// Numbers and codes that only their form, or a word before them, shows.
    fn number_beside(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let found = self
            .grouped_beside(start, end)
            .or_else(|| self.digits_beside(start, end))
            .or_else(|| self.code_beside(start, end));
        let (class, stop) = found?;
        if let Some(class) = class {
            self.add(
                class,
                Confidence::Medium,
                (start, stop),
                Some("beside a person"),
            );
        }
        debug_assert!(stop <= text.len(), "a number ends within its text");
        Some(stop)
    }

    /// 70668-0828, 173 31 1467, 003b.8cb7.e93e: groups of digits.
    fn grouped_beside(&self, start: usize, end: usize) -> Option<(Option<Class>, usize)> {
        let text = self.text;
        if matches!(before(text, start), b'-' | b'.') {
            return None;
        }
        if let Some(stop) = web::mac(text, start).or_else(|| dotted_mac(text, start)) {
            return Some((Some(Class::Device), stop));
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
            (5, b'-', 4) if over(second_end) => Some((Some(Class::Geography), second_end)),
            (3, b' ', 2) if at(text, second_end) == b' ' => {
                let stop = digits_end(text, second_end + 1);
                let serial = part(text, second_end + 1, stop);
                let sound = serial.len() == 4 && checks::ssn(first, second, serial) && over(stop);
                sound.then_some((Some(Class::Ssn), stop))
            }
            _ => None,
        }
    }

    /// A run of digits: a telephone number, a provider number, a social security number in quotes.
    fn digits_beside(&self, start: usize, end: usize) -> Option<(Option<Class>, usize)> {
        let text = self.text;
        let word = part(text, start, end);
        let (previous, next) = (before(text, start), at(text, end));
        let joined = matches!(previous, b'.' | b'-' | b'_' | b'+' | b'#')
            && !(previous == b'#' && matches!(word.len(), 10))
            || matches!(next, b'.' | b'-' | b'_' if is_word(at(text, end + 1)));
        if joined || !word.iter().all(u8::is_ascii_digit) || !matches!(word.len(), 9 | 10) {
            return None;
        }
        let key = key_before(text, start);
        if key
            .as_ref()
            .is_some_and(|key| key.is_of_program() || key.is_of_request())
        {
            return None;
        }
        if word.len() == 9 {
            // A value without a name: quoted, or in a row.
            let quoted = key.is_none()
                && matches!(
                    (previous, next),
                    (b'\'', b'\'') | (b'"', b'"') | (b'(' | b' ' | b',', b',' | b')')
                );
            let sound = quoted && checks::ssn(part(word, 0, 3), part(word, 3, 5), part(word, 5, 9));
            return sound.then_some((Some(Class::Ssn), end));
        }
        if checks::npi(word) {
            return Some((Some(Class::License), end));
        }
        if !is_nanp(part(word, 0, 3), part(word, 3, 6)) {
            return None;
        }
        let fax = contains(part(text, start.saturating_sub(160), start), &[b"fax"]);
        Some((Some(if fax { Class::Fax } else { Class::Phone }), end))
    }

    /// A plate, or a code after a word for codes: "plate UZL 0544", `runNo: RUN17112945`, "record 46688595".
    fn code_beside(&mut self, start: usize, end: usize) -> Option<(Option<Class>, usize)> {
        let text = self.text;
        if is_word(before(text, start)) || matches!(before(text, start), b'.' | b'/' | b'@' | b'+')
        {
            return None;
        }
        let stop = run_within(text, end, start + 32, |byte| is_word(byte) || byte == b'-');
        let stop = stop - usize::from(before(text, stop) == b'-');
        // "UZL 0544": the letters stand before.
        let lead = letters_before(text, start);
        let says_at = |place: usize, known: &[&[u8]]| {
            let word = words::word_before(text, place);
            known.iter().any(|known| known.eq_ignore_ascii_case(word))
                || key_before(text, place).is_some_and(|key| key.ends_with(known))
        };
        // OPO-782282: the letters belong to the number.
        let mut first = start;
        while start - first < 12 && is_joined(before(text, first)) {
            first -= 1;
        }
        let code = part(text, first, stop);
        let digits = count_digits(code);
        let plain = code
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        if says_at(lead, words::PLATES) {
            let plate = part(text, lead, stop);
            let letters = plate
                .iter()
                .filter(|byte| byte.is_ascii_uppercase())
                .count();
            let sound = (5..=8).contains(&plate.len())
                && letters >= 1
                && digits >= 2
                && letters
                    + digits
                    + plate
                        .iter()
                        .filter(|byte| matches!(byte, b' ' | b'-'))
                        .count()
                    == plate.len();
            return sound.then_some((Some(Class::Vehicle), stop));
        }
        let sound = plain
            && (5..=24).contains(&code.len())
            && digits >= 4
            && !looks_like_hash(code)
            && !is_uuid(code)
            && says_at(first, words::NUMBERED)
            && !key_before(text, first)
                .is_some_and(|key| key.is_of_program() || key.is_of_request());
        if sound {
            self.add(
                Class::UniqueId,
                Confidence::Medium,
                (first, stop),
                Some("beside a person"),
            );
        }
        sound.then_some((None, stop))
    }

    /// `Jane Roe (4293429838)`: a number in brackets right after a name.
    fn number_after(&mut self, name_end: usize, limit: usize) -> Option<usize> {
        let text = self.text;
        let open = run_within(text, name_end, name_end + 4, |byte| {
            matches!(byte, b' ' | b'"' | b'\'' | b'\\')
        });
        if open > name_end + 3 || !matches!(at(text, open), b'(' | b'[' | b'#') {
            return None;
        }
        let start = open + 1;
        let end = run_within(text, start, start + 20, |byte| {
            byte.is_ascii_alphanumeric() || byte == b'-'
        });
        let number = part(text, start, end);
        let closed = at(text, open) == b'#' || matches!(at(text, end), b')' | b']');
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

    /// The file of a picture.
    fn picture_beside(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        if !matches!(at(text, end), b'.' | b'/' | b'-' | b':' | b'%' | b'_') {
            return None;
        }
        let stop = run_within(text, end, start + 302, |byte| {
            web::is_url_byte(byte) && byte != b'='
        });
        let path = part(text, start, stop);
        let full_stop = usize::from(path.ends_with(b"."));
        let path = part(text, start, stop - full_stop);
        if stop == end || path.len() > 300 || !web::is_image(path) {
            return None;
        }
        let stop = stop - full_stop;
        let mut first = start;
        while first > 0
            && start - first < 200
            && web::is_url_byte(before(text, first))
            && !matches!(before(text, first), b'=' | b'(' | b'[')
        {
            first -= 1;
        }
        if contains(part(text, first, stop), words::DECORATION) {
            return Some(stop);
        }
        let query = part(text, start, stop)
            .iter()
            .position(|byte| matches!(byte, b'?' | b'#'));
        let stop = query.map_or(stop, |place| start + place);
        self.add(
            Class::Photo,
            Confidence::Medium,
            (first, stop),
            Some("beside a person"),
        );
        Some(stop)
    }

    /// `website: https://…`, "her blog https://…".
    fn page_beside(&mut self, start: usize, end: usize, known: &Known) -> Option<usize> {
        let text = self.text;
        if part(text, end, end + 3) != b"://" || !part(text, start, end).starts_with(b"http") {
            return None;
        }
        let stop = run_within(text, end + 3, end + 600, |byte| {
            web::is_url_byte(byte) && byte != b'?'
        });
        let url = part(text, start, stop);
        let front = part(text, start.saturating_sub(40), start);
        let said = contains(front, words::PAGES)
            || contains(url, words::HOSTS)
            || words::carries_name(text, url, known);
        let sound = said && !web::is_machine(url) && url.len() >= 12 && !web::is_image(url);
        sound.then(|| {
            let stop = stop - usize::from(before(text, stop) == b'.');
            self.add(
                Class::Url,
                Confidence::Medium,
                (start, stop),
                Some("beside a person"),
            );
            stop
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

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    /// The classes and texts that are found in a line.
    fn found(line: &str) -> Vec<(Class, &str)> {
        let mut found = Vec::new();
        Detector::new().scanner().line(line.as_bytes(), &mut found);
        found
            .into_iter()
            .map(|finding| (finding.class, line.get(finding.span).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_stands_beside_a_person_is_about_that_person() {
        for (line, class, value) in [
            (
                r#"{"mrn":"0045512","taken_on":"2022-01-30"}"#,
                Class::Date,
                "2022-01-30",
            ),
            (
                "2026-04-18 08:51:21 implant of patient Katherine Scott, next check 2026-04-26",
                Class::Date,
                "2026-04-26",
            ),
            (
                "chart of patient Katherine Scott (4293429838) locked",
                Class::Mrn,
                "4293429838",
            ),
            (
                r#"{"patient":"Katherine Scott","to":"3125550142"}"#,
                Class::Phone,
                "3125550142",
            ),
            (
                r#"{"email":"k.scott@example.org","front":"cards/front_8193.jpg"}"#,
                Class::Photo,
                "cards/front_8193.jpg",
            ),
            (
                "patient Katherine Scott lives with her son in Dubuque County",
                Class::Geography,
                "Dubuque County",
            ),
            (
                r#"{"patient":"Katherine Scott","website":"https://scott-family.net/us"}"#,
                Class::Url,
                "https://scott-family.net/us",
            ),
        ] {
            assert!(
                found(line).contains(&(class, value)),
                "{line}: {:?}",
                found(line)
            );
        }
    }

    #[test]
    fn times_and_numbers_of_the_program_stay() {
        for line in [
            r#"{"ts":"2026-04-18T08:51:21Z","created_at":"2026-04-18T08:51:21Z","apiVersion":"2024-01-01","mrn":"0045512"}"#,
            "2026-04-18 08:51:21 INFO patient Katherine Scott opened bytes=3125550142 /assets/logo.png",
            r#"10.0.0.1 - - [10/Apr/2026:18:43:41 +0000] "GET /x?mrn=0045512 HTTP/1.1" 200"#,
        ] {
            assert_eq!(found(line).len(), 1, "{line}: {:?}", found(line));
        }
    }

    #[test]
    fn without_a_person_nothing_is_beside_one() {
        for line in [
            "batch 3125550142 of 2026-04-18 done, picture front_8193.jpg written",
            "certificate expires 2029-07-16",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
