//! Conditions of SQL whose values stand behind an operator that is a word: `last_name ILIKE 'Roe%'`, `mrn in ('47', '48')`.

use crate::bytes::{at, before, is_word, part, run_within, word_start};
use crate::columns::{cell, literal_end};
use crate::text::Text;
use crate::vocabulary::{Meaning, meaning_of};

/// So many literals of a condition are looked at.
const MOST: usize = 64;

impl Text<'_, '_> {
    /// Adds the values of conditions.
    pub(super) fn conditions(&mut self) {
        let text = self.text;
        let mut place = 0;
        while let Some(quote) = memchr::memchr(b'\'', part(text, place, text.len())) {
            let quote = place + quote;
            place = match compared_with(text, quote) {
                Some(meaning) => self.literals(quote, meaning),
                None => quote + 1,
            };
        }
    }

    /// The literals of a condition, from the first quote on; returns where the last one ends.
    fn literals(&mut self, quote: usize, meaning: &'static Meaning) -> usize {
        let text = self.text;
        let mut open = quote;
        for _ in 0..MOST {
            let end = literal_end(text, open + 1, text.len());
            let is_wild = |byte: u8| matches!(byte, b'%' | b'^');
            let start = run_within(text, open + 1, end, is_wild);
            let stop = end - usize::from(end > start && is_wild(before(text, end)));
            cell(self, (start, stop), meaning);
            let next = run_within(text, end + 1, end + 8, |byte| {
                matches!(byte, b',' | b' ' | b'\n')
            });
            let between = [b"and ", b"AND "].contains(&&take4(text, next));
            let next = if between { next + 4 } else { next };
            if at(text, next) != b'\'' || next == end + 1 {
                return end + 1;
            }
            open = next;
        }
        open
    }
}

fn take4(text: &[u8], start: usize) -> [u8; 4] {
    text.get(start..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .unwrap_or_default()
}

/// What the column says that a literal is compared with: the operator is a word, and calls may stand around either side.
fn compared_with(text: &[u8], quote: usize) -> Option<&'static Meaning> {
    // N'…': letters of a national set.
    let quote = quote - usize::from(before(text, quote) == b'N');
    let mut end = called(text, spaces(text, quote));
    let mut operators = 0;
    loop {
        let start = word_start(text, end, 8);
        let word = part(text, start, end);
        let known = [
            b"like".as_slice(),
            b"ilike",
            b"rlike",
            b"in",
            b"between",
            b"not",
            b"regexp",
            b"similar",
            b"to",
        ];
        if !known.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            break;
        }
        operators += 1;
        end = spaces(text, start);
    }
    // "ssn::text = '…'", "lower(surname) = lower('…')": what the name of a field does not reach.
    let equals = operators == 0 && at(text, end.wrapping_sub(1)) == b'=';
    let plain = if equals { spaces(text, end - 1) } else { end };
    let cast = uncast(text, plain);
    let bracket = before(text, cast) == b')';
    if operators == 0 && !(equals && (cast < plain || bracket)) {
        return None;
    }
    let stop = cast - usize::from(bracket);
    let stop = stop - usize::from(matches!(before(text, stop), b'"' | b'`' | b']'));
    let name = part(text, word_start(text, stop, 48), stop);
    meaning_of(name).filter(|meaning| !meaning.is_nothing() && name.len() >= 2)
}

fn spaces(text: &[u8], end: usize) -> usize {
    end - part(text, end.saturating_sub(4), end)
        .iter()
        .rev()
        .take_while(|byte| **byte == b' ')
        .count()
}

/// Back over a bracket and the name of a call before it: `lower(`, `in (`.
fn called(text: &[u8], end: usize) -> usize {
    if before(text, end) != b'(' {
        return end;
    }
    let start = word_start(text, end - 1, 16);
    let calls = [
        b"lower".as_slice(),
        b"upper",
        b"trim",
        b"soundex",
        b"date",
        b"to_date",
    ];
    let is_call = calls
        .iter()
        .any(|call| call.eq_ignore_ascii_case(part(text, start, end - 1)));
    spaces(text, if is_call { start } else { end - 1 })
}

/// Back over a cast: `ssn::text`.
fn uncast(text: &[u8], end: usize) -> usize {
    let start = word_start(text, end, 16);
    if start < end
        && is_word(at(text, start))
        && part(text, start.saturating_sub(2), start) == b"::"
    {
        start - 2
    } else {
        end
    }
}
