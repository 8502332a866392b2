//! The scan of one text: fields, numbers, addresses, names, from left to right.

mod credits;
mod fields;

use crate::bytes::{
    AFTER_DULL, DIGIT, Kind, LOWER, Marks, OTHER_WORD, STOP, UPPER, WORD, at, before, is_word,
    kind, marks, part, run_end, word_end,
};
use crate::class::{Class, Confidence};
use crate::detect::Classes;
use crate::field;
use crate::finding::Finding;
use crate::frame::{Frame, Frames, says_of_outer};
use crate::memory::Memory;
use crate::person;
use crate::place;
use crate::repeat::Asked;
use crate::secret;
use crate::value::{self, Value};
use crate::vocabulary::Meaning;
use crate::web;
use crate::when;

use crate::text::credits::is_credited;
pub(crate) use crate::text::fields::{code_of_type, is_hint, is_of_value};

/// What scans of many texts use one after the other.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) memory: Memory,
    frames: Frames,
    /// What was asked of digits of the text.
    pub(crate) asked: Asked,
    /// Cells of a row that say nothing of a person, whoever else is in the row.
    pub(crate) quiet: Vec<(usize, usize)>,
    /// Words that are long enough to hold a text in an encoding.
    pub(crate) long: Vec<(usize, usize)>,
}

/// So many URLs are looked at within one.
const NESTED_URLS: usize = 8;

/// Shorter words are no part of an encoding that is worth a look.
const LONG: usize = 10;

/// A scan of a text.
pub(crate) struct Text<'t, 'm> {
    pub(crate) text: &'t [u8],
    pub(crate) classes: Classes,
    pub(crate) found: &'m mut Vec<Finding>,
    pub(crate) desk: &'m mut Desk,
    /// The name of the field whose value is the next object or array.
    pending: Option<(usize, usize)>,
    /// What the last field said of its value, until that value is over.
    pub(crate) quiet_until: usize,
    /// Until here stand names of things, which may be those of people: no name is looked for.
    things_until: usize,
    /// Where the value of the last field begins: the name of the field has said all that words before it can say.
    pub(crate) value_start: usize,
    /// The marks that it has.
    pub(crate) marks: Marks,
    /// Where the last URL ends, and how many began before that.
    url: (usize, usize),
    /// What is left of values in arrays, of which a part was found.
    rest: Vec<(usize, usize)>,
    /// Whether it reads like a note on a patient, once somebody asked.
    pub(crate) clinical: Option<bool>,
}

impl<'t, 'm> Text<'t, 'm> {
    pub(crate) fn new(
        text: &'t [u8],
        classes: Classes,
        desk: &'m mut Desk,
        found: &'m mut Vec<Finding>,
    ) -> Self {
        desk.frames.clear();
        desk.long.clear();
        Self {
            text,
            classes,
            found,
            desk,
            pending: None,
            quiet_until: 0,
            things_until: 0,
            value_start: usize::MAX,
            marks: marks(text),
            url: (0, 0),
            rest: Vec::new(),
            clinical: None,
        }
    }

    /// Adds a finding, when its class is looked for.
    pub(crate) fn add(
        &mut self,
        class: Class,
        confidence: Confidence,
        (start, end): (usize, usize),
        field: Option<&'static str>,
    ) {
        // The sign of an international number, as a URL writes it.
        let plus = matches!(class, Class::Phone | Class::Fax)
            && part(self.text, start.saturating_sub(3), start) == b"%2B";
        let start = if plus { start - 3 } else { start };
        if start < end && self.classes.has(class) {
            self.found.push(Finding {
                class,
                confidence,
                span: start..end,
                field,
            });
        }
    }

    /// Scans all of the text.
    pub(crate) fn scan(&mut self) {
        self.scan_part(0, self.text.len());
        // Each of the rests is a part of a value, and rests of rests are parts of those; together they are not longer than
        // the text but where values of arrays stand within others.
        let mut left = self.text.len();
        while let Some((start, end)) = self.rest.pop() {
            let Some(fewer) = left.checked_sub(end - start) else {
                return;
            };
            left = fewer;
            self.quiet_until = 0;
            self.things_until = 0;
            self.value_start = usize::MAX;
            self.scan_part(start, end);
        }
    }

