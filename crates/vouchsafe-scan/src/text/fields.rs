//! Fields of a text: what their names say, and whether their values are that.

use crate::bytes::{
    PLAIN, TOKEN, at, count_digits, is_word, kind, part, run_end, run_within, word_start,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::decode;
use crate::digits;
use crate::field::{self, Extent, Field, Mark, Opening};
use crate::frame::Frame;
use crate::memory::Known;
use crate::number::is_nanp;
use crate::system::{holds_system, last_segment, said_by_system};
use crate::text::Text;
use crate::value::{self, Value};
use crate::vocabulary::{Meaning, meaning_of};
use crate::web;
use crate::when;

impl Text<'_, '_> {
    /// Looks at a field; returns where to go on when its value needs no further look.
    pub(super) fn field(&mut self, field: &Field) -> Option<usize> {
        let text = self.text;
        let (key_start, key_end) = field.key;
        let parent = self
            .desk
            .frames
            .top()
            .map(|frame| part(text, frame.key.0, frame.key.1))
            .unwrap_or_default();
        let name = part(text, key_start, key_end);
        let sentence = field.mark == Mark::Colon && !field.quoted;
        let outer = match field.mark {
            Mark::Element => field::outer_element(text, key_start),
            Mark::Colon | Mark::Equals => None,
        };
        let parent = outer.map_or(parent, |(start, end)| part(text, start, end));
        let known = self.desk.memory.known(parent, name, sentence);
        let mut meaning = known.meaning;
        if meaning.is_none_or(|meaning| meaning.is_value)
            || name == b"extension"
            || field.mark == Mark::Element && is_of_plist(name)
        {
            meaning = self.beside(field, name, known).or(meaning);
        }
        let opening = field::opening(text, field);
        if let Opening::Nested(place) = opening {
            self.pending = Some(field.key);
            // Goods are named after people: "products":["Amy","Charlotte"].
            if at(text, place) == b'[' && meaning.is_some_and(|meaning| meaning.is_of_things) {
                let end = run_within(text, place, place + 4096, |byte| {
                    !matches!(byte, b']' | b'{')
                });
                self.things_until = self.things_until.max(end);
            }
            if at(text, place) == b'['
                && let Some(meaning) = meaning.filter(|meaning| !meaning.is_nothing())
            {
                return self.items(place + 1, meaning, field.key);
            }
            return Some(place);
        }
        let hints = (known.hint || name == b"resourceType") && self.desk.frames.is_open();
        if !hints && meaning.is_none_or(Meaning::is_nothing) {
            return self.unknown_value(meaning, field, opening);
        }
        let Extent::One(value, next) =
            field::extent_of(text, field, opening, self.desk.frames.is_open())
        else {
            return None;
        };
        if hints {
            self.hint(value);
        }
        // What follows is of a Patient, an Appointment.
        if name == b"resourceType"
            && let Some(frame) = self.desk.frames.top_mut()
        {
            frame.key = (value.start, value.end);
        }
        self.value_start = value.start;
        let end = self.value(meaning?, value)?;
        Some(past(value, end, next))
    }

    /// The value of a field that says nothing of a person; returns where to go on when it is plain to see that nothing
    /// is in it.
    fn unknown_value(
        &mut self,
        meaning: Option<&'static Meaning>,
        field: &Field,
        opening: Opening,
    ) -> Option<usize> {
        let text = self.text;
        let start = opening.start(field);
        self.value_start = start;
        let meaning = meaning.filter(|meaning| !meaning.is_free_text)?;
        if meaning.is_of_things {
            return self.things(meaning, field, opening);
        }
        if let Some(end) = field::plain_end(text, opening) {
            let first = at(text, start);
            let inner = part(text, start, end);
            // Words with a colon between them may be a field of their own.
            // "destination=8080 SW Fairview Street"
            let goes_on = first.is_ascii_digit()
                && at(text, end) == b' '
                && at(text, end + 1).is_ascii_uppercase();
            let whole = first.is_ascii_digit() && !goes_on
                || (first.is_ascii_alphabetic() && !inner.contains(&b':'));
            if whole {
                self.push_tokens(start, end);
                return Some(end.max(field.value));
            }
            if !goes_on {
                self.quiet_until = end;
            }
            return None;
        }
        if let Extent::One(value, _) =
            field::extent_of(text, field, opening, self.desk.frames.is_open())
        {
            self.value(meaning, value);
        }
        None
    }

    /// The value of a field of things. Brands are named after people, so no name is looked for in it; whatever else is
    /// in it by mistake is found by its form.
    fn things(
        &mut self,
        meaning: &'static Meaning,
        field: &Field,
        opening: Opening,
    ) -> Option<usize> {
        let extent = field::extent_of(self.text, field, opening, self.desk.frames.is_open());
        if let Extent::One(value, _) = extent {
            let end = field::plain_end(self.text, opening)
                .or_else(|| value.bounded.then_some(value.end))?;
            self.things_until = self.things_until.max(end);
            if !meaning.is_nothing() {
                self.value(meaning, value);
            }
        }
        None
    }

    /// Keeps what could be a text in an encoding.
    fn push_tokens(&mut self, start: usize, end: usize) {
        let mut place = start;
        while end - place >= decode::SHORTEST {
            let stop = run_within(self.text, place, end, |byte| kind(byte) & TOKEN != 0);
            if stop - place >= decode::SHORTEST {
                self.desk.long.push((place, stop));
            }
            place = stop.max(place) + 1;
            if place > end {
                return;
            }
        }
    }

    /// What the element of an attribute, or a sibling, says of a field that says nothing itself.
    fn beside(&mut self, field: &Field, name: &[u8], known: Known) -> Option<&'static Meaning> {
        if field.mark == Mark::Equals && matches!(name, b"value" | b"extension" | b"Value") {
            if let Some(meaning) = self.named_before(field.key.0) {
                return Some(meaning);
            }
            let (start, end) = field::element_of_attribute(self.text, field.key.0)?;
            let limit = self.text.len().min(end + 320);
            let close = run_within(self.text, end, limit, |byte| byte != b'>');
            let tag = part(self.text, end, close);
            digits::read_in(tag);
            if let Some(meaning) = OIDS
                .iter()
                .find(|(oid, _)| memchr::memmem::find(tag, oid).is_some())
                .and_then(|(_, name)| meaning_of(name))
            {
                return Some(meaning);
            }
            let element = part(self.text, start, end);
            return self.desk.memory.known(b"", element, false).meaning;
        }
        if field.mark == Mark::Element {
            let (start, end) = field::named_beside(self.text, field.key.0)?;
            let said = part(self.text, start, end);
            digits::read_in(said);
            if let Some((_, name)) = ATTRIBUTES.iter().find(|(oid, _)| said.ends_with(oid)) {
                return meaning_of(name);
            }
            let said = last_segment(said);
            return (said.len() <= 48).then(|| self.desk.memory.known(b"", said, false).meaning)?;
        }
        known.of_value.then(|| self.desk.frames.top()?.sibling)?
    }

    /// `name="memberId" value="…"`: what the attribute before says.
    fn named_before(&mut self, key: usize) -> Option<&'static Meaning> {
        let text = self.text;
        let close = key
            .checked_sub(2)
            .filter(|close| part(text, *close, key) == b"\" ")?;
        let open = close
            - part(text, close.saturating_sub(64), close)
                .iter()
                .rev()
                .position(|byte| *byte == b'"')?;
        let front = part(text, open.saturating_sub(7), open);
        let names =
            front.ends_with(b"name=\"") || front.ends_with(b"key=\"") || front.ends_with(b" id=\"");
        let said = part(text, open, close);
        names.then(|| self.desk.memory.known(b"", said, false).meaning)?
    }

    /// `{"name":"ssn","value":…}`: what a member says of the one beside it.
    fn hint(&mut self, value: Value<'_>) {
        if !value.bounded || value.end - value.start > 64 {
            return;
        }
        let said = part(value.text, value.start, value.end);
        let meaning = said_by_system(&mut self.desk.memory, said);
        if let (Some(meaning), Some(frame)) = (meaning, self.desk.frames.top_mut()) {
            frame.sibling = Some(meaning);
        }
    }

    /// Takes a value for what its field says; returns where it ends when it is that.
    fn value(&mut self, meaning: &'static Meaning, value: Value<'_>) -> Option<usize> {
        if meaning.is_nothing() {
            // Ids and times of the program's own: nothing to look for in them.
            if !meaning.is_free_text && is_plain(value) {
                self.quiet_until = value.end;
            }
            return None;
        }
        self.take(meaning, value)
    }

    /// Adds a value that has the form of what its field says; returns where it ends.
    pub(crate) fn take(&mut self, meaning: &'static Meaning, value: Value<'_>) -> Option<usize> {
        let classes = self.classes;
        let (class, place, confidence) = value::fit_of(meaning, value, |class| classes.has(class))?;
        let token = part(value.text, place.0, place.1);
        // The system of an identifier is none: what stands behind it is looked at for itself.
        if class != Class::Url && holds_system(token) {
            return None;
        }
        // `Patient/4711`, as FHIR refers to somebody, whatever the field.
        if let Some(reference) = token.strip_prefix(b"Patient/") {
            let start = place.1 - reference.len();
            let sound = count_digits(reference) >= 3 && !value::is_uuid(reference);
            if sound {
                self.add(Class::Mrn, confidence, (start, place.1), Some("reference"));
            }
            return Some(place.1);
        }
        let class = refined(class, token);
        let front = part(value.text, place.0.saturating_sub(19), place.0);
        let class = match class {
            // `Patient?identifier=4711`, as FHIR refers to somebody by a search.
            Class::UniqueId if front == b"Patient?identifier=" => Class::Mrn,
            // "Patient: 720-953-2712": what somebody says in a chat.
            Class::Mrn if meaning.phrase == "patient" && is_phone(token) => Class::Phone,
            class => class,
        };
        // (01)00177896438023(17)301211…: a unique device identifier.
        if place.0 > 0 && part(value.text, place.0 - 1, place.0 + 3) == b"(01)" {
            let end = run_within(value.text, place.0, value.end, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'-' | b'.')
            });
            self.add(
                Class::Device,
                confidence,
                (place.0 - 1, end),
                Some(meaning.phrase),
            );
            return Some(end);
        }
        self.add(class, confidence, place, Some(meaning.phrase));
        if class == Class::Date {
            self.until(place.1, meaning.phrase);
        }
        Some(place.1)
    }

    /// `[lastName, Roe]`: a pair as .NET prints it.
    pub(super) fn bracketed_pair(&mut self, open: usize) {
        let text = self.text;
        let (end, _) = crate::bytes::word_end(text, open + 1);
        let name = part(text, open + 1, end);
        if part(text, end, end + 2) != b", "
            || !(3..=40).contains(&name.len())
            || !name.iter().any(u8::is_ascii_lowercase)
        {
            return;
        }
        let stop = run_within(text, end + 2, end + 100, |byte| {
            !matches!(byte, b']' | b'[' | b'"')
        });
        let meaning = meaning_of(name).filter(|meaning| !meaning.is_nothing());
        if at(text, stop) == b']'
            && let Some(meaning) = meaning
        {
            let value = Value {
                text,
                start: end + 2,
                end: stop,
                bounded: true,
            };
            self.take(meaning, value);
        }
    }

    /// What the value of the next line is: `["dob"]=>` and `["dob":protected]=>` of PHP at the end of this one, `$dob` of R,
    /// `1) "dob"` of Redis, which numbers names and values in turn.
    pub(crate) fn carries(&self) -> Option<&'static Meaning> {
        let text = self.text.trim_ascii();
        let name = match text {
            [.., b'=', b'>'] => {
                let end = run_back(text, text.len(), |byte| {
                    matches!(byte, b'=' | b'>' | b' ' | b'"' | b']' | b'\'')
                });
                let end = [b":protected".as_slice(), b":private"]
                    .iter()
                    .find(|word| part(text, 0, end).ends_with(word))
                    .map_or(end, |word| {
                        run_back(text, end - word.len(), |byte| byte == b'"')
                    });
                part(text, word_start(text, end, 64), end)
            }
            [b'$', name @ ..] => name,
            [b'0'..=b'9', ..] => {
                let end = run_within(text, 0, 4, |byte| byte.is_ascii_digit());
                let name = part(text, end, text.len()).strip_prefix(b") \"")?;
                digits::read();
                let odd = crate::bytes::number(part(text, 0, end)) % 2 == 1;
                name.strip_suffix(b"\"").filter(|_| odd)?
            }
            _ => return None,
        };
        let plain = name.len() <= 64 && name.iter().all(|byte| is_word(*byte));
        (plain && !name.is_empty())
            .then(|| meaning_of(name))?
            .filter(|meaning| !meaning.is_nothing())
    }

    /// The value at the beginning of a line whose field stands at the end of the line before: `  string(5) "…"`.
    pub(crate) fn carried(&mut self, meaning: &'static Meaning) {
        let text = self.text;
        let start = run_end(text, 0, |byte| byte == b' ' || byte == b'\t');
        let word = run_end(text, start, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'[' | b']')
        });
        let (start, end) = match memchr::memchr2(b'"', b'\'', part(text, word, text.len())) {
            Some(quote) if quote <= 1 => {
                let start = word + quote + 1;
                (
                    start,
                    run_end(text, start, |byte| byte != at(text, start - 1)),
                )
            }
            _ => (start, text.len()),
        };
        let value = Value {
            text,
            start,
            end,
            bounded: true,
        };
        self.take(meaning, value);
    }

    /// The items of an array of plain values, each a value of its field.
    fn items(
        &mut self,
        start: usize,
        meaning: &'static Meaning,
        key: (usize, usize),
    ) -> Option<usize> {
        let text = self.text;
        if meaning.is_of(Class::Date)
            && let Some(end) = when::listed_end(text, start)
        {
            self.add(
                Class::Date,
                Confidence::High,
                (start, end),
                Some(meaning.phrase),
            );
            return Some(end);
        }
        let mut place = start;
        for _ in 0..256 {
            place = run_end(text, place, |byte| {
                matches!(byte, b' ' | b',' | b'\n' | b'\t' | b'\r')
            });
            let slashes = run_end(text, place, |byte| byte == b'\\');
            match at(text, slashes) {
                b'"' | b'\'' => {}
                b']' => return Some(place + 1),
                byte if byte.is_ascii_alphanumeric() => {}
                _ => break,
            }
            let field = Field {
                key,
                mark: Mark::Colon,
                quoted: true,
                value: place,
            };
            let Extent::One(value, next) = field::extent(text, &field, true) else {
                break;
            };
            let value = Value {
                bounded: true,
                ..value
            };
            if let Some(end) = self.value(meaning, value).filter(|end| *end < value.end) {
                self.rest.push((end, value.end));
            }
            let next = next.max(value.end);
            if next <= place {
                break;
            }
            place = next;
        }
        // What comes now is an object, or something else: the array stays open.
        let name = part(text, key.0, key.1);
        self.desk.frames.push(Frame {
            open: b'[',
            key,
            sibling: is_of_value(name).then_some(meaning),
        });
        self.pending = None;
        Some(place)
    }
}

