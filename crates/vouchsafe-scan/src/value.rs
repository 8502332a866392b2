//! Whether a value has the form of the class that the name of its field says.

use crate::bytes::{at, before, count_digits, number, part, run_end, trimmed};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::person;
use crate::place;
use crate::vocabulary::Strength;
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

/// Whether a text stands for a value that is not there, or was masked.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 44] = [
        b"null",
        b"nil",
        b"none",
        b"undefined",
        b"true",
        b"false",
        b"unknown",
        b"n/a",
        b"na",
        b"nan",
        b"string",
        b"text",
        b"redacted",
        b"masked",
        b"hidden",
        b"filtered",
        b"omitted",
        b"removed",
        b"anonymous",
        b"missing",
        b"empty",
        b"required",
        b"invalid",
        b"optional",
        b"yes",
        b"no",
        b"error",
        b"ok",
        b"default",
        b"varchar",
        b"integer",
        b"int",
        b"number",
        b"object",
        b"boolean",
        b"bool",
        b"any",
        b"<nil>",
        b"deleted",
        b"unset",
        b"not set",
        b"tbd",
        b"xxx",
        b"sanitized",
    ];
    let lower = text.to_ascii_lowercase();
    let shell = |open: u8, close: u8| text.first() == Some(&open) && text.last() == Some(&close);
    let alnum = text
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
        .count();
    alnum == 0
        || WORDS.contains(&lower.as_slice())
        || (shell(b'[', b']')
            && text
                .iter()
                .all(|b| b.is_ascii_alphabetic() || b" []-_.:*".contains(b)))
        || (shell(b'<', b'>') && !text.contains(&b' '))
        || (shell(b'{', b'}') && text.len() < 40 && !text.contains(&b':'))
        || (text.first() == Some(&b'$') && text.len() < 40)
        || (text.first() == Some(&b'%') && text.len() <= 3)
        || (text.first() == Some(&b'#') && text.get(1) == Some(&b'{'))
        || (text.first() == Some(&b':')
            && text
                .iter()
                .skip(1)
                .all(|b| b.is_ascii_lowercase() || *b == b'_'))
        || {
            // ***, xxxx-1234 and the like: what is left of a masked value.
            let stars = text
                .iter()
                .filter(|b| matches!(b, b'*' | b'X' | b'x' | 0xe2))
                .count();
            stars * 2 > text.len()
                && text.iter().any(|b| *b == b'*' || *b == b'X' || *b == b'x')
                && text.len() > 3
                && text
                    .iter()
                    .all(|b| !b.is_ascii_alphabetic() || matches!(b, b'x' | b'X'))
        }
}

fn name(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    if strength == Strength::Shape {
        return person::shape(value.text, value.start, value.end, value.bounded);
    }
    if !value.bounded {
        // "Roe, Jane" goes on after the comma that ends other values.
        let value = value.to(value.text.len().min(value.start + 90));
        // In a sentence the name ends where words that are no names begin.
        let end = person::sequence_end(value.text, value.start, value.end);
        if end > value.start {
            return whole(value.to(end), Confidence::High);
        }
        let end = run_end(value.text, value.start, |byte| {
            byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'-' | b'\'' | b'.')
        });
        let first = part(value.text, value.start, end.min(value.end));
        let sound = first.len() >= 2
            && first.iter().all(|byte| !byte.is_ascii_digit())
            && !crate::lexicon::said(first).term
            && (!crate::lexicon::said(first).word || crate::lexicon::said(first).name_only());
        return if sound {
            whole(value.to(end.min(value.end)).trimmed(), Confidence::Medium)
        } else {
            None
        };
    }
    if matches!(phrase, "first" | "last" | "given" | "family") && !person::could_be_one(bytes) {
        return None;
    }
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    let odd = bytes.iter().any(|byte| {
        matches!(
            byte,
            b'@' | b'{' | b'}' | b'=' | b'/' | b'\\' | b'<' | b'>' | b'_'
        )
    });
    let sound = letters >= 1
        && letters * 10 >= bytes.len() * 6
        && bytes.len() <= 90
        && !odd
        && bytes.split(|byte| matches!(byte, b' ' | b'+')).count() <= 8;
    sound.then_some((value.start, value.end, Confidence::High))
}

