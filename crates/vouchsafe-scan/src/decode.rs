//! Encodings within a text: JSON and HTML escapes, percent signs, UTF-16, base64, hexadecimal.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr3_iter;

use crate::bytes::{at, part, run_end, run_within};
use crate::digits;

/// Whether a text has escapes, so that it is worth to be read without them.
pub(crate) fn is_escaped(text: &[u8]) -> bool {
    memchr3_iter(b'\\', b'%', b'&', text).any(|place| escape(text, place).is_some())
        || memchr::memchr(0, text).is_some()
        || memchr::memchr(0x1b, text).is_some()
}

/// The text without escapes, and where each of its bytes came from.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) text: Vec<u8>,
    /// One place for each byte, and one more for the end.
    places: Vec<usize>,
    spare: Vec<u8>,
    spare_places: Vec<usize>,
}

/// JSON in JSON in JSON: so often escapes are taken away.
const ROUNDS: usize = 5;

impl Plain {
    /// Reads a text without its escapes.
    pub(crate) fn read(&mut self, text: &[u8]) {
        self.text.clear();
        self.places.clear();
        unescape(text, &mut self.text, &mut self.places);
        for _ in 1..ROUNDS {
            if !is_escaped(&self.text) {
                break;
            }
            self.spare.clear();
            self.spare_places.clear();
            unescape(&self.text, &mut self.spare, &mut self.spare_places);
            for place in &mut self.spare_places {
                *place = self.places.get(*place).copied().unwrap_or(text.len());
            }
            std::mem::swap(&mut self.text, &mut self.spare);
            std::mem::swap(&mut self.places, &mut self.spare_places);
        }
    }

    /// Where a byte of the plain text stands in the original.
    pub(crate) fn place(&self, place: usize) -> usize {
        self.places
            .get(place)
            .or_else(|| self.places.last())
            .copied()
            .unwrap_or(0)
    }
}

fn unescape(text: &[u8], out: &mut Vec<u8>, places: &mut Vec<usize>) {
    let mut place = 0;
    while let Some(&byte) = text.get(place) {
        let found = match byte {
            b'\\' | b'%' | b'&' => escape(text, place),
            _ => None,
        };
        if let Some((character, end)) = found {
            let mut buffer = [0; 4];
            // A blank within a query does not end it.
            let blank = at(text, place) == b'%' && matches!(character, Decoded::Byte(b' '));
            let character = if blank {
                Decoded::Byte(b'+')
            } else {
                character
            };
            let bytes = match character {
                Decoded::Character(character) => character.encode_utf8(&mut buffer).as_bytes(),
                Decoded::Byte(byte) => {
                    buffer = [byte, 0, 0, 0];
                    part(&buffer, 0, 1)
                }
            };
            for &byte in bytes {
                out.push(byte);
                places.push(place);
            }
            place = end;
            continue;
        }
        // Colours within a text that was escaped.
        if byte == 0x1b {
            place = crate::flat::sequence_end(text, place);
            continue;
        }
        // UTF-16 of Latin text is that text with zeros in between.
        if byte != 0 {
            out.push(byte);
            places.push(place);
        }
        place += 1;
    }
    places.push(text.len());
}

enum Decoded {
    Character(char),
    Byte(u8),
}

/// What the escape at a place stands for, and where it ends.
fn escape(text: &[u8], place: usize) -> Option<(Decoded, usize)> {
    match at(text, place) {
        b'\\' => backslash(text, place),
        b'%' => hex(text, place + 1, 2)
            .and_then(|value| u8::try_from(value).ok())
            .map(|byte| (Decoded::Byte(byte), place + 3)),
        b'&' => entity(text, place),
        _ => None,
    }
}

