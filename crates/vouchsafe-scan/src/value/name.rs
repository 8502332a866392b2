//! Names of people as values of fields.

use crate::bytes::{part, run_end};
use crate::class::Confidence;
use crate::person;
use crate::value::{Fit, Value, whole};
use crate::vocabulary::{self, Strength};

pub(super) fn name(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
    let bytes = value.bytes();
    // Words of programs, too: `let last = items.len()`.
    let alone = matches!(phrase, "first" | "last" | "given" | "family");
    if alone && !value.bounded {
        let end = run_end(bytes, 0, |byte| byte.is_ascii_alphabetic() || byte >= 0x80);
        let called = matches!(bytes.get(end), Some(b'.' | b'(' | b'[' | b':'));
        if called || !person::could_be_one(part(bytes, 0, end)) {
            return None;
        }
    }
    if strength == Strength::Shape {
        return person::shape(value.text, value.start, value.end, value.bounded);
    }
    if !value.bounded {
        let value = without_title(value);
        // "Roe, Jane" goes on after the comma that ends other values.
        let value = value.to(value.text.len().min(value.start + 90));
        // In a sentence the name ends where words that are no names begin.
        let end = person::sequence_end(value.text, value.start, value.end);
        if end > value.start {
            let end = person::caret_end(value.text, end);
            return whole(value.to(end), Confidence::High);
        }
        let end = run_end(value.text, value.start, |byte| {
            byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'-' | b'\'' | b'.')
        });
        let first = part(value.text, value.start, end.min(value.end));
        // le.acme, svc.billing: names of programs, but for "jane.roe".
        let dotted = first.strip_suffix(b".").unwrap_or(first).contains(&b'.');
        if dotted {
            return person::shape(value.text, value.start, end.min(value.end), true);
        }
        let sound = first.len() >= 2
            && first.iter().all(|byte| !byte.is_ascii_digit())
            && !crate::lexicon::said(first).term
            && (!crate::lexicon::said(first).word || crate::lexicon::said(first).name_only());
        return if sound {
            let end = person::caret_end(value.text, end.min(value.end));
            whole(value.to(end).trimmed(), Confidence::Medium)
        } else {
            None
        };
    }
    if matches!(phrase, "first" | "last" | "given" | "family") && !person::could_be_one(bytes) {
        return None;
    }
    if is_column(bytes) {
        return None;
    }
    // A label of a form: {"firstName":"First name"}.
    if bytes.contains(&b' ') && vocabulary::meaning_of(bytes).is_some_and(|said| said.words() > 1) {
        return None;
    }
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    let sound = letters >= 1
        && letters * 10 >= bytes.len() * 6
        && bytes.len() <= 90
        && !has_odd(bytes)
        && bytes.split(|byte| matches!(byte, b' ' | b'+')).count() <= 8;
    sound.then_some((value.start, value.end, Confidence::High))
}

/// A value without the title before a name: "Dr. Jane Roe".
fn without_title(value: Value<'_>) -> Value<'_> {
    const TITLES: [&[u8]; 5] = [b"Dr. ", b"Mr. ", b"Mrs. ", b"Ms. ", b"Prof. "];
    let title = TITLES.iter().find(|title| value.bytes().starts_with(title));
    Value {
        start: value.start + title.map_or(0, |title| title.len()),
        ..value
    }
}

/// Whether a value is the name of a column: ("full_name", "firstname", "ssn").
///
/// One word that is a surname as well (card, page, street) is taken for that.
fn is_column(bytes: &[u8]) -> bool {
    let lower = bytes
        .iter()
        .all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let several = |said: &vocabulary::Meaning| bytes.contains(&b'_') || said.words() > 1;
    lower
        && vocabulary::meaning_of(bytes).is_some_and(|said| {
            !said.is_nothing() && (several(said) || !crate::lexicon::said(bytes).surname)
        })
}

/// Whether a byte of a value is none of a name. A backslash before an apostrophe is: `O\'Brien`.
fn has_odd(bytes: &[u8]) -> bool {
    let escapes = |place: usize| bytes.get(place..place + 2) == Some(b"\\'");
    let mut odd = bytes.iter().enumerate().filter(|(_, byte)| is_odd(byte));
    odd.any(|(place, _)| !escapes(place))
}

/// Whether a byte is none of a name.
const fn is_odd(byte: &u8) -> bool {
    matches!(
        byte,
        b'@' | b'{' | b'}' | b'=' | b'/' | b'\\' | b'<' | b'>' | b'_' | b'*' | b'~'
    )
}
