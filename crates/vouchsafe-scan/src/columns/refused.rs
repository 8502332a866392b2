//! Values that a database or a check refuses, with the name of their field: `Duplicate entry 'V' for key 'ssn'`, `field
//! 'ssn': rejected value [V]`.

use memchr::memmem::Finder;

use crate::bytes::{Needle, at, before, is_word, part, run_end, run_within, trimmed, word_start};
use crate::columns::{cell, literal_end};
use crate::text::Text;
use crate::vocabulary::{Meaning, meaning_of};

/// Words before the name of a field.
const NAMED: [&[u8]; 7] = [
    b"field",
    b"column",
    b"property",
    b"attribute",
    b"parameter",
    b"path",
    b"element",
];

/// The name of the field stands no further before its value.
const REACH: usize = 192;

impl Text<'_, '_> {
    /// Adds values that were refused.
    pub(super) fn refused(&mut self) {
        self.refused_before_name();
        self.refused_after_name();
    }

    /// `Duplicate entry 'V' for key 'drivers.license_number'`, `Incorrect date value: 'V' for column 'dob'`, as MySQL refuses
    /// them.
    fn refused_before_name(&mut self) {
        let text = self.text;
        static FOR: Needle = Needle::new(|| Finder::new(b"' for "));
        let Some(place) = FOR.find(text) else {
            return;
        };
        let rest = part(text, place + 6, text.len());
        if !rest.starts_with(b"column ") && !rest.starts_with(b"key ") {
            return;
        }
        let is_of_name = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'`' | b'\'' | b'-');
        let start = run_end(text, place + 6, |byte| byte != b' ') + 1;
        let end = run_within(text, start, start + 96, is_of_name);
        let (_, end) = trimmed(text, start, end);
        let first = word_start(text, end, 64);
        let floor = place.saturating_sub(128);
        let open = opening(part(text, floor, place)).map(|open| floor + open + 1);
        if let (Some(open), Some(meaning)) = (open, meaning_of(part(text, first, end)))
            && !meaning.is_nothing()
        {
            cell(self, (open, place), meaning);
        }
    }

    /// `… with unique index 'IX_SSN'. The duplicate key value is (V)`, as SQL Server refuses them: what the name of the index
    /// says.
    fn refused_by_index(&mut self, place: usize) {
        let text = self.text;
        let start = place + 9;
        let end = run_within(text, start, start + 256, |byte| byte != b')');
        let floor = place.saturating_sub(REACH);
        let front = part(text, floor, place);
        let named = [b"index '".as_slice(), b"constraint '"]
            .iter()
            .filter_map(|word| Some(memchr::memmem::rfind(front, word)? + word.len()))
            .max();
        let Some(named) = named else {
            return;
        };
        let name_end = run_within(front, named, named + 128, |byte| byte != b'\'');
        let meaning = meaning_of(part(front, named, name_end));
        // Of several values nothing says which is which.
        let one = !part(text, start, end).contains(&b',');
        if let Some(meaning) = meaning.filter(|meaning| one && !meaning.is_nothing()) {
            cell(self, (start, end), meaning);
        }
    }

    /// `on field 'ssn': rejected value [V]`, `column 'City'. Truncated value: 'V'`, `"path":"guardian.phone","value":"V"`.
    fn refused_after_name(&mut self) {
        let text = self.text;
        static VALUE: Needle = Needle::new(|| Finder::new(b"alue"));
        for place in VALUE.find_iter(text).take(16) {
            if part(text, place + 4, place + 9) == b" is ("
                && part(text, 0, place).ends_with(b"duplicate key v")
            {
                self.refused_by_index(place);
            }
            let open = run_within(text, place + 4, place + 10, |byte| {
                matches!(byte, b' ' | b':' | b'=' | b'\\')
                    || matches!(byte, b'"') && at(text, place + 4) == byte
            });
            let (open, close) = match at(text, open) {
                b'[' => (open, b']'),
                b'(' => (open, b')'),
                quote @ (b'"' | b'\'' | b'`') => (open, quote),
                // "value":"V"
                _ if at(text, open - 1) == b'"' => (open - 1, b'"'),
                _ => continue,
            };
            let end = if close == b'\'' {
                literal_end(text, open + 1, open + 257)
            } else {
                run_within(text, open + 1, open + 257, |byte| byte != close)
            };
            if at(text, end) == close
                && let Some(meaning) = named_before(text, place)
            {
                cell(self, (open + 1, end), meaning);
            }
        }
    }
}

/// The quote that opens the value at the end of a text: no letter stands before it; before a quote of the value itself
/// (`O''Brien`, and `O'Brien` as MySQL repeats it) there is one.
fn opening(front: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'\'', front).find(|quote| {
        let before = before(front, *quote);
        !before.is_ascii_alphanumeric() && before < 0x80 && !matches!(before, b'\'' | b'\\')
    })
}

/// What the last field says that is named before a place.
fn named_before(text: &[u8], place: usize) -> Option<&'static Meaning> {
    let floor = place.saturating_sub(REACH);
    let front = part(text, floor, place);
    let mut named: Vec<(usize, usize)> = NAMED
        .iter()
        .flat_map(|word| memchr::memmem::find_iter(front, word).map(|at| (at, word.len())))
        .collect();
    named.sort_unstable();
    named
        .into_iter()
        .rev()
        .find_map(|(named, word)| named_at(front, named, word))
}

/// What the field says whose name stands after a word.
fn named_at(front: &[u8], named: usize, word: usize) -> Option<&'static Meaning> {
    let start = run_within(front, named + word, named + word + 6, |byte| {
        matches!(
            byte,
            b' ' | b'"' | b'\'' | b'[' | b'`' | b'(' | b':' | b'=' | b'\\'
        )
    });
    let end = run_end(front, start, |byte| {
        is_word(byte) || matches!(byte, b'.' | b'-')
    });
    let said = part(front, start, end);
    (start > named + word && said.len() >= 2)
        .then(|| meaning_of(said))?
        .filter(|meaning| !meaning.is_nothing())
}
