//! Whether a value has the form of the class that the name of its field says.

mod code;
mod geography;
mod name;
mod placeholder;
mod secret;

use crate::bytes::{at, before, count_digits, is_word, number, part, run_end, run_within, trimmed};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::digits;
use crate::value::code::{code, device, plate};
use crate::value::geography::geography;
use crate::value::name::name;
pub(crate) use crate::value::placeholder::is_placeholder;
use crate::value::secret::secret;
use crate::vocabulary::{Meaning, Strength};
use crate::web;
use crate::when;

/// A value in its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'t> {
    /// The text around it.
    pub(crate) text: &'t [u8],
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends at the latest.
    pub(crate) end: usize,
    /// Whether quotes, or the borders of a cell, say where it ends.
    pub(crate) bounded: bool,
}

impl<'t> Value<'t> {
    fn bytes(self) -> &'t [u8] {
        part(self.text, self.start, self.end)
    }

    /// The value without blanks and quotes around it.
    fn trimmed(self) -> Self {
        let (start, end) = trimmed(self.text, self.start, self.end);
        Self { start, end, ..self }
    }

    const fn to(self, end: usize) -> Self {
        Self { end, ..self }
    }
}

/// Where a value of the class stands within what was given, and how sure that is.
pub(crate) type Fit = Option<(usize, usize, Confidence)>;

/// Fits a value to the first of the classes of its field that it has the form of, of those for which `is` holds.
pub(crate) fn fit_of(
    meaning: &Meaning,
    value: Value<'_>,
    is: impl Fn(Class) -> bool,
) -> Option<(Class, (usize, usize), Confidence)> {
    meaning
        .classes
        .iter()
        .filter(|(class, _)| is(*class))
        .find_map(|&(class, strength)| {
            let (start, end, confidence) = fit(class, strength, meaning.phrase, value)?;
            Some((class, (start, end), confidence))
        })
}

/// Fits a value to the class that the name of its field says.
pub(crate) fn fit(class: Class, strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    let value = value.trimmed();
    if value.start >= value.end || is_placeholder(value.bytes()) {
        return None;
    }
    match class {
        Class::Name => name(strength, phrase, value),
        Class::Geography => geography(strength, phrase, value),
        Class::Date => date(strength, phrase, value),
        Class::Phone | Class::Fax => phone(strength, value),
        Class::Email => email(value),
        Class::Ssn => ssn(strength, value),
        Class::Url => url(strength, value),
        Class::Ip => ip(value),
        Class::Biometric => biometric(strength, value),
        Class::Photo => photo(strength, value),
        Class::Secret => secret(strength, value),
        Class::Device => device(strength, value),
        Class::Vehicle => plate(strength, value).or_else(|| code(strength, value)),
        Class::Mrn | Class::HealthPlan | Class::Account | Class::License | Class::UniqueId => {
            code(strength, value)
        }
    }
}

const fn whole(value: Value<'_>, confidence: Confidence) -> Fit {
    Some((value.start, value.end, confidence))
}

fn date(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    // FHIR: birthdate=ge1974-08-08
    let compared = matches!(
        part(value.text, value.start, value.start + 2),
        b"eq" | b"ne" | b"gt" | b"ge" | b"lt" | b"le" | b"sa" | b"eb" | b"ap"
    ) && at(value.text, value.start + 2).is_ascii_digit();
    let value = Value {
        start: value.start + if compared { 2 } else { 0 },
        ..value
    };
    let bytes = value.bytes();
    // What databases and languages write where there is no date.
    digits::read_in(bytes);
    if [
        b"0001-01-01".as_slice(),
        b"0000-00-00",
        b"1900-01-01T00",
        b"9999-12-31",
    ]
    .iter()
    .any(|none| bytes.starts_with(none))
    {
        return None;
    }
    if matches!(phrase.rsplit(' ').next(), Some("age" | "aged" | "years"))
        || phrase.starts_with("age ")
    {
        let end = run_end(value.text, value.start, |byte| byte.is_ascii_digit());
        let age = part(value.text, value.start, end.min(value.end));
        let old = matches!(age.len(), 2 | 3) && (90..=125).contains(&number(age));
        // Of a connection: age=109 idle=0
        let idle = part(value.text, end, end + 6) == b" idle=";
        // "age 95 ms", "age=95 of cache entry"
        let unit = part(value.text, end, value.text.len().min(end + 5));
        let idle = idle
            || [
                b" ms".as_slice(),
                b" s",
                b" sec",
                b" min",
                b" hou",
                b" day",
                b" of ",
                b" byt",
            ]
            .iter()
            .any(|known| unit.starts_with(known));
        let ends = !idle
            && !matches!(at(value.text, end), b'.' | b'-' | b':' | b'/' | b'%')
            && !at(value.text, end).is_ascii_alphanumeric();
        return (old && ends).then_some((value.start, end, Confidence::Medium));
    }
    if let Some(end) = when::called(value.text, value.start) {
        return whole(value.to(end), Confidence::High);
    }
    if let Some(end) =
        when::date_end(value.text, value.start).filter(|end| *end <= value.end || !value.bounded)
    {
        return whole(value.to(end), Confidence::High);
    }
    if let Some((start, end)) = when::find(value.text, value.start, value.end) {
        let near = start - value.start <= 16;
        return near.then_some((start, end, Confidence::Medium));
    }
    compact(strength, value)
}