/// Where the scan goes on after a value of which a part was found. What else stands in it is looked at for itself:
/// {"mrn":"7788123, ssn 219-09-9999"}.
fn past(value: Value<'_>, found_end: usize, next: usize) -> usize {
    let rest = part(value.text, found_end, value.end);
    let over = !rest.iter().any(u8::is_ascii_alphanumeric);
    if over { found_end.max(next) } else { found_end }
}

/// Whether a value is a telephone number in groups: 720-953-2712.
fn is_phone(token: &[u8]) -> bool {
    matches!(
        token,
        [_, _, _, b'-' | b'.', _, _, _, b'-' | b'.', _, _, _, _]
    ) && is_nanp(part(token, 0, 3), part(token, 4, 7))
        && count_digits(token) == 10
}

/// The class that the form of a value says, when its field says only that it is some identifier.
fn refined(class: Class, token: &[u8]) -> Class {
    if class != Class::UniqueId {
        return class;
    }
    if let Some(sign) = memchr::memchr(b'@', token)
        && web::email(token, sign, 0)
            .is_some_and(|(start, end, _)| (start, end) == (0, token.len()))
    {
        return Class::Email;
    }
    if web::is_image(token) {
        return Class::Photo;
    }
    if let [a, b, c, b'-', d, e, b'-', serial @ ..] = token
        && serial.len() == 4
        && checks::ssn(&[*a, *b, *c], &[*d, *e], serial)
    {
        Class::Ssn
    } else if checks::mbi(token) {
        Class::HealthPlan
    } else if checks::vin(token) {
        Class::Vehicle
    } else {
        class
    }
}

