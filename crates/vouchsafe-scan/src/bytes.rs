//! Bytes of a text, looked at without a way to panic.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::digits;

/// What a byte is to the scan.
pub(crate) type Kind = u16;

pub(crate) const LOWER: Kind = 1;
pub(crate) const UPPER: Kind = 1 << 1;
pub(crate) const DIGIT: Kind = 1 << 2;
/// A byte of a character beyond ASCII, or an underscore.
pub(crate) const OTHER_WORD: Kind = 1 << 3;
/// A byte at which the scan stops: brackets, `@`, `:`, `+`.
pub(crate) const STOP: Kind = 1 << 4;
/// A byte that can follow the name of a field.
pub(crate) const AFTER_NAME: Kind = 1 << 5;
/// A byte that ends a value without quotes.
pub(crate) const ENDS_VALUE: Kind = 1 << 6;
/// A byte of ids, times and numbers of the program's own.
pub(crate) const PLAIN: Kind = 1 << 7;
/// A byte of names of columns and of what separates them.
pub(crate) const HEADER: Kind = 1 << 8;
/// A byte of a code in base64 or hexadecimal, with what joins such codes.
pub(crate) const TOKEN: Kind = 1 << 9;

/// A byte that parts what stands before it from what stands after it.
pub(crate) const PARTS: Kind = 1 << 10;
/// A byte after which a word in lower case is no more than that.
pub(crate) const AFTER_DULL: Kind = 1 << 11;

pub(crate) const WORD: Kind = LOWER | UPPER | DIGIT | OTHER_WORD;
/// An ASCII letter or digit.
pub(crate) const ALNUM: Kind = LOWER | UPPER | DIGIT;

/// The kinds of each byte.
static KINDS: [Kind; 256] = kinds();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a table made at compile time: 256 entries, indexed below 256"
)]
const fn kinds() -> [Kind; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let kind = word_kind(byte as u8) | mark_kind(byte as u8) | run_kind(byte as u8);
        let speaks =
            kind & (WORD | AFTER_NAME) != 0 || matches!(byte as u8, b' ' | b'-' | b'.' | b'/');
        kinds[byte] = kind | if speaks { 0 } else { AFTER_DULL };
        byte += 1;
    }
    kinds
}

/// What a byte is within a word.
const fn word_kind(byte: u8) -> Kind {
    match byte {
        b'a'..=b'z' => LOWER,
        b'A'..=b'Z' => UPPER,
        b'0'..=b'9' => DIGIT,
        b'_' | 0x80..=0xff => OTHER_WORD,
        _ => 0,
    }
}

/// What a byte is that stands alone.
const fn mark_kind(byte: u8) -> Kind {
    let kind = match byte {
        b'{' | b'}' | b'[' | b'(' | b'@' | b'+' => STOP,
        b']' | b')' | b':' => STOP | AFTER_NAME,
        b'=' | b'"' | b'\'' | b'`' | b'>' | b'\\' => AFTER_NAME,
        _ => 0,
    };
    let parts = matches!(
        byte,
        b',' | b';' | b'|' | b')' | b']' | b'}' | b'{' | b'&' | b'\n' | b'<' | b'>' | b'?' | b'!'
    );
    let ends = matches!(
        byte,
        b',' | b';'
            | b'&'
            | b'|'
            | b')'
            | b'}'
            | b']'
            | b'"'
            | b'<'
            | b'\t'
            | b'\n'
            | b'\r'
            | b'\\'
            // What parts files, groups, records and units.
            | 0x1c..=0x1f
    );
    kind | if ends { ENDS_VALUE } else { 0 } | if parts { PARTS } else { 0 }
}

/// What a byte is within an id, a code, or the names of columns.
const fn run_kind(byte: u8) -> Kind {
    let letter = byte.is_ascii_alphanumeric();
    let plain = letter || matches!(byte, b'-' | b'_' | b'.' | b':' | b'+');
    let token = letter || matches!(byte, b'+' | b'/' | b'_' | b'-');
    let header = word_kind(byte) != 0
        || matches!(
            byte,
            b' ' | b','
                | b';'
                | b'|'
                | b'~'
                | b'^'
                | b'\t'
                | b'-'
                | b'.'
                | b'('
                | b')'
                | b'/'
                | b'#'
                | b'"'
                | b'\r'
        );
    (if plain { PLAIN } else { 0 })
        | (if token { TOKEN } else { 0 })
        | (if header { HEADER } else { 0 })
}