    /// Scans a part of the text.
    fn scan_part(&mut self, start: usize, limit: usize) {
        let text = self.text;
        let mut place = start;
        while let Some(&byte) = text.get(place).filter(|_| place < limit) {
            let first = kind(byte);
            if first & WORD == 0 {
                let stops = first & STOP != 0 && (byte != b':' || at(text, place + 1) == b'/');
                place += 1;
                if stops {
                    place = self.stop(place - 1).max(place);
                }
                continue;
            }
            let (end, kinds) = word_end(text, place);
            // Most words are in lower case, and nothing but words.
            if kinds == LOWER && before(text, place) != b'.' && !secret::is_told(text, place, end) {
                let next = at(text, end);
                let further = at(text, end + 1);
                if next == b' ' && kind(further) & WORD != 0 {
                    place = end + 1;
                    continue;
                }
                let dull = kind(next) & AFTER_DULL != 0
                    || !matches!(next, b'-' | b'.' | b'/')
                        && !field::could_be_name(text, place, end);
                if dull {
                    place = end;
                    continue;
                }
            }
            // Whatever was found, the scan goes on.
            place = self.word(place, end, kinds).max(end);
        }
    }

    /// Looks at the word that begins at a place; returns where to go on.
    fn word(&mut self, start: usize, end: usize, kinds: Kind) -> usize {
        let text = self.text;
        // <Value number="1">
        let attribute = at(text, end) == b'"' && at(text, end + 1) == b'>';
        if (kinds != DIGIT || attribute)
            && field::could_be_name(text, start, end)
            && let Some(place) = self.named(start, end)
        {
            return place;
        }
        if end - start >= LONG && kinds & (UPPER | DIGIT) != 0 {
            self.desk.long.push((start, end));
        }
        if start < self.quiet_until {
            return end;
        }
        if kinds != DIGIT {
            if let Some(end) = self.secret_word(start) {
                return end;
            }
            if before(text, start) == b'.' && web::is_image_ending(part(text, start, end)) {
                self.picture(start, end);
                return end;
            }
        }
        if kinds & DIGIT != 0 {
            return self.number_word(start, end, kinds).max(end);
        }
        if kinds & (UPPER | OTHER_WORD) != 0
            && let Some(end) = self.capital(start, end)
        {
            return end;
        }
        if at(text, end) == b'/' && web::is_people(part(text, start, end)) {
            return self.segment(start, end);
        }
        end
    }

    /// Looks at a word as the name of a field; returns where to go on when its value needs no further look.
    #[inline]
    fn named(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        // curl -u name:password
        if at(text, end) == b':' && part(text, start.saturating_sub(4), start) == b" -u " {
            let stop = run_end(text, end + 1, |byte| !matches!(byte, b' ' | b'"' | b'\''));
            self.add(
                Class::Secret,
                Confidence::High,
                (end + 1, stop),
                Some("password of a command"),
            );
            return Some(stop);
        }
        let field = field::field(text, start, end)?;
        self.field(&field)
    }

    /// What begins with a capital: a month, a post box, a city after "lives in", a name.
    fn capital(&mut self, start: usize, end: usize) -> Option<usize> {
        let first = at(self.text, start);
        if first.is_ascii_uppercase()
            && let Some(end) = self.proper(start, end)
        {
            return Some(end);
        }
        if !self.classes.has(Class::Name)
            || start < self.things_until
            || !(first.is_ascii_uppercase() || first >= 0xc3)
        {
            return None;
        }
        // Mann-Whitney, Hawkins-Kennedy: the first half has been looked at.
        if before(self.text, start) == b'-' && before(self.text, start - 1).is_ascii_alphabetic() {
            return None;
        }
        if at(self.text, end) == b'^'
            && !person::is_issuer(self.text, start)
            && let Some(stop) = person::joined(self.text, start, end, false)
        {
            self.add(Class::Name, Confidence::Medium, (start, stop), None);
            return Some(stop);
        }
        let (start, end, confidence) = person::scan(self.text, start, self.text.len())?;
        let end = person::caret_end(self.text, end);
        if !is_credited(self.text, start) {
            self.add(Class::Name, confidence, (start, end), None);
        }
        Some(end)
    }