/// Where the run of bytes for which `is` holds begins that ends at a place.
fn run_back(text: &[u8], end: usize, is: impl Fn(u8) -> bool) -> usize {
    let front = part(text, 0, end);
    front
        .iter()
        .rposition(|byte| !is(*byte))
        .map_or(0, |place| place + 1)
}

/// Whether a field says what the field beside it holds.
pub(crate) fn is_hint(name: &[u8]) -> bool {
    matches!(
        name,
        b"name"
            | b"key"
            | b"field"
            | b"code"
            | b"system"
            | b"type"
            | b"label"
            | b"param"
            | b"header"
            | b"attribute"
            | b"column"
            | b"display"
            | b"fieldName"
            | b"property"
            | b"k"
            | b"text"
            | b"Name"
            | b"Key"
            | b"Field"
            | b"field_name"
            | b"Type"
            | b"question"
            | b"use"
            | b"path"
            | b"Label"
            | b"id"
            | b"url"
    )
}

/// Whether an element says only of what type its value is: `<key>birthDate</key><date>…</date>`.
fn is_of_plist(name: &[u8]) -> bool {
    matches!(name, b"date" | b"string" | b"integer" | b"real" | b"data")
}

/// Whether the field beside this one says what its value is.
pub(crate) fn is_of_value(name: &[u8]) -> bool {
    // FHIR: valueString, valueDate
    let typed = name.starts_with(b"value") && name.get(5).is_some_and(u8::is_ascii_uppercase);
    name.ends_with(b"alue")
        || typed
        || matches!(
            name,
            b"val" | b"v" | b"answer" | b"content" | b"data" | b"text"
        )
}

