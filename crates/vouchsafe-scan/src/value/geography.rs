//! Addresses, codes of places and coordinates as values of fields.

use crate::bytes::{at, count_digits, number, part, run_end, run_within};
use crate::class::Confidence;
use crate::person;
use crate::place;
use crate::value::{Fit, Value, is_uuid, whole};
use crate::vocabulary::Strength;

pub(super) fn geography(strength: Strength, phrase: &str, value: Value<'_>) -> Fit {
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
            run_within(value.text, value.start, value.end, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'-'
            })
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