#[expect(clippy::indexing_slicing, reason = "256 entries, indexed by a byte")]
#[inline]
pub(crate) fn kind(byte: u8) -> Kind {
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
pub(crate) fn word_end(text: &[u8], start: usize) -> (usize, Kind) {
    let place = lower_end(text, start);
    let mut kinds = if place > start { LOWER } else { 0 };
    let rest = text.get(place..).unwrap_or_default();
    for (length, &byte) in rest.iter().enumerate() {
        let kind = kind(byte) & WORD;
        if kind == 0 {
            return (place + length, kinds);
        }
        kinds |= kind;
    }
    (text.len(), kinds)
}

/// Where the run of lower-case letters that begins at a place ends: eight bytes at a time.
#[inline]
pub(crate) fn lower_end(text: &[u8], start: usize) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let mut place = start;
    while let Some(eight) = text.get(place..).and_then(<[u8]>::first_chunk) {
        let letters = u64::from_le_bytes(*eight);
        let low = letters & (0x7f * EACH);
        let from_a = low + (0x80 - b'a' as u64) * EACH;
        let beyond_z = low + (0x7f - b'z' as u64) * EACH;
        let others = (!from_a | beyond_z | letters) & (0x80 * EACH);
        if others != 0 {
            return place + others.trailing_zeros() as usize / 8;
        }
        place += 8;
    }
    run_end(text, place, |byte| byte.is_ascii_lowercase())
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

/// The same, not beyond a limit: hostile lines have no end of marks.
#[inline]
pub(crate) fn run_within(
    text: &[u8],
    start: usize,
    limit: usize,
    is: impl Fn(u8) -> bool,
) -> usize {
    run_end(text.get(..limit).unwrap_or(text), start, is)
}

/// Marks that only some texts have, and that only some detectors look at.
pub(crate) type Marks = u8;

/// A byte with which an escape can begin, or one between the letters of UTF-16: `\\`, `%`, `&`, zero.
pub(crate) const ESCAPE: Marks = 1;
/// `|`
pub(crate) const BAR: Marks = 1 << 1;
/// `$`
pub(crate) const DOLLAR: Marks = 1 << 2;
/// `(`
pub(crate) const OPEN: Marks = 1 << 3;
/// `*`
pub(crate) const STAR: Marks = 1 << 4;
/// `=`, `<`, `>`
pub(crate) const COMPARES: Marks = 1 << 5;
/// `{`
pub(crate) const BRACE: Marks = 1 << 6;
/// `[`
pub(crate) const BRACKET: Marks = 1 << 7;

/// The marks that a text has. Comparisons of single bytes, which the compiler makes for sixteen bytes at once.
pub(crate) fn marks(text: &[u8]) -> Marks {
    const WIDTH: usize = 16;
    let (chunks, rest) = text.as_chunks::<WIDTH>();
    let mut all = [0; WIDTH];
    let mut add = |chunk: &[u8; WIDTH]| {
        for (sum, &byte) in all.iter_mut().zip(chunk) {
            let is = |mark: u8, bit: Marks| if byte == mark { bit } else { 0 };
            *sum |= is(b'\\', ESCAPE)
                | is(b'%', ESCAPE)
                | is(b'&', ESCAPE)
                | is(0, ESCAPE)
                | is(b'|', BAR)
                | is(b'$', DOLLAR)
                | is(b'(', OPEN)
                | is(b'*', STAR)
                | is(b'=', COMPARES)
                | is(b'<', COMPARES)
                | is(b'>', COMPARES)
                | is(b'{', BRACE)
                | is(b'[', BRACKET);
        }
    };
    chunks.iter().for_each(&mut add);
    if !rest.is_empty() {
        // The last sixteen, some of them for the second time; a short text is filled with what is no mark.
        let mut filled = [b' '; WIDTH];
        let last = text.last_chunk().unwrap_or_else(|| {
            for (place, byte) in filled.iter_mut().zip(rest) {
                *place = *byte;
            }
            &filled
        });
        add(last);
    }
    all.iter().fold(0, |sum, marks| sum | marks)
}

/// Words that are looked for in every text: what is worked out for the search is worked out once.
#[derive(Debug)]
pub(crate) struct Needle(LazyLock<Finder<'static>, fn() -> Finder<'static>>);

impl Needle {
    /// The words that `make` says.
    pub(crate) const fn new(make: fn() -> Finder<'static>) -> Self {
        Self(LazyLock::new(make))
    }

    /// Where they first stand in a text.
    pub(crate) fn find(&self, text: &[u8]) -> Option<usize> {
        self.0.find(text)
    }

    /// Where they stand in a text.
    pub(crate) fn find_iter<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = usize> + 't {
        self.0.find_iter(text)
    }
}