    /// What begins with a capital and is no name of a person: a month, a post box, a city.
    fn proper(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        if end - start >= 3
            && when::month(text, start) == Some(end)
            && let Some(stop) = self.date_end(start)
        {
            self.tied_date(start, stop);
            return Some(stop);
        }
        if end - start == 2
            && let Some(stop) = self.hardware(start)
        {
            return Some(stop);
        }
        if matches!(part(text, start, end), b"PO" | b"P" | b"Po")
            && let Some(stop) = place::address(text, start, text.len())
        {
            self.add(Class::Geography, Confidence::Medium, (start, stop), None);
            return Some(stop);
        }
        if !self.classes.has(Class::Geography)
            || !matches!(
                part(text, start.saturating_sub(4), start),
                b" in " | b" to " | b" of " | b"om "
            )
        {
            return None;
        }
        let meaning = self
            .context(start)
            .filter(|meaning| meaning.is_of(Class::Geography))?;
        if person::scan(text, start, text.len()).is_some() {
            return None;
        }
        let stop = person::capitalised_end(text, start, text.len());
        let (_, stop) = crate::bytes::trimmed(text, start, stop);
        if stop <= start {
            return None;
        }
        self.add(
            Class::Geography,
            Confidence::Medium,
            (start, stop),
            Some(meaning.phrase),
        );
        Some(stop)
    }

    /// `…/patients/face_0012.jpg`
    fn picture(&mut self, start: usize, end: usize) {
        let text = self.text;
        let mut first = start;
        while start - first < 200
            && web::is_url_byte(before(text, first))
            && first > 0
            && before(text, first) != b'='
        {
            first -= 1;
        }
        if web::is_of_person(part(text, first, end)) {
            self.add(Class::Photo, Confidence::Medium, (first, end), Some("path"));
        }
    }

    /// `/patients/8812345`, `Patient/8812345`.
    fn segment(&mut self, start: usize, end: usize) -> usize {
        let text = self.text;
        let stop = run_end(text, end + 1, |byte| {
            web::is_url_byte(byte) && !matches!(byte, b'/' | b'?' | b'#' | b':')
        });
        let segment = part(text, end + 1, stop);
        let upper = at(text, start).is_ascii_uppercase();
        if (before(text, start) == b'/' || upper) && web::is_of_somebody(segment) {
            let class = match part(text, start, end).to_ascii_lowercase().as_slice() {
                b"mrn" => Class::Mrn,
                b"ssn" => Class::Ssn,
                b"member" | b"members" | b"subscriber" | b"subscribers" | b"enrollee"
                | b"enrollees" | b"beneficiary" | b"beneficiaries" => Class::HealthPlan,
                _ => Class::UniqueId,
            };
            self.add(class, Confidence::Medium, (end + 1, stop), Some("path"));
            return stop;
        }
        end
    }

    /// Looks at a byte at which the scan stops; returns where to go on.
    fn stop(&mut self, place: usize) -> usize {
        let text = self.text;
        match at(text, place) {
            b'{' | b'[' | b'(' => return self.open(place),
            b'}' | b']' | b')' => {
                let open = match at(text, place) {
                    b'}' => b'{',
                    b']' => b'[',
                    _ => b'(',
                };
                self.desk
                    .frames
                    .pop(open, |(start, end)| says_of_outer(part(text, start, end)));
            }
            b'@' => {
                if let Some((start, end, confidence)) = web::email(text, place, 0) {
                    // The name and password of a URL: its scan has said what is to be said.
                    let scheme = |name: &[u8]| {
                        part(text, start.saturating_sub(name.len() + 1), start).strip_suffix(b":")
                            == Some(name)
                    };
                    let inside = part(text, start.saturating_sub(3), start) == b"://"
                        || (before(text, start) == b':'
                            && !scheme(b"mailto")
                            && !scheme(b"MAILTO")
                            && !matches!(at(text, end), b' ' | b'"'));
                    // sip:+13125550142@pbx.example.org
                    let local = part(text, start, place);
                    let digits = local.strip_prefix(b"+").unwrap_or(local);
                    if (10..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
                        self.add(
                            Class::Phone,
                            Confidence::Medium,
                            (start, place),
                            Some("address of a call"),
                        );
                        return end;
                    }
                    if !inside {
                        self.add(Class::Email, confidence, (start, end), None);
                    }
                    return end;
                }
            }
            b':' if part(text, place, place + 3) == b"://" => self.url(place),
            b'+' if kind(at(text, place + 1)) & DIGIT != 0 && !is_word(before(text, place)) => {
                return self.international(place);
            }
            _ => {}
        }
        place + 1
    }

