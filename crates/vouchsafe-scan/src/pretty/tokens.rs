//! The parts of one line of JSON that is printed over several.

use crate::bytes::{at, before, is_word, part, run_end, run_within};

/// A line with more of them is no line of printed JSON, but all of an object, which is read as such.
const MOST: usize = 4096;

/// A part of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token {
    Open {
        array: bool,
    },
    Close,
    /// The name of a member, without its quotes.
    Key(usize, usize),
    /// A value, without its quotes.
    Scalar(usize, usize),
}

/// The parts of a line; nothing when it is no line of JSON. Of a member or a text whose line goes on with something else
/// (`"type": "SSN", // of the card`, `"at": 2024-01-31T08:00:00Z,`), the parts before that: it is still within its object.
pub(super) fn tokens(line: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    if read(line, &mut tokens).is_some() {
        return Some(tokens);
    }
    let begun = line.trim_ascii_start().starts_with(b"\"") && !tokens.is_empty();
    if begun && let Some(open @ (b'{' | b'[')) = line.trim_ascii_end().last() {
        let array = *open == b'[';
        tokens.push(Token::Open { array });
    }
    begun.then_some(tokens)
}

fn read(line: &[u8], tokens: &mut Vec<Token>) -> Option<()> {
    let mut place = 0;
    let mut keyed = false;
    loop {
        place = run_end(line, place, |byte| {
            byte.is_ascii_whitespace() || byte == b','
        });
        if place >= line.len() {
            return Some(());
        }
        if tokens.len() >= MOST {
            return None;
        }
        let (token, next) = match at(line, place) {
            open @ (b'{' | b'[') => (
                Token::Open {
                    array: open == b'[',
                },
                place + 1,
            ),
            b'}' | b']' => (Token::Close, place + 1),
            b'"' => string(line, place, keyed)?,
            _ => bare(line, place, keyed)?,
        };
        keyed = matches!(token, Token::Key(..));
        tokens.push(token);
        place = next;
    }
}

/// A text in quotes: a name where a colon follows. A line that was cut off ends the value of a member.
fn string(line: &[u8], quote: usize, keyed: bool) -> Option<(Token, usize)> {
    let end = closing(line, quote + 1);
    if end >= line.len() {
        return keyed.then_some((Token::Scalar(quote + 1, end), end));
    }
    let colon = run_end(line, end + 1, |byte| byte == b' ');
    if at(line, colon) == b':' && !keyed {
        return Some((Token::Key(quote + 1, end), colon + 1));
    }
    ends(line, end + 1).then_some((Token::Scalar(quote + 1, end), end + 1))
}

/// A number, a literal; after a name also what shells of databases print: `ISODate("1980-01-31")`, `None`.
fn bare(line: &[u8], start: usize, keyed: bool) -> Option<(Token, usize)> {
    let end = run_end(line, start, |byte| {
        is_word(byte) || matches!(byte, b'-' | b'+' | b'.')
    });
    let word = part(line, start, end);
    if ends(line, end) {
        let literal = matches!(word, b"true" | b"false" | b"null");
        let named = keyed && word.iter().all(u8::is_ascii_alphabetic);
        return (!word.is_empty() && (literal || named || is_number(word)))
            .then_some((Token::Scalar(start, end), end));
    }
    if !keyed || word.is_empty() || at(line, end) != b'(' {
        return None;
    }
    let quoted = at(line, end + 1) == b'"';
    let from = end + 1 + usize::from(quoted);
    let to = if quoted {
        closing(line, from)
    } else {
        run_within(line, from, from + 64, |byte| byte != b')')
    };
    let close = to + usize::from(quoted);
    (at(line, close) == b')').then_some((Token::Scalar(from, to), close + 1))
}

/// Whether a value can end at a place.
fn ends(line: &[u8], place: usize) -> bool {
    let next = run_end(line, place, |byte| byte.is_ascii_whitespace());
    next >= line.len() || matches!(at(line, next), b',' | b'}' | b']')
}

/// Where the quote stands that no backslash takes for a part of the text; the end of the line when there is none.
fn closing(line: &[u8], start: usize) -> usize {
    let mut place = start;
    while let Some(found) = memchr::memchr(b'"', part(line, place, line.len())) {
        let quote = place + found;
        let slashes = (start..quote)
            .rev()
            .take_while(|slash| at(line, *slash) == b'\\')
            .count();
        if slashes % 2 == 0 {
            return quote;
        }
        place = quote + 1;
    }
    line.len()
}

/// Whether a word is a number as JSON writes it: no day, no time, no address.
fn is_number(word: &[u8]) -> bool {
    let start = usize::from(at(word, 0) == b'-');
    let whole = run_end(word, start, |byte| byte.is_ascii_digit());
    let mut place = whole;
    if at(word, place) == b'.' {
        place = run_end(word, place + 1, |byte| byte.is_ascii_digit());
    }
    if matches!(at(word, place), b'e' | b'E') {
        let sign = place + 1 + usize::from(matches!(at(word, place + 1), b'-' | b'+'));
        place = run_end(word, sign, |byte| byte.is_ascii_digit());
    }
    whole > start && place == word.len() && before(word, place).is_ascii_digit()
}