/// 19800131, seconds or milliseconds since 1970.
fn compact(strength: Strength, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let digits = bytes
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'-');
    // In a sentence the value ends with its digits.
    let run = run_within(value.text, value.start, value.end, |byte| {
        byte.is_ascii_digit()
    });
    let next = at(value.text, run);
    let alone = !value.bounded
        && run == value.start + 8
        && !is_word(next)
        && !matches!(next, b'-' | b'.' | b':' | b'/' if is_word(at(value.text, run + 1)));
    let value = if alone { value.to(run) } else { value };
    let bytes = value.bytes();
    let digits = digits || alone;
    let day = bytes.len() == 8
        && (1900..=2100).contains(&number(part(bytes, 0, 4)))
        && checks::date(
            number(part(bytes, 0, 4)),
            number(part(bytes, 4, 6)),
            number(part(bytes, 6, 8)),
        );
    let sound = digits && (day || strength == Strength::Field && (6..=14).contains(&bytes.len()));
    sound.then_some((value.start, value.end, Confidence::Medium))
}

fn phone(strength: Strength, value: Value<'_>) -> Fit {
    let is_part = |byte: u8| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'+' | b'/')
    };
    let mut start = value.start;
    for prefix in [b"tel:".as_slice(), b"sms:", b"fax:", b"whatsapp:"] {
        if part(value.text, start, value.end).starts_with(prefix) {
            start += prefix.len();
        }
    }
    let mut end = run_within(value.text, start, value.end, is_part);
    while end > start && !before(value.text, end).is_ascii_digit() {
        end -= 1;
    }
    let number = part(value.text, start, end);
    let digits = count_digits(number);
    let least = if strength == Strength::Field { 7 } else { 10 };
    let date = when::date_end(value.text, start).is_some();
    let decimal = number.iter().filter(|byte| **byte == b'.').count() == 1 && digits > 10;
    // What follows may be an extension; letters make it something else.
    let rest = part(value.text, end, value.end);
    let extension = rest
        .iter()
        .take(1)
        .all(|byte| !byte.is_ascii_alphanumeric() || matches!(byte, b'x' | b'e' | b'X'))
        && !matches!(rest.first(), Some(b':' | b'_'));
    if digits < least || digits > 15 || date || decimal || !extension {
        return None;
    }
    let tail = part(value.text, end, value.end);
    if value.bounded && tail.len() <= 12 && count_digits(tail) > 0 {
        end = value.end;
    }
    Some((start, end, Confidence::High))
}

fn email(value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let place = bytes.iter().position(|byte| *byte == b'@')?;
    web::email(value.text, value.start + place, value.start)
        .map(|(start, end, _)| (start, end, Confidence::High))
}

fn ssn(strength: Strength, value: Value<'_>) -> Fit {
    let end = run_within(value.text, value.start, value.end, |byte| {
        byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'.')
    });
    let (start, end) = trimmed(value.text, value.start, end);
    let digits = count_digits(part(value.text, start, end));
    let bound = !at(value.text, end).is_ascii_alphanumeric() || end == value.end;
    let last_four = strength == Strength::Field && (digits == 4 || digits == 8);
    ((digits == 9 || last_four) && bound).then_some((start, end, Confidence::High))
}