fn backslash(text: &[u8], place: usize) -> Option<(Decoded, usize)> {
    let plain = |character| Some((Decoded::Character(character), place + 2));
    match at(text, place + 1) {
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'"' => plain('"'),
        b'\'' => plain('\''),
        b'\\' => plain('\\'),
        b'/' => plain('/'),
        b'x' => hex(text, place + 2, 2)
            .and_then(|value| u8::try_from(value).ok())
            .map(|byte| (Decoded::Byte(byte), place + 4)),
        b'u' if at(text, place + 2) == b'{' => {
            digits::read();
            let end = run_end(text, place + 3, |byte| byte.is_ascii_hexdigit());
            let character = char::from_u32(hex(text, place + 3, end - place - 3)?)?;
            (at(text, end) == b'}').then_some((Decoded::Character(character), end + 1))
        }
        b'u' => {
            digits::read();
            let first = hex(text, place + 2, 4)?;
            if (0xd800..0xdc00).contains(&first) && part(text, place + 6, place + 8) == b"\\u" {
                let second = hex(text, place + 8, 4)?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                let character = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?;
                return Some((Decoded::Character(character), place + 12));
            }
            Some((Decoded::Character(char::from_u32(first)?), place + 6))
        }
        _ => None,
    }
}

fn hex(text: &[u8], start: usize, digits: usize) -> Option<u32> {
    let digits = text
        .get(start..start + digits)
        .filter(|digits| !digits.is_empty() && digits.len() <= 6)?;
    digits.iter().try_fold(0, |sum, byte| {
        char::from(*byte).to_digit(16).map(|digit| sum * 16 + digit)
    })
}

fn entity(text: &[u8], place: usize) -> Option<(Decoded, usize)> {
    const NAMED: [(&[u8], char); 6] = [
        (b"&amp;", '&'),
        (b"&lt;", '<'),
        (b"&gt;", '>'),
        (b"&quot;", '"'),
        (b"&apos;", '\''),
        (b"&nbsp;", ' '),
    ];
    let rest = part(text, place, text.len().min(place + 12));
    if at(text, place + 1) == b'#' {
        digits::read();
        let hexadecimal = matches!(at(text, place + 2), b'x' | b'X');
        let start = place + 2 + usize::from(hexadecimal);
        let end = run_end(rest, start - place, |byte| byte.is_ascii_hexdigit()) + place;
        let digits = std::str::from_utf8(part(text, start, end)).ok()?;
        let value = u32::from_str_radix(digits, if hexadecimal { 16 } else { 10 }).ok()?;
        return (at(text, end) == b';')
            .then_some((Decoded::Character(char::from_u32(value)?), end + 1));
    }
    NAMED
        .iter()
        .find(|(name, _)| rest.starts_with(name))
        .map(|(name, character)| (Decoded::Character(*character), place + name.len()))
}

const INDIFFERENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT);

/// A shorter token is no encoding of a text that is worth a look.
pub(crate) const SHORTEST: usize = 16;

/// The token around a word that could be base64 or hexadecimal.
pub(crate) fn token(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let is = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-');
    let mut first = start;
    while first > 0 && is(at(text, first - 1)) {
        first -= 1;
    }
    let stop = run_end(text, end, is);
    (first, run_within(text, stop, stop + 2, |byte| byte == b'='))
}

/// The text that a token is the base64 or hexadecimal form of, when it is one.
pub(crate) fn decoded(token: &[u8]) -> Option<Vec<u8>> {
    let like_uuid =
        |token: &[u8]| token.len() == 36 && at(token, 8) == b'-' && at(token, 13) == b'-';
    if token.len() >= SHORTEST && !like_uuid(token) {
        digits::read_in(token);
    }
    let token = token.strip_prefix(b"0x").unwrap_or(token);
    if token.len() < SHORTEST || like_uuid(token) {
        return None;
    }
    if token.len().is_multiple_of(2) && token.iter().all(u8::is_ascii_hexdigit) {
        let bytes = token
            .chunks_exact(2)
            .filter_map(|pair| hex(pair, 0, 2))
            .filter_map(|value| u8::try_from(value).ok());
        let mut head = [b' '; 8];
        for (place, byte) in head.iter_mut().zip(bytes.clone()) {
            *place = byte;
        }
        return is_text(&head)
            .then(|| bytes.collect::<Vec<u8>>())
            .filter(|bytes| is_text(bytes));
    }
    let safe = token.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if safe { &URL_SAFE } else { &STANDARD };
    // Most tokens are none: their first letters show it.
    if !head(token, safe).is_some_and(|head| is_text(&head)) {
        return None;
    }
    let whole = token.len() - usize::from(token.len() % 4 == 1);
    engine
        .decode(part(token, 0, whole))
        .ok()
        .filter(|bytes| is_text(bytes))
}