    /// Opens an object, an array, or what a program prints like one; returns where to go on.
    fn open(&mut self, place: usize) -> usize {
        let text = self.text;
        let open = at(text, place);
        let key = self.pending.take().or_else(|| match open {
            // `Patient(`, `Patient {`, "member [": what is inside is of that.
            b'[' | b'(' => self.word_before(place),
            _ => self.array_key().or_else(|| self.word_before(place)),
        });
        let key = key.unwrap_or_default();
        // `{"key":"mrn","value":{"stringValue":…}}`
        let outer = self.desk.frames.top().and_then(|frame| frame.sibling);
        let name = part(text, key.0, key.1);
        let is_value =
            name.ends_with(b"alue") || matches!(name, b"answer" | b"values" | b"content");
        self.desk.frames.push(Frame {
            open,
            key,
            sibling: outer.filter(|_| is_value),
        });
        if open == b'(' && kind(at(text, place + 1)) & DIGIT != 0 {
            return self.bracketed(place);
        }
        if open == b'[' {
            self.bracketed_pair(place);
        }
        place + 1
    }

    /// The word right before a bracket, or with one blank between.
    fn word_before(&self, place: usize) -> Option<(usize, usize)> {
        let end = place - usize::from(before(self.text, place) == b' ');
        let start = crate::bytes::word_start(self.text, end, 32);
        (start < end).then_some((start, end))
    }

    fn array_key(&self) -> Option<(usize, usize)> {
        self.desk
            .frames
            .top()
            .filter(|frame| frame.open == b'[')
            .map(|frame| frame.key)
    }

    fn url(&mut self, colon: usize) {
        let text = self.text;
        // URLs in the query of another are looked at, too, but not any number of them.
        if colon >= self.url.0 {
            self.url.1 = 0;
        } else if self.url.1 >= NESTED_URLS {
            return;
        }
        let url = web::url(text, colon);
        self.url = (url.end.max(self.url.0), self.url.1 + 1);
        if let Some(password) = url.password {
            self.add(
                Class::Secret,
                Confidence::High,
                password,
                Some("password in a URL"),
            );
        }
        if self.classes.has(Class::Secret) {
            for place in web::secrets(text, colon + 3, url.end) {
                self.add(
                    Class::Secret,
                    Confidence::Medium,
                    place,
                    Some("token of a link"),
                );
            }
        }
        let start = crate::bytes::word_start(text, colon, 12);
        let said = |meaning: &Meaning| {
            meaning.classes.first() == Some(&(Class::Url, crate::vocabulary::Strength::Field))
        };
        let end = url.person_end.or_else(|| {
            let value = Value {
                text,
                start,
                // Its query is looked at field by field.
                end: run_end(text, start, |byte| web::is_url_byte(byte) && byte != b'?'),
                bounded: true,
            };
            let meaning = self.context(start).filter(|meaning| said(meaning))?;
            value::fit(
                Class::Url,
                crate::vocabulary::Strength::Field,
                meaning.phrase,
                value,
            )
            .map(|(_, end, _)| end)
        });
        if let Some(end) = end {
            self.add(Class::Url, Confidence::Medium, (start, end), None);
        }
    }
}
