//! JSON around a value: whether its mask needs quotes.

use std::ops::Range;

use super::around::{run_before, without_structure};

/// Texts in texts, at most; deeper ones are not told apart.
const DEEPEST: usize = 8;

/// The quote of the deepest text; the last `2^d` bytes are that of depth `d`.
const QUOTES: [u8; 1 << DEEPEST] = {
    let mut quotes = [b'\\'; 1 << DEEPEST];
    if let Some(last) = quotes.last_mut() {
        *last = b'"';
    }
    quotes
};

/// The mask of a value.
pub(super) struct Mask {
    /// What it replaces.
    pub(super) span: Range<usize>,
    /// What stands before and after it.
    pub(super) quote: &'static [u8],
}

/// Where a line is in its JSON, and in the JSON that is in its strings. Lines that are no JSON do no harm.
///
/// A quote of a text that is `d` strings deep has `2^d - 1` backslashes; any before them belong to the string's own
/// content, and their number is a multiple of `2^(d+1)`. So the depth of a quote is the number of trailing ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer {
    at: usize,
    backslashes: u32,
    /// How many strings are open, one in the other.
    open: usize,
    /// For each text, one bit for each open bracket, the innermost last: 1 for an array. Beyond 64, the outermost are
    /// forgotten.
    arrays: [u64; DEEPEST + 1],
}

impl Lexer {
    pub(super) const NEW: Self = Self {
        at: 0,
        backslashes: 0,
        open: 0,
        arrays: [0; DEEPEST + 1],
    };

    /// Reads on up to an offset.
    pub(super) fn read_to(&mut self, text: &[u8], to: usize) {
        for byte in text.get(self.at..to).unwrap_or_default() {
            self.read(*byte);
        }
        self.at = self.at.max(to);
    }

    /// Counts offsets without so many bytes at the beginning.
    pub(super) const fn rebase(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
    }

    fn read(&mut self, byte: u8) {
        if byte == b'\\' {
            self.backslashes = self.backslashes.saturating_add(1);
            return;
        }
        let depth = self.backslashes.trailing_ones() as usize;
        self.backslashes = 0;
        let Some(arrays) = self.arrays.get_mut(self.open) else {
            return;
        };
        match byte {
            b'[' => *arrays = *arrays << 1 | 1,
            b'{' => *arrays <<= 1,
            b']' | b'}' => *arrays >>= 1,
            b'"' if depth < self.open => self.open = depth,
            b'"' if depth == self.open && depth < DEEPEST => {
                self.open += 1;
                if let Some(arrays) = self.arrays.get_mut(self.open) {
                    *arrays = 0;
                }
            }
            _ => {}
        }
    }

    fn in_array(&self) -> bool {
        self.arrays
            .get(self.open)
            .is_some_and(|arrays| arrays & 1 == 1)
    }

    /// The quote of the innermost text.
    fn quote(&self) -> &'static [u8] {
        QUOTES
            .len()
            .checked_sub(1 << self.open)
            .and_then(|at| QUOTES.get(at..))
            .unwrap_or_default()
    }
}

/// The mask of a value at a span of a text, of which all up to `written` is written.
///
/// A bare value of JSON (a number, `true`) is replaced whole and by a string. It is one when the name of a member, a
/// bracket or a comma stands before it, and a comma, a bracket or nothing after it.
pub(super) fn mask(
    text: &[u8],
    span: Range<usize>,
    written: usize,
    lexer: &mut Lexer,
    line_before: Option<u8>,
) -> Mask {
    let token = token(text, &span, written);
    if ends_a_value(text, token.end)
        && let Some(quote) = quote_before(text, token.start, lexer, line_before)
    {
        return Mask { span: token, quote };
    }
    Mask { span, quote: b"" }
}

/// Whether a span, without the signs of structure around it, begins as a bare value does.
pub(super) fn is_bare(
    text: &[u8],
    span: Range<usize>,
    written: usize,
    lexer: &mut Lexer,
    line_before: Option<u8>,
) -> bool {
    let value = without_structure(text, span);
    let token = token(text, &value, written);
    !value.is_empty() && quote_before(text, token.start, lexer, line_before).is_some()
}

/// The number or word that a span is part of.
fn token(text: &[u8], span: &Range<usize>, written: usize) -> Range<usize> {
    let of_token =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'-' | b'.');
    let before = text
        .get(written..span.start)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(of_token)
        .count();
    let after = text
        .get(span.end..)
        .unwrap_or_default()
        .iter()
        .take_while(of_token)
        .count();
    span.start - before..span.end + after
}

fn ends_a_value(text: &[u8], end: usize) -> bool {
    let mut rest = text.get(end..).unwrap_or_default().trim_ascii_start();
    // White space in a text in a text is written `\n`.
    while let Some(after) = rest.strip_prefix(b"\\") {
        let after = after.trim_ascii_start();
        match after.first() {
            Some(b'\\') => rest = after,
            Some(b'n' | b'r' | b't') => {
                rest = after.get(1..).unwrap_or_default().trim_ascii_start()
            }
            _ => return false,
        }
    }
    matches!(rest.first(), None | Some(b',' | b'}' | b']'))
}

fn quote_before(
    text: &[u8],
    at: usize,
    lexer: &mut Lexer,
    line_before: Option<u8>,
) -> Option<&'static [u8]> {
    let before = text.get(..at)?.trim_ascii_end();
    match before.split_last() {
        Some((b':', name)) => {
            let name = name.trim_ascii_end().strip_suffix(b"\"")?;
            lexer.read_to(text, at);
            let depth = run_before(name, name.len()).trailing_ones() as usize;
            (depth == lexer.open).then(|| lexer.quote())
        }
        Some((b'[' | b',', _)) => {
            lexer.read_to(text, at);
            lexer.in_array().then(|| lexer.quote())
        }
        None if matches!(line_before, Some(b'[' | b',' | b':')) => Some(b"\""),
        _ => None,
    }
}

/// Whether a text is one number of JSON: a document of its own.
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = |rest: &mut &[u8]| {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = rest.get(count..).unwrap_or_default();
        count > 0
    };
    let mut rest = text.trim_ascii();
    rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let whole = match rest.strip_prefix(b"0") {
        Some(after) => {
            rest = after;
            true
        }
        None => digits(&mut rest),
    };
    let mut sound = whole;
    if let Some(after) = rest.strip_prefix(b".") {
        rest = after;
        sound &= digits(&mut rest);
    }
    if let Some(after) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        rest = after
            .strip_prefix(b"+")
            .or_else(|| after.strip_prefix(b"-"))
            .unwrap_or(after);
        sound &= digits(&mut rest);
    }
    sound && rest.is_empty()
}
