//! Passwords, tokens and keys as values of fields.

use crate::bytes::{count_digits, part};
use crate::class::Confidence;
use crate::value::{Fit, Value, is_uuid, token_end};
use crate::vocabulary::Strength;
use crate::when;

pub(super) fn secret(strength: Strength, value: Value<'_>) -> Fit {
    if is_path(value.bytes()) {
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
    if is_of_object(token) {
        return None;
    }
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

/// PWD=/srv/app: a path.
fn is_path(bytes: &[u8]) -> bool {
    let begins = matches!(bytes.first(), Some(b'/' | b'~')) || bytes.starts_with(b"./");
    begins && bytes.iter().filter(|byte| **byte == b'/').count() * 8 > bytes.len()
}

/// The id of an object of Twilio: two capitals for its kind, and a UUID. That of a key is a secret.
fn is_of_object(token: &[u8]) -> bool {
    let kind = part(token, 0, 2);
    token.len() == 34
        && kind.iter().all(u8::is_ascii_uppercase)
        && kind != b"SK"
        && is_uuid(part(token, 2, 34))
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
