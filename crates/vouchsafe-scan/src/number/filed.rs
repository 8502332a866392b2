//! Names of files that say whose they are: `Roe_Jane_MRN3438429_20240110.pdf`.

use crate::bytes::{at, digits_end, part, run_end, run_within};
use crate::class::{Class, Confidence};
use crate::lexicon;
use crate::text::Text;
use crate::value::{self, Value};
use crate::vocabulary::{Meaning, Words};
use crate::when;

/// Endings of documents.
const DOCUMENTS: [&[u8]; 14] = [
    b".pdf", b".doc", b".docx", b".rtf", b".txt", b".tif", b".tiff", b".jpg", b".jpeg", b".png",
    b".xml", b".hl7", b".dcm", b".html",
];

impl Text<'_, '_> {
    /// Looks at a word whose parts underscores join; returns where it ends when it is the name of somebody's file.
    pub(super) fn filed(&mut self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        let pieces = pieces(text, start, end)?;
        let number = self.number_of(&pieces);
        let stop = run_within(text, end, end + 8, |byte| {
            byte.is_ascii_digit() || byte == b'-'
        });
        let ending = run_end(text, stop + 1, |byte| byte.is_ascii_alphanumeric());
        let document = DOCUMENTS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(part(text, stop, ending)));
        if number.is_none() && !document {
            return None;
        }
        let date = pieces.iter().find_map(|&(from, to)| dated(text, from, to));
        if number.is_none() && date.is_none() {
            return None;
        }
        let names = names(text, &pieces);
        let named = if let [first, .., last] = names {
            self.add(
                Class::Name,
                Confidence::Medium,
                (first.0, last.1),
                Some("name of a file"),
            );
            true
        } else {
            false
        };
        if let Some((class, span, meaning)) = number {
            self.add(class, Confidence::Medium, span, Some(meaning.phrase));
        } else if !named {
            return None;
        }
        if let Some(date) = date {
            self.add(
                Class::Date,
                Confidence::Medium,
                date,
                Some("name of a file"),
            );
        }
        Some(stop.max(end))
    }

    /// A number of which the letters before it say what it is: `MRN3438429`, `mrn_3438429`.
    fn number_of(
        &self,
        pieces: &[(usize, usize)],
    ) -> Option<(Class, (usize, usize), &'static Meaning)> {
        let text = self.text;
        pieces.iter().enumerate().find_map(|(place, &(from, to))| {
            let letters = run_end(text, from, |byte| byte.is_ascii_alphabetic()).min(to);
            let (start, stop) = if letters == to {
                *pieces.get(place + 1)?
            } else {
                (letters, to)
            };
            let plain = digits_end(text, start) == stop && stop - start >= 5;
            let hex = part(text, from, to).iter().all(u8::is_ascii_hexdigit);
            if letters - from < 3 || !plain || hex {
                return None;
            }
            let meaning = Words::of(part(text, from, letters)).meaning()?;
            let value = Value {
                text,
                start,
                end: stop,
                bounded: true,
            };
            let is = |class| {
                matches!(
                    class,
                    Class::Mrn | Class::Ssn | Class::HealthPlan | Class::Account | Class::Date
                )
            };
            let (class, span, _) = value::fit_of(meaning, value, is)?;
            Some((class, span, meaning))
        })
    }
}

/// The parts of a word between underscores, if there are a few.
fn pieces(text: &[u8], start: usize, end: usize) -> Option<Vec<(usize, usize)>> {
    let word = part(text, start, end);
    if !(8..=96).contains(&word.len()) || !word.contains(&b'_') {
        return None;
    }
    let mut from = start;
    let mut pieces = Vec::new();
    for piece in word.split(|byte| *byte == b'_') {
        pieces.push((from, from + piece.len()));
        from += piece.len() + 1;
    }
    (pieces.len() >= 2).then_some(pieces)
}

/// The day that a part is, or begins: `20240110`, `2024-01-10`.
fn dated(text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let digits = digits_end(text, from);
    if digits < to || !matches!(to - from, 4 | 8) {
        return None;
    }
    if to - from == 4 {
        let end = when::date_end(text, from)?;
        return (end == from + 10 && at(text, end) != b'T').then_some((from, end));
    }
    let value = Value {
        text,
        start: from,
        end: to,
        bounded: true,
    };
    value::fit(Class::Date, crate::vocabulary::Strength::Shape, "", value)
        .map(|(start, end, _)| (start, end))
}

/// The parts with which a name of a file begins, as far as they are names.
fn names<'p>(text: &[u8], pieces: &'p [(usize, usize)]) -> &'p [(usize, usize)] {
    let word = |place: usize| {
        pieces
            .get(place)
            .map_or(&[][..], |piece| part(text, piece.0, piece.1))
    };
    let given = |place: usize| lexicon::said(word(place)).clearly_given;
    let is_one = |place: usize| {
        let beside = given(place + 1) || place > 0 && given(place - 1);
        is_name(word(place)) || beside && is_half(word(place))
    };
    let count = (0..pieces.len()).take_while(|place| is_one(*place)).count();
    pieces.get(..count).unwrap_or_default()
}

/// Whether a part is a surname that is a word as well, as one beside a given name may be: `Roe_Jane`.
fn is_half(word: &[u8]) -> bool {
    let said = lexicon::said(word);
    word.len() >= 2
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && said.surname
        && !said.term
}

/// Whether a part is a name: a capitalised word that no dictionary of words knows, or one of a dictionary of names.
fn is_name(word: &[u8]) -> bool {
    let letters = word
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'-' | b'\''));
    let said = lexicon::said(word);
    letters
        && word.len() >= 2
        && word
            .first()
            .is_some_and(|first| first.is_ascii_uppercase() || *first >= 0x80)
        && !said.term
        && (!said.word || said.clearly_given || said.common_surname || said.name_only())
}