/// What the first letters of a token in base64 stand for.
fn head(token: &[u8], safe: bool) -> Option<[u8; 9]> {
    let letters: &[u8; 12] = token.first_chunk()?;
    let mut bytes = [0; 9];
    let (fours, _) = letters.as_chunks::<4>();
    let (threes, _) = bytes.as_chunks_mut::<3>();
    for (four, three) in fours.iter().zip(threes) {
        let mut sum = 0_u32;
        for &letter in four {
            sum = sum << 6 | u32::from(sextet(letter, safe)?);
        }
        let [_, first, second, third] = sum.to_be_bytes();
        *three = [first, second, third];
    }
    Some(bytes)
}

/// The six bits that a letter of base64 stands for; `safe` is the alphabet of URLs.
#[inline]
const fn sextet(letter: u8, safe: bool) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' if safe => 62,
        b'_' if safe => 63,
        b'+' if !safe => 62,
        b'/' if !safe => 63,
        _ => return None,
    })
}

/// Text as programs write it: no control characters but those of lines; UTF-8, or UTF-16 with its zeros.
fn is_text(bytes: &[u8]) -> bool {
    let odd = bytes
        .iter()
        .any(|byte| (*byte < 0x20 && !matches!(*byte, b'\n' | b'\r' | b'\t' | 0)) || *byte == 0x7f);
    if odd {
        return false;
    }
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    (zeros == 0 || (zeros * 9 >= bytes.len() * 4 && zeros * 7 <= bytes.len() * 4))
        && (high == 0
            || (high * 2 < bytes.len()
                && std::str::from_utf8(part(bytes, 0, whole_characters(bytes))).is_ok()))
}

/// Where the last whole character of UTF-8 ends: a cut may have split one.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_their_places_known() {
        let mut plain = Plain::default();
        let text = br#"{\"name\":\"J\u00fcrgen\",\"q\":\"a%40b&#64;c\"}"#;
        plain.read(text);
        assert_eq!(
            String::from_utf8_lossy(&plain.text),
            r#"{"name":"Jürgen","q":"a@b@c"}"#
        );
        let start = plain
            .text
            .windows(2)
            .position(|two| two == b"J\xc3")
            .unwrap();
        assert_eq!(
            &text[plain.place(start)..plain.place(start + 7)],
            br"J\u00fcrgen"
        );
    }

    #[test]
    fn nested_escapes_are_read_to_a_depth() {
        let mut plain = Plain::default();
        plain.read(br#"\\\"ssn\\\":\\\"123\\\""#);
        assert_eq!(plain.text, br#""ssn":"123""#);
        assert!(!is_escaped(b"50% of &x and C:\\dir"));
    }

    #[test]
    fn the_head_of_a_token_is_what_the_engine_reads() {
        for (engine, safe) in [(&STANDARD, false), (&URL_SAFE, true)] {
            for letter in 0..=u8::MAX {
                for place in 0..12 {
                    let mut token = *b"eyJzc24iOiIxMjMt";
                    token[place] = letter;
                    let read = engine.decode(&token[..12]).ok();
                    let read = read.filter(|read| read.len() == 9);
                    assert_eq!(head(&token, safe).map(|head| head.to_vec()), read);
                }
            }
        }
    }

    #[test]
    fn tokens_that_hold_text_are_decoded_and_others_are_not() {
        assert_eq!(
            decoded(b"eyJzc24iOiIxMjMtNDUtNjc4OSJ9").unwrap(),
            br#"{"ssn":"123-45-6789"}"#
        );
        assert_eq!(
            decoded(b"4a616e6520526f652031393830").unwrap(),
            b"Jane Roe 1980"
        );
        assert_eq!(decoded(b"ConnectionTimeoutException"), None);
        assert_eq!(decoded(b"9f86d081884c7d659a2feaa0c55ad015"), None);
    }
}
