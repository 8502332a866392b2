//! Bytes of a text, looked at without a way to panic.

/// What a byte is to the scan.
pub(crate) const LOWER: u8 = 1;
pub(crate) const UPPER: u8 = 2;
pub(crate) const DIGIT: u8 = 4;
/// A byte of a character beyond ASCII, or an underscore.
pub(crate) const OTHER_WORD: u8 = 8;
/// A byte at which the scan stops: brackets, quotes, `@`, `+`, `(`, `%`, `\`, `&`, `<`.
pub(crate) const STOP: u8 = 16;

pub(crate) const WORD: u8 = LOWER | UPPER | DIGIT | OTHER_WORD;

/// The kind of each byte.
static KINDS: [u8; 256] = kinds();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a table made at compile time: 256 entries, indexed below 256"
)]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'_' | 0x80..=0xff => OTHER_WORD,
            b'{' | b'}' | b'[' | b']' | b'"' | b'\'' | b'@' | b'+' | b'(' | b')' | b'\\' | b'<'
            | b',' | b':' => STOP,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

#[expect(clippy::indexing_slicing, reason = "256 entries, indexed by a byte")]
#[inline]
pub(crate) fn kind(byte: u8) -> u8 {
    KINDS[byte as usize]
}

/// The byte at a place; zero outside.
#[inline]
pub(crate) fn at(text: &[u8], place: usize) -> u8 {
    text.get(place).copied().unwrap_or(0)
}

/// The byte before a place; zero at the beginning.
#[inline]
pub(crate) fn before(text: &[u8], place: usize) -> u8 {
    place
        .checked_sub(1)
        .and_then(|place| text.get(place))
        .copied()
        .unwrap_or(0)
}

/// A part of the text; empty when it is not wholly inside.
#[inline]
pub(crate) fn part(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end).unwrap_or_default()
}

/// Where the run of word bytes that begins at a place ends, and the kinds of its bytes together.
#[inline]
pub(crate) fn word_end(text: &[u8], start: usize) -> (usize, u8) {
    let mut kinds = 0;
    let mut end = start;
    for &byte in text.get(start..).unwrap_or_default() {
        let kind = kind(byte);
        if kind & WORD == 0 {
            break;
        }
        kinds |= kind;
        end += 1;
    }
    (end, kinds)
}

/// Where the run of word bytes that ends before a place begins, not further than `reach` bytes back.
pub(crate) fn word_start(text: &[u8], end: usize, reach: usize) -> usize {
    let mut start = end;
    while end - start < reach && kind(before(text, start)) & WORD != 0 {
        start -= 1;
    }
    start
}

/// Where the run of digits that begins at a place ends.
#[inline]
pub(crate) fn digits_end(text: &[u8], start: usize) -> usize {
    run_end(text, start, |byte| byte.is_ascii_digit())
}

/// Where the run of bytes for which `is` holds ends.
#[inline]
pub(crate) fn run_end(text: &[u8], start: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start
        + rest
            .iter()
            .position(|&byte| !is(byte))
            .unwrap_or(rest.len())
}

/// Whether a word could go on at this byte.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    kind(byte) & WORD != 0
}

/// Whether a byte is an ASCII letter or digit.
#[inline]
pub(crate) const fn is_alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The number that a few digits stand for; the greatest when it is larger.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0_u64, |sum, byte| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(byte - b'0'))
        })
}

/// How many digits there are.
pub(crate) fn count_digits(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// The text without blanks and quotes around it, as offsets.
pub(crate) fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    let idle = |byte: u8| {
        matches!(
            byte,
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b',' | b';' | b'.' | b':'
        )
    };
    while start < end && idle(at(text, start)) {
        start += 1;
    }
    while start < end && idle(before(text, end)) {
        end -= 1;
    }
    (start, end)
}