/// Where the run of bytes of some kinds ends.
#[inline]
pub(crate) fn kind_end(text: &[u8], start: usize, kinds: Kind) -> usize {
    run_end(text, start, |byte| kind(byte) & kinds != 0)
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

/// A number for a word: of its first and its last eight bytes, and its length.
#[inline]
pub(crate) fn sketch(word: &[u8]) -> u64 {
    mixed(word, 0)
}

/// The same, whatever the case of the letters.
#[inline]
pub(crate) fn sketch_of_any_case(word: &[u8]) -> u64 {
    mixed(word, 0x2020_2020_2020_2020)
}

#[inline]
fn mixed(word: &[u8], case: u64) -> u64 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let (first, last) = ends(word);
    let sum = (first | case)
        .wrapping_mul(FACTOR)
        .rotate_left(23)
        .wrapping_add(last | case)
        .wrapping_add(word.len() as u64)
        .wrapping_mul(FACTOR);
    sum ^ sum >> 32
}

/// The first and the last eight bytes of a word as numbers; fewer of a short one, and together all of it.
#[inline]
pub(crate) fn ends(word: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (word.first_chunk(), word.last_chunk()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (word.first_chunk(), word.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        (u64::from(first), u64::from(last))
    } else {
        let few = word.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        (few, 0)
    }
}

/// The number that a few digits stand for; the greatest when it is larger.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits::read();
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

/// Whether a byte around a value is no part of it.
#[inline]
pub(crate) const fn is_idle(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b',' | b';' | b'.' | b':'
    )
}

/// The text without blanks and quotes around it, as offsets.
pub(crate) fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && is_idle(at(text, start)) {
        start += 1;
    }
    while start < end && is_idle(before(text, end)) {
        end -= 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_their_bytes_say() {
        for byte in 0..=u8::MAX {
            for place in 0..10 {
                let mut text = [b'x'; 10];
                text[place] = byte;
                let end = text.iter().position(|byte| kind(*byte) & WORD == 0);
                let end = end.unwrap_or(text.len());
                let kinds = text[..end]
                    .iter()
                    .fold(0, |kinds, byte| kinds | kind(*byte) & WORD);
                assert_eq!(word_end(&text, 0), (end, kinds), "{byte} at {place}");
                let lower = text.iter().position(|byte| !byte.is_ascii_lowercase());
                assert_eq!(lower_end(&text, 0), lower.unwrap_or(text.len()));
            }
        }
    }

    #[test]
    fn marks_are_seen_wherever_they_stand() {
        for length in 1..50 {
            for place in 0..length {
                let mut text = vec![b'x'; length];
                assert_eq!(marks(&text), 0);
                for (byte, mark) in [
                    (0, ESCAPE),
                    (b'%', ESCAPE),
                    (b'*', STAR),
                    (b'<', COMPARES),
                    (b'[', BRACKET),
                ] {
                    text[place] = byte;
                    assert_eq!(marks(&text), mark, "{place} of {length}");
                }
            }
        }
    }
}
