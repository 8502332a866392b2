//! What stands around a value: escape sequences, characters, quotes.

use std::ops::Range;

/// The bytes of `&...;`, at most.
const LONGEST_ENTITY: usize = 10;
/// The backslashes of one run that are looked at, at most: eight levels of JSON in JSON have 255.
const LONGEST_RUN: usize = 255;

/// Whether a text looks like UTF-16: no detector of bytes would see a value in it.
pub(super) fn is_utf16(text: &[u8]) -> bool {
    let sample = text.get(..4096).unwrap_or(text);
    let begins = text.starts_with(&[0xFF, 0xFE]) || text.starts_with(&[0xFE, 0xFF]);
    begins || (sample.len() >= 8 && memchr::memchr_iter(0, sample).count() * 4 >= sample.len())
}

/// The span with all characters and escape sequences whole that it begins or ends in.
pub(super) fn whole_units(text: &[u8], span: Range<usize>) -> Range<usize> {
    if span.is_empty() {
        return span;
    }
    let start = whole_start(text, span.start);
    let end = whole_end(text, span.end);
    if start < end { start..end } else { span }
}

fn whole_start(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while at > 0 && start - at < 3 && text.get(at).is_some_and(|byte| is_continuation(*byte)) {
        at -= 1;
    }
    if let Some(unit) = unit_around(text, at) {
        at = unit.start;
    }
    // The character after backslashes belongs to them.
    at - run_before(text, at)
}

fn whole_end(text: &[u8], end: usize) -> usize {
    let run = run_before(text, end);
    let mut at = end;
    if run > 0 {
        match text.get(end) {
            // `\"` is a quote of a text inside the text: it stays.
            None | Some(b'"') => return end - run,
            Some(b'u') => at = end + 1 + hex_digits(text, end + 1, 4),
            Some(_) => at = end + 1,
        }
    } else if let Some(unit) = unit_around(text, end) {
        at = unit.end;
    }
    while at - end < 8 && text.get(at).is_some_and(|byte| is_continuation(*byte)) {
        at += 1;
    }
    at
}

/// The `\uXXXX`, `%XX` or `&...;` that an offset lies inside of.
fn unit_around(text: &[u8], at: usize) -> Option<Range<usize>> {
    for back in 1..=5 {
        let start = at.checked_sub(back)?;
        match text.get(start)? {
            b'u' if text.get(start.checked_sub(1)?) == Some(&b'\\') => {
                let end = start + 1 + hex_digits(text, start + 1, 4);
                return (at < end).then_some(start - 1..end);
            }
            b'%' if back <= 2 && hex_digits(text, start + 1, 2) == 2 => {
                return Some(start..start + 3);
            }
            byte if byte.is_ascii_hexdigit() => {}
            _ => break,
        }
    }
    entity_around(text, at)
}

fn entity_around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let before = text.get(at.saturating_sub(LONGEST_ENTITY)..at)?;
    let name = before.iter().rev().take_while(|byte| is_name(byte)).count();
    let start = at.checked_sub(name + 1)?;
    if text.get(start) != Some(&b'&') {
        return None;
    }
    let rest = text.get(at..)?;
    let length = rest
        .iter()
        .take(LONGEST_ENTITY)
        .take_while(|byte| is_name(byte))
        .count();
    (rest.get(length) == Some(&b';') && name + length > 0).then_some(start..at + length + 1)
}

fn hex_digits(text: &[u8], from: usize, most: usize) -> usize {
    text.iter()
        .skip(from)
        .take(most)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count()
}

/// How many backslashes stand right before an offset.
pub(super) fn run_before(text: &[u8], at: usize) -> usize {
    let before = text
        .get(at.saturating_sub(LONGEST_RUN)..at)
        .unwrap_or_default();
    before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count()
}

pub(super) const fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Gives the spans of a value between the double quotes in it, without the signs of structure around them; the value
/// itself if it has none.
pub(super) fn between_quotes(text: &[u8], span: Range<usize>, mut each: impl FnMut(Range<usize>)) {
    let value = text.get(span.clone()).unwrap_or_default();
    if memchr::memchr(b'"', value).is_none() {
        each(span);
        return;
    }
    let mut from = span.start;
    for quote in memchr::memchr_iter(b'"', value).chain([value.len()]) {
        let quote = span.start + quote;
        let run = if quote == span.end {
            0
        } else {
            run_before(text, quote).min(quote - from)
        };
        let trimmed = without_structure(text, from..quote - run);
        if !trimmed.is_empty() {
            each(trimmed);
        }
        from = (quote + 1).min(span.end);
    }
}

/// A span without the signs of structure at its ends.
pub(super) fn without_structure(text: &[u8], span: Range<usize>) -> Range<usize> {
    let piece = text.get(span.clone()).unwrap_or_default();
    let before = piece.iter().take_while(|byte| is_structure(**byte)).count();
    let rest = piece.get(before..).unwrap_or_default();
    let after = rest
        .iter()
        .rev()
        .take_while(|byte| is_structure(**byte))
        .count();
    span.start + before..span.end - after
}

/// Gives what stands between the signs of structure in a span.
pub(super) fn between_structure(
    text: &[u8],
    span: Range<usize>,
    mut each: impl FnMut(Range<usize>),
) {
    let mut at = span.start;
    for piece in text
        .get(span)
        .unwrap_or_default()
        .split(|byte| is_structure(*byte))
    {
        if !piece.is_empty() {
            each(at..at + piece.len());
        }
        at += piece.len() + 1;
    }
}

const fn is_structure(byte: u8) -> bool {
    matches!(byte, b':' | b',' | b'{' | b'}' | b'[' | b']' | b' ' | b'\t')
}
