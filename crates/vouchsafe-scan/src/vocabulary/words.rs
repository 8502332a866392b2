//! The words of a name, and the phrases among them.

use crate::bytes::{DIGIT, LOWER, UPPER, kind};
use crate::roots;
use crate::vocabulary::{Meaning, PHRASE, Strength, VOCABULARY, is_gap, numbered};

/// At most this many words of a name are looked at, the last ones.
const MAX_WORDS: usize = 8;

/// At most this many words make a phrase.
pub(super) const MAX_PHRASE: usize = 5;

/// The words of a name, in lower case with blanks between them.
#[derive(Debug)]
pub(crate) struct Words {
    text: [u8; 128],
    length: usize,
    /// Where each of the last words begins.
    starts: [usize; MAX_WORDS],
    count: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            text: [0; 128],
            length: 0,
            starts: [0; MAX_WORDS],
            count: 0,
        }
    }
}

impl Words {
    /// The words of one name.
    pub(crate) fn of(name: &[u8]) -> Self {
        let mut words = Self::default();
        words.add(name);
        words
    }

    /// Adds the words of a further name.
    pub(crate) fn add(&mut self, name: &[u8]) {
        let mut fresh = true;
        let (mut previous, mut all) = (0, 0);
        for (place, &byte) in name.iter().enumerate() {
            let kind = kind(byte) & (LOWER | UPPER | DIGIT);
            // Within a word of lower-case letters nothing happens.
            if kind == LOWER && previous == LOWER {
                self.push(byte);
                continue;
            }
            if kind == 0 {
                // An apostrophe belongs to its word: "mother's".
                fresh |= byte != b'\'';
                previous = 0;
                continue;
            }
            // fooBar, HTTPServer.
            let turn = kind == UPPER
                && (previous & (LOWER | DIGIT) != 0
                    || (previous == UPPER
                        && name.get(place + 1).is_some_and(u8::is_ascii_lowercase)));
            if fresh || turn {
                self.begin();
                fresh = false;
            }
            self.push(byte.to_ascii_lowercase());
            previous = kind;
            all |= kind;
        }
        if all & DIGIT != 0 {
            self.read_digits();
        }
    }

    /// Says that digits were read, where the vocabulary has words like those that have them.
    fn read_digits(&self) {
        for place in 0..self.count {
            let word = |without| self.last(1, without).unwrap_or_default();
            numbered::read(word(place), word(place + 1));
        }
    }

    fn begin(&mut self) {
        if self.length > 0 {
            self.push(b' ');
        }
        if self.count == MAX_WORDS {
            self.starts.rotate_left(1);
            self.count -= 1;
        }
        if let Some(start) = self.starts.get_mut(self.count) {
            *start = self.length;
            self.count += 1;
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// The last words, that many; without the last `without` of them.
    fn last(&self, count: usize, without: usize) -> Option<&[u8]> {
        let until = self.count.checked_sub(without)?;
        let start = *self.starts.get(until.checked_sub(count)?)?;
        let end = match without {
            0 => self.length,
            _ => self.starts.get(until)?.saturating_sub(1),
        };
        self.text.get(start..end)
    }

    /// The meaning of the last words, the longest phrase of them, without the very last `without`.
    fn phrase(&self, without: usize) -> Option<&'static Meaning> {
        let count = self.count.checked_sub(without)?;
        let last = self.last(1, without)?;
        if !VOCABULARY.ends_phrase(last) {
            return None;
        }
        (1..=count.min(MAX_PHRASE))
            .rev()
            .find_map(|count| phrase(self.last(count, without)?))
    }

    /// The meaning of the name of a field.
    pub(crate) fn meaning(&self) -> Option<&'static Meaning> {
        if let Some(meaning) = self.phrase(0) {
            return Some(meaning);
        }
        let last = self.last(1, 0)?;
        if self.count > 1 {
            // `ssn_txt`, `face_template_id`
            let before = || self.phrase(1);
            if is_filler(last) {
                return before();
            }
            if let Some(meaning) = is_number(last).then(before).flatten()
                && meaning.words() > 1
                && meaning.is_of_code()
            {
                return Some(meaning);
            }
        }
        // patientlastname: the longest phrase at the end of a word that is written as one.
        let joined = (1..last.len().saturating_sub(6)).find_map(|start| {
            let ending = last.get(start..)?;
            if VOCABULARY.sketch(ending) & PHRASE == 0 {
                return None;
            }
            VOCABULARY.joined.get(ending).copied().filter(|meaning| {
                meaning
                    .classes
                    .iter()
                    .any(|(_, strength)| *strength == Strength::Field)
            })
        });
        let words = (0..self.count)
            .rev()
            .filter_map(|place| self.last(1, place));
        joined.or_else(|| roots::of(&words))
    }

    /// The meaning of words before a value in a sentence: "MRN is", "date of birth was".
    pub(crate) fn context(&self) -> Option<&'static Meaning> {
        if let Some(meaning) = self.phrase(0) {
            return Some(meaning);
        }
        if !self.last(1, 0).is_some_and(is_gap) {
            return None;
        }
        (1..=3.min(self.count)).find_map(|without| {
            let gap = (0..without).all(|place| self.last(1, place).is_some_and(is_gap));
            gap.then(|| self.phrase(without))?
        })
    }

    /// Whether the last word is one of these.
    pub(crate) fn ends_with(&self, known: &[&[u8]]) -> bool {
        self.last(1, 0).is_some_and(|last| known.contains(&last))
    }

    /// Whether one of the words is this one.
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        (0..self.count).any(|place| self.last(1, place) == Some(word))
    }
}

fn phrase(words: &[u8]) -> Option<&'static Meaning> {
    let table = &*VOCABULARY;
    let find = |words: &[u8]| {
        if table.sketch(words) & PHRASE == 0 {
            return None;
        }
        table
            .phrases
            .get(words)
            .or_else(|| table.joined.get(words))
            .copied()
    };
    find(words).or_else(|| {
        // phone2, phones, addresses
        let stem = words
            .iter()
            .rposition(|byte| !byte.is_ascii_digit())
            .and_then(|end| words.get(..=end))?;
        if stem.len() < words.len() && stem.len() > 2 {
            return find(stem);
        }
        let one = words.strip_suffix(b"s").filter(|one| one.len() > 2)?;
        find(one).or_else(|| find(one.strip_suffix(b"e")?))
    })
}

/// Words for a number or code: what they stand after says which.
fn is_number(word: &[u8]) -> bool {
    matches!(
        word,
        b"id"
            | b"ref"
            | b"code"
            | b"key"
            | b"nbr"
            | b"identifier"
            | b"reference"
            | b"token"
            | b"value"
            | b"hash"
            | b"digest"
            | b"vector"
    )
}

/// Words that say nothing of themselves after the name of a field: `ssn_value`, `email.new`.
pub(super) fn is_filler(word: &[u8]) -> bool {
    matches!(
        word,
        b"value"
            | b"val"
            | b"raw"
            | b"new"
            | b"old"
            | b"text"
            | b"string"
            | b"str"
            | b"plain"
            | b"current"
            | b"previous"
            | b"input"
            | b"param"
            | b"field"
            | b"clear"
            | b"original"
            | b"data"
            | b"full"
            | b"primary"
            | b"secondary"
            | b"s"
            | b"nr"
            | b"no"
            | b"num"
            | b"number"
            | b"list"
            | b"cleartext"
            | b"plaintext"
            | b"txt"
            | b"cd"
            | b"nbr"
    )
}