fn geography(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let last = phrase.rsplit(' ').next().unwrap_or(phrase);
    if matches!(
        last,
        "lat" | "lng" | "lon" | "long" | "latitude" | "longitude"
    ) {
        return coordinate(value);
    }
    if strength == Strength::Shape {
        return place::address(value.text, value.start, value.end)
            .map(|end| (value.start, end, Confidence::Medium))
            .or_else(|| place::pair(value.text, value.start, value.end));
    }
    if is_uuid(bytes) || bytes.contains(&b'@') || bytes.windows(3).any(|three| three == b"://") {
        return None;
    }
    let zip = phrase.contains("zip") || phrase.contains("post");
    if zip {
        let digits = count_digits(bytes);
        let end = if value.bounded {
            value.end
        } else {
            run_end(value.text, value.start, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'-'
            })
            .min(value.end)
        };
        // The second half of a British one: "SW1A 1AA".
        let half = part(value.text, end + 1, end + 4);
        let british = at(value.text, end) == b' '
            && end + 4 <= value.end
            && half.first().is_some_and(u8::is_ascii_digit)
            && half.iter().skip(1).all(u8::is_ascii_uppercase);
        let end = if british { end + 4 } else { end };
        let letters = bytes.iter().any(u8::is_ascii_uppercase);
        let digits = if british || (letters && value.bounded && digits >= 2) {
            3
        } else {
            digits
        };
        let short = end - value.start <= 10;
        return (digits >= 3 && short).then_some((value.start, end, Confidence::High));
    }
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    if !value.bounded {
        if let Some(end) = place::address(value.text, value.start, value.end) {
            return whole(value.to(end), Confidence::High);
        }
        let end = person::capitalised_end(value.text, value.start, value.end);
        return (end > value.start + 2).then_some((value.start, end, Confidence::Medium));
    }
    // Numbers alone are street numbers, apartments, census tracts: each more than a digit or two.
    let sound = (letters >= 2 || count_digits(bytes) >= 2) && bytes.len() <= 200;
    sound.then_some((value.start, value.end, Confidence::High))
}

/// A degree with a fraction: fewer than three decimals are some 10 km, and tell of no place.
fn coordinate(value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let point = bytes.iter().position(|byte| *byte == b'.')?;
    let decimals = run_end(bytes, point + 1, |byte| byte.is_ascii_digit()) - point - 1;
    let degrees = part(bytes, 0, point);
    let sound = decimals >= 3
        && degrees
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'-' || *byte == b'+')
        && number(degrees) <= 180;
    sound.then_some((
        value.start,
        value.start + point + 1 + decimals,
        Confidence::High,
    ))
}

fn date(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    if matches!(phrase.rsplit(' ').next(), Some("age" | "aged" | "years"))
        || phrase.starts_with("age ")
    {
        let end = run_end(value.text, value.start, |byte| byte.is_ascii_digit());
        let age = part(value.text, value.start, end.min(value.end));
        let old = matches!(age.len(), 2 | 3) && (90..=125).contains(&number(age));
        let ends = !matches!(at(value.text, end), b'.' | b'-' | b':' | b'/' | b'%')
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
    // 19800131, seconds or milliseconds since 1970.
    let digits = bytes
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'-');
    let sound = strength == Strength::Field && digits && (6..=14).contains(&bytes.len());
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
    let mut end = run_end(value.text, start, is_part).min(value.end);
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
    let end = run_end(value.text, value.start, |byte| {
        byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'.')
    })
    .min(value.end);
    let (start, end) = trimmed(value.text, value.start, end);
    let digits = count_digits(part(value.text, start, end));
    let bound = !at(value.text, end).is_ascii_alphanumeric() || end == value.end;
    let last_four = strength == Strength::Field && (digits == 4 || digits == 8);
    ((digits == 9 || last_four) && bound).then_some((start, end, Confidence::High))
}