fn url(strength: Strength, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let end = run_within(value.text, value.start, value.end, web::is_url_byte);
    let dotted = bytes.contains(&b'.') && bytes.iter().any(|byte| *byte == b'/' || *byte == b'.');
    match strength {
        Strength::Field => {
            let schemed =
                bytes.windows(3).any(|three| three == b"://") || bytes.starts_with(b"www.");
            let sound = (schemed || (dotted && bytes.contains(&b'/'))) && end - value.start >= 8;
            (sound && !web::is_machine(part(value.text, value.start, end))).then_some((
                value.start,
                end,
                Confidence::High,
            ))
        }
        Strength::Shape => None,
    }
}

fn ip(value: Value<'_>) -> Fit {
    let mut start = value.start;
    if at(value.text, start) == b'[' {
        start += 1;
    }
    let (end, public) = web::ip(value.text, start)?;
    (end <= value.end && public).then_some((start, end, Confidence::High))
}

fn biometric(strength: Strength, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let end = if value.bounded {
        value.end
    } else {
        token_end(value)
    };
    let token = part(value.text, value.start, end);
    // Digests of keys and certificates: 3A:BF:…
    if token.len() >= 8 && token.iter().skip(2).step_by(3).all(|byte| *byte == b':') {
        return None;
    }
    let mixed = count_digits(token) >= 2 && token.len() >= 6;
    let long = token.len() >= 16;
    if is_uuid(token) && (strength == Strength::Shape || token.contains(&b'-')) {
        return None;
    }
    let sound = match strength {
        Strength::Field => {
            mixed || long || (token.len() >= 6 && !bytes.contains(&b' ') && count_digits(token) > 0)
        }
        Strength::Shape => mixed && !token.iter().all(u8::is_ascii_hexdigit),
    };
    sound.then_some((value.start, end, Confidence::Medium))
}

fn photo(strength: Strength, value: Value<'_>) -> Fit {
    let end = if value.bounded {
        value.end
    } else {
        token_end(value)
    };
    let bytes = part(value.text, value.start, end);
    let image = web::is_image(bytes);
    let data = bytes.starts_with(b"data:image") || bytes.len() > 60 && !bytes.contains(&b' ');
    let linked = bytes.windows(3).any(|three| three == b"://")
        || bytes.contains(&b'/') && count_digits(bytes) > 0;
    let code =
        count_digits(bytes) >= 3 && !bytes.contains(&b' ') && !is_uuid(bytes) && bytes.len() >= 5;
    let sound = match strength {
        Strength::Field => image || data || linked || code,
        Strength::Shape => (image && web::is_of_person(bytes)) || bytes.starts_with(b"data:image"),
    };
    sound.then_some((value.start, end, Confidence::Medium))
}

/// The end of the token at the beginning of a value: up to a blank or a mark that no code has.
fn token_end(value: Value<'_>) -> usize {
    run_within(value.text, value.start, value.end, |byte| {
        !matches!(
            byte,
            b' ' | b'\t'
                | b'"'
                | b'\''
                | b','
                | b';'
                | b'|'
                | b'&'
                | b'<'
                | b'>'
                | b'}'
                | b'{'
                | b'\\'
                | b'\n'
                | b'\r'
                // Marks of HL7 and X12.
                | b'*'
                | b'~'
                | b'^'
        )
    })
}

/// Whether a text is a UUID.
pub(crate) fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
        || (text.len() == 32
            && text.iter().all(u8::is_ascii_hexdigit)
            && text.iter().any(u8::is_ascii_alphabetic))
}

/// Hexadecimal digits with letters of one case among them, as digests and trace ids are written.
pub(crate) fn looks_like_hash(text: &[u8]) -> bool {
    let hex = text.iter().all(u8::is_ascii_hexdigit);
    let letters = text
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let lower = text.iter().all(|byte| !byte.is_ascii_uppercase());
    hex && letters >= 2
        && text.len() >= 8
        && (lower || text.len() >= 32)
        && letters * 8 >= text.len()
}

/// Whether a card, bank, provider or vehicle number has its check digit.
pub(crate) fn has_check(class: Class, token: &[u8]) -> bool {
    match class {
        Class::Account => checks::is_card(token) || checks::aba(token) || checks::iban(token),
        Class::License => checks::npi(token) || checks::dea(token),
        Class::Vehicle => checks::vin(token),
        Class::HealthPlan => checks::mbi(token),
        _ => false,
    }
}
