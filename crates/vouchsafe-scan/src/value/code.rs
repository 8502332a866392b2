//! Numbers and codes of people and of their things, as values of fields.

use crate::bytes::{at, before, count_digits, part, run_end};
use crate::class::Confidence;
use crate::digits;
use crate::value::{Fit, Value, is_uuid, looks_like_hash, token_end, whole};
use crate::vocabulary::Strength;
use crate::web;
use crate::when;

/// 0000:00:14.0, 00:1f.3: the place of a card on its bus.
fn is_of_bus(token: &[u8]) -> bool {
    let Some((function, rest)) = token.split_last() else {
        return false;
    };
    let Some(slots) = rest.strip_suffix(b".") else {
        return false;
    };
    let mut parts = slots.split(|byte| *byte == b':').rev();
    let hex = |part: Option<&[u8]>, length: usize| {
        part.is_some_and(|part| part.len() == length && part.iter().all(u8::is_ascii_hexdigit))
    };
    matches!(function, b'0'..=b'7')
        && hex(parts.next(), 2)
        && hex(parts.next(), 2)
        && parts.next().is_none_or(|domain| hex(Some(domain), 4))
}

pub(super) fn device(strength: Strength, value: Value<'_>) -> Fit {
    if let Some(end) = web::mac(value.text, value.start).filter(|end| *end <= value.end) {
        return whole(value.to(end), Confidence::High);
    }
    let end = token_end(value);
    let token = part(value.text, value.start, end);
    digits::read_in(
        token
            .get(token.len().saturating_sub(1)..)
            .unwrap_or_default(),
    );
    if is_of_bus(token) {
        return None;
    }
    if strength == Strength::Field && is_uuid(token) {
        return whole(value.to(end), Confidence::Medium);
    }
    // Serials of zones of the domain name system are dates: 2023041421.
    let token = token.strip_suffix(b")").unwrap_or(token);
    let zone = token.len() == 10 && token.iter().all(u8::is_ascii_digit) && {
        digits::read();
        matches!(token.get(..2), Some(b"19" | b"20"))
    };
    if zone && strength == Strength::Shape {
        return None;
    }
    // A unique device identifier has brackets: (01)00643169007222(21)A1.
    if token.first() == Some(&b'(') {
        digits::read_in(token);
    }
    if token.starts_with(b"(01)") || token.starts_with(b"+H") {
        return whole(value.to(end), Confidence::High);
    }
    let letters = token
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let serial = letters >= 1
        && count_digits(token) >= 2
        && token.len() >= 7
        && !is_uuid(token)
        && !looks_like_hash(token)
        && token
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-');
    if serial {
        return Some((value.start, value.start + token.len(), Confidence::Medium));
    }
    code(strength, value)
}

/// A licence plate: a few capitals and digits.
pub(super) fn plate(strength: Strength, value: Value<'_>) -> Fit {
    let end = if value.bounded {
        value.end
    } else {
        token_end(value)
    };
    // XX85 HPW
    let parted = end - value.start == 4
        && at(value.text, end) == b' '
        && part(value.text, end + 1, end + 4).len() == 3
        && part(value.text, end + 1, end + 4)
            .iter()
            .all(u8::is_ascii_uppercase)
        && !at(value.text, end + 4).is_ascii_alphanumeric();
    let end = if parted { end + 4 } else { end };
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
pub(super) fn code(strength: Strength, value: Value<'_>) -> Fit {
    let mut start = value.start;
    let mut end = groups_end(value);
    while matches!(
        before(value.text, end),
        b'.' | b',' | b';' | b':' | b')' | b']' | b'!' | b'?'
    ) && end > start
    {
        end -= 1;
    }
    while matches!(at(value.text, start), b'#' | b'(' | b'[') && start < end {
        start += 1;
    }
    let token = part(value.text, start, end);
    if token.get(1) == Some(&b'x') {
        digits::read_in(token);
    }
    let digits = count_digits(token);
    let alnum = token
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .count();
    let sound = match strength {
        // In a sentence "PID-20" is no code, and neither is "A12".
        Strength::Field if !value.bounded && digits < 3 && alnum < 7 => false,
        Strength::Field => digits >= 1 && alnum >= 3 && (digits >= 2 || alnum >= 6),
        Strength::Shape => digits >= 4 && alnum >= 5,
    };
    if !sound
        || token.len() > 64
        || holds_uuid(token)
        || token.starts_with(b"0x")
        || looks_like_hash(token)
        || is_measure(token)
        || ends_with_version(token)
        || token.contains(&b'=')
    {
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

/// Where a code ends, over groups with blanks between them: 4111 1111 1111 1111, GB82 WEST 1234.
fn groups_end(value: Value<'_>) -> usize {
    let mut end = token_end(value);
    if value.bounded {
        let grouped = value.bytes();
        let plain = grouped
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b' ' | b'-'));
        let whole = grouped.contains(&b' ') && grouped.len() <= 42 && plain;
        return if whole { value.end } else { end };
    }
    while at(value.text, end) == b' ' {
        let group_end = run_end(value.text, end + 1, |b| {
            b.is_ascii_digit() || b.is_ascii_uppercase()
        });
        let group = part(value.text, end + 1, group_end);
        let next = at(value.text, group_end);
        let token = part(value.text, value.start, end);
        let digits = count_digits(token);
        // QQ 12 34 56 C
        let series = token.len() <= 2
            && token.iter().all(u8::is_ascii_uppercase)
            && count_digits(group) == group.len();
        if !(2..=6).contains(&group.len())
            || count_digits(group) * 2 < group.len()
            || next.is_ascii_lowercase()
            || matches!(next, b':' | b'.' | b'=' | b'-' | b'/')
            || digits < 2 && !series
            || group_end > value.end
            || digits == token.len() && token.len() > 6
        {
            break;
        }
        end = group_end;
    }
    // The version or check of a card behind its groups: 2123 45670 1, 1234 567 890 AB.
    let last = run_end(value.text, end + 1, |byte| byte.is_ascii_alphanumeric());
    let group = part(value.text, end + 1, last);
    let letters = group.len() <= 2 && group.iter().all(u8::is_ascii_uppercase);
    let digit = group.len() == 1 && group.iter().all(u8::is_ascii_digit);
    let grouped = part(value.text, value.start, end).contains(&b' ');
    let over = !matches!(at(value.text, last), b':' | b'=' | b'-' | b'/' | b'_');
    if grouped && at(value.text, end) == b' ' && (letters || digit) && !group.is_empty() && over {
        return last.min(value.end);
    }
    end
}

/// `hl7-bridge-12.14.6`: the name of a package and its version.
fn ends_with_version(token: &[u8]) -> bool {
    let Some(dash) = token.iter().rposition(|byte| *byte == b'-') else {
        return false;
    };
    let version = part(token, dash + 1, token.len());
    let version = version.strip_prefix(b"v").unwrap_or(version);
    let numbers = version.split(|byte| *byte == b'.');
    part(token, 0, dash).iter().any(u8::is_ascii_lowercase)
        && numbers.clone().count() >= 2
        && numbers
            .clone()
            .all(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
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

/// Whether a UUID is a part of a token: `consumer-6-0d1c813f-dec0-493f-a893-42ff2c2276e7`.
fn holds_uuid(token: &[u8]) -> bool {
    is_uuid(token) || token.windows(36).any(is_uuid)
}