fn url(strength: Strength, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    let end = run_end(value.text, value.start, web::is_url_byte).min(value.end);
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
    let mixed = count_digits(token) >= 2 && token.len() >= 6;
    let long = token.len() >= 16;
    if is_uuid(token) && strength == Strength::Shape {
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

fn secret(strength: Strength, value: Value<'_>) -> Fit {
    // PWD=/srv/app: a path.
    let path =
        matches!(value.bytes().first(), Some(b'/' | b'~')) || value.bytes().starts_with(b"./");
    if path && value.bytes().iter().filter(|byte| **byte == b'/').count() * 8 > value.bytes().len()
    {
        return None;
    }
    let mut start = value.start;
    for scheme in [
        b"Bearer ".as_slice(),
        b"bearer ",
        b"Basic ",
        b"basic ",
        b"Token ",
        b"token ",
        b"Digest ",
    ] {
        if part(value.text, start, value.end).starts_with(scheme) {
            start += scheme.len();
            let value = Value { start, ..value };
            let end = token_end(value);
            return (end - start >= 6).then_some((start, end, Confidence::High));
        }
    }
    let end = if value.bounded && !value.bytes().contains(&b' ') {
        value.end
    } else {
        token_end(value)
    };
    let token = part(value.text, start, end);
    let digits = count_digits(token);
    let lower = token.iter().any(u8::is_ascii_lowercase);
    let upper = token.iter().any(u8::is_ascii_uppercase);
    let symbol = token.iter().any(|byte| !byte.is_ascii_alphanumeric());
    let kinds =
        usize::from(digits > 0) + usize::from(lower) + usize::from(upper) + usize::from(symbol);
    let sentence = value.bounded
        && value.bytes().contains(&b' ')
        && value.end - value.start > token.len() + 24;
    let sound = match strength {
        Strength::Field if value.bounded => token.len() >= 4 && !is_call(token) && !sentence,
        Strength::Field => {
            token.len() >= 4 && !is_call(token) && (kinds >= 2 && digits > 0 || is_random(token))
        }
        Strength::Shape => {
            token.len() >= 12
                && digits >= 2
                && kinds >= 2
                && !is_uuid(token)
                && !token.contains(&b'/')
                && when::date_end(token, 0).is_none()
        }
    };
    let whole_end = if value.bounded && strength == Strength::Field && !sentence {
        value.end
    } else {
        end
    };
    sound.then_some((start, whole_end, Confidence::High))
}

/// Letters of both cases in no order of words, or marks among them: `thKNxKoTpGiw`.
fn is_random(token: &[u8]) -> bool {
    let uppers = token
        .iter()
        .skip(1)
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let lowers = token
        .iter()
        .filter(|byte| byte.is_ascii_lowercase())
        .count();
    let marks = token
        .iter()
        .filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'.' | b'-'))
        .count();
    token.len() >= 8
        && ((uppers >= 2 && lowers >= 2 && !is_camel(token)) || marks > 0 && lowers + uppers > 0)
}

/// Words that are written together: each capital begins one of three letters or more.
fn is_camel(token: &[u8]) -> bool {
    let words = token.split(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'.' | b'-'));
    is_identifier(token) && words.skip(1).all(|word| word.len() >= 2)
}