/// Roots of identifiers in HL7 v3 and C-CDA, and what they identify.
const OIDS: [(&[u8], &[u8]); 4] = [
    (b"\"2.16.840.1.113883.4.6\"", b"npi"),
    (b"\"2.16.840.1.113883.4.1\"", b"ssn"),
    (b"\"2.16.840.1.113883.4.3.", b"drivers license"),
    (b"\"2.16.840.1.113883.4.572\"", b"medicare number"),
];

/// Attributes of directories by their object identifiers, as SAML names them.
const ATTRIBUTES: [(&[u8], &[u8]); 7] = [
    (b":2.5.4.42", b"given name"),
    (b":2.5.4.4", b"surname"),
    (b":2.5.4.3", b"full name"),
    (b":2.16.840.1.113730.3.1.241", b"full name"),
    (b":2.5.4.20", b"phone number"),
    (b":0.9.2342.19200300.100.1.3", b"email"),
    (b":0.9.2342.19200300.100.1.41", b"mobile number"),
];

/// The types of identifiers of HL7 v2 table 0203, and the systems of FHIR.
pub(crate) fn code_of_type(said: &[u8]) -> Option<&'static Meaning> {
    // Among them are numbers with full stops.
    if said.iter().filter(|byte| **byte == b'.').count() >= 2 {
        digits::read_in(said);
    }
    let name: &[u8] = match said {
        b"MR" | b"PI" | b"MRT" => b"mrn",
        b"SS" | b"SSN" => b"ssn",
        b"DL" | b"DLN" => b"drivers license",
        b"PPN" => b"passport",
        b"NPI" => b"npi",
        b"MD" | b"DO" | b"RN" | b"DEA" => b"license number",
        b"MC" | b"MB" | b"MI" | b"MA" | b"SN" => b"member id",
        b"AN" | b"BA" | b"CC" => b"account number",
        b"EN" | b"VN" => b"encounter id",
        b"SNO" => b"serial number",
        _ if memchr::memmem::find(said, b"113883.4.3.").is_some() => b"drivers license",
        _ if said.ends_with(b"113883.4.1") => b"ssn",
        _ if said.ends_with(b"113883.4.6") => b"npi",
        _ if said.ends_with(b"us-ssn") => b"ssn",
        _ if said.ends_with(b"us-npi") => b"npi",
        _ if said.ends_with(b"us-mbi") => b"mbi",
        _ => return None,
    };
    meaning_of(name)
}

/// A value without blanks or marks, as ids, times and numbers of the program's own are.
fn is_plain(value: Value<'_>) -> bool {
    let bytes = part(value.text, value.start, value.end);
    bytes.len() <= 128 && bytes.iter().all(|byte| kind(*byte) & PLAIN != 0)
}