/// A name of the program's own: `password_reset`, `request.token`.
fn is_identifier(token: &[u8]) -> bool {
    token
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_call(token: &[u8]) -> bool {
    token.ends_with(b"()") || token.ends_with(b"(") || token.starts_with(b"((")
}

fn device(strength: Strength, value: Value<'_>) -> Fit {
    if let Some(end) = web::mac(value.text, value.start).filter(|end| *end <= value.end) {
        return whole(value.to(end), Confidence::High);
    }
    let end = token_end(value);
    let token = part(value.text, value.start, end);
    if strength == Strength::Field && is_uuid(token) {
        return whole(value.to(end), Confidence::Medium);
    }
    // Serials of zones of the domain name system are dates: 2023041421.
    let zone = token.len() == 10
        && matches!(token.get(..2), Some(b"19" | b"20"))
        && token.iter().all(u8::is_ascii_digit);
    if zone && strength == Strength::Shape {
        return None;
    }
    // A unique device identifier has brackets: (01)00643169007222(21)A1.
    if token.starts_with(b"(01)") || token.starts_with(b"+H") {
        return whole(value.to(end), Confidence::High);
    }
    code(strength, value)
}

/// A licence plate: a few capitals and digits.
fn plate(strength: Strength, value: Value<'_>) -> Fit {
    let end = if value.bounded {
        value.end
    } else {
        token_end(value)
    };
    let bytes = part(value.text, value.start, end);
    let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let digits = count_digits(bytes);
    let marks = bytes
        .iter()
        .filter(|byte| matches!(byte, b' ' | b'-'))
        .count();
    let form = (4..=9).contains(&bytes.len())
        && letters >= 1
        && digits >= 1
        && marks <= 1
        && letters + digits + marks == bytes.len()
        && (strength == Strength::Field || (letters >= 2 && digits >= 2));
    form.then_some((value.start, value.start + bytes.len(), Confidence::High))
}

/// A number or code of a person: letters and digits, some of them digits.
fn code(strength: Strength, value: Value<'_>) -> Fit {
    let mut end = token_end(value);
    let mut token = part(value.text, value.start, end);
    // Groups of digits: 4111 1111 1111 1111, GB82 WEST 1234.
    let grouped = part(value.text, value.start, value.end);
    if value.bounded && grouped.contains(&b' ') && grouped.len() <= 42 {
        let plain = grouped
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b' ' | b'-'));
        if plain {
            end = value.end;
            token = grouped;
        }
    } else if !value.bounded {
        while at(value.text, end) == b' ' {
            let group_end = run_end(value.text, end + 1, |b| {
                b.is_ascii_digit() || b.is_ascii_uppercase()
            });
            let group = part(value.text, end + 1, group_end);
            let next = at(value.text, group_end);
            if group.len() < 2
                || group.len() > 6
                || count_digits(group) * 2 < group.len()
                || next.is_ascii_lowercase()
                || matches!(next, b':' | b'.' | b'=' | b'-' | b'/')
                || count_digits(token) < 2
                || group_end > value.end
                || count_digits(token) == token.len() && token.len() > 6
            {
                break;
            }
            end = group_end;
            token = part(value.text, value.start, end);
        }
    }
    while matches!(
        token.last(),
        Some(b'.' | b',' | b';' | b':' | b')' | b']' | b'!' | b'?')
    ) {
        end -= 1;
        token = part(value.text, value.start, end);
    }
    let mut start = value.start;
    while matches!(token.first(), Some(b'#' | b'(' | b'[')) {
        start += 1;
        token = part(value.text, start, end);
    }
    let digits = count_digits(token);
    let alnum = token
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .count();
    let sound = match strength {
        Strength::Field => digits >= 1 && alnum >= 3 && (digits >= 2 || alnum >= 6),
        Strength::Shape => digits >= 4 && alnum >= 5,
    };
    if !sound || token.len() > 64 || is_uuid(token) || looks_like_hash(token) || is_measure(token) {
        return None;
    }
    if when::is_stamp(token) || web::ip(token, 0).is_some() {
        return None;
    }
    let confidence = match strength {
        Strength::Field => Confidence::High,
        Strength::Shape => Confidence::Medium,
    };
    Some((start, end, confidence))
}

/// A number with a unit or a fraction, a version: 12ms, 99.5, v1.2.3, 3/5, 50%.
fn is_measure(token: &[u8]) -> bool {
    if count_digits(token) > 7 && !token.contains(&b'.') {
        return false;
    }
    let dots = token.iter().filter(|byte| **byte == b'.').count();
    let letters = token
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let only = |extra: &[u8]| {
        token
            .iter()
            .all(|byte| byte.is_ascii_digit() || extra.contains(byte))
    };
    let unit_start = token
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.');
    let unit = unit_start.map_or(&[] as &[u8], |start| part(token, start, token.len()));
    matches!(
        unit,
        b"ms"
            | b"s"
            | b"us"
            | b"ns"
            | b"m"
            | b"h"
            | b"d"
            | b"kb"
            | b"mb"
            | b"gb"
            | b"KB"
            | b"MB"
            | b"GB"
            | b"B"
            | b"KiB"
            | b"MiB"
            | b"GiB"
            | b"%"
            | b"px"
            | b"x"
            | b"k"
            | b"K"
            | b"M"
            | b"G"
            | b"Mi"
            | b"Gi"
            | b"Ki"
            | b"bytes"
            | b"rpm"
            | b"Hz"
    ) && letters == unit.iter().filter(|b| b.is_ascii_alphabetic()).count()
        || (dots >= 1 && only(b".") && token.len() < 9)
        || (token.first() == Some(&b'v') && dots >= 1)
        || (dots >= 1 && only(b".") && dots != 1 && token.len() < 12)
        || (token.first().is_some_and(|b| matches!(b, b'$' | b'-')) && only(b"$-.,"))
        || (only(b",") && token.contains(&b','))
}

/// The end of the token at the beginning of a value: up to a blank or a mark that no code has.
fn token_end(value: Value<'_>) -> usize {
    run_end(value.text, value.start, |byte| {
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
        )
    })
    .min(value.end)
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
