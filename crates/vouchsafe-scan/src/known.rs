//! Known values: a team's own names and numbers as keyed hashes, so that values are found that no detector knows.
//!
//! A value is brought to one form (lower case, words in order of the alphabet, one blank between them, digits joined)
//! and hashed with HMAC-SHA-256 (FIPS 198-1), cut to 128 bits. What is stored holds no value. It is PHI all the same: with the key, short numbers can
//! be guessed from their hashes. So the key is a file elsewhere, and neither file is read when others may read it.

mod file;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use aws_lc_rs::hmac;

use crate::class::{Class, Confidence};
use crate::decode::{self, Plain};
use crate::finding::Finding;
use crate::lexicon;

pub use file::{KEY_BYTES, KnownError, new_key, read_key};

/// At most this many words make a value.
const MOST_WORDS: usize = 6;
/// Longer values are not looked for.
const LONGEST: usize = 128;
/// How many words of a text are remembered as no part of a value.
const SEEN: usize = 1 << 16;

type Tag = [u8; 16];

/// Hashes of known values, and the key that they were made with.
pub struct KnownValues {
    key: hmac::Key,
    values: HashMap<Tag, Class>,
    /// The most words of a value.
    words: usize,
}

impl fmt::Debug for KnownValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownValues")
            .field("count", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// What became of a value that was to be learned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Learned {
    /// It is new.
    Added,
    /// It was known.
    Known,
    /// It is too short, too long, or an ordinary word: it would be found everywhere.
    TooCommon,
}

impl KnownValues {
    /// None yet.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            values: HashMap::new(),
            words: 1,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn tag(&self, form: &str) -> Tag {
        let whole = hmac::sign(&self.key, form.as_bytes());
        let mut tag = Tag::default();
        for (place, byte) in tag.iter_mut().zip(whole.as_ref()) {
            *place = *byte;
        }
        tag
    }

    /// Learns a value of a class.
    pub fn learn(&mut self, class: Class, value: &[u8]) -> Learned {
        let words: Vec<Word> = words(value).collect();
        let form = form(value, &words);
        if is_too_common(class, &form, &words) {
            return Learned::TooCommon;
        }
        self.words = self.words.max(words.len());
        match self.values.insert(self.tag(&form), class) {
            None => Learned::Added,
            Some(_) => Learned::Known,
        }
    }

    /// One that looks for them.
    #[must_use]
    pub fn finder(&self) -> Finder<'_> {
        Finder {
            known: self,
            seen: vec![0; SEEN],
            hash: RandomState::new(),
            plain: Plain::default(),
        }
    }
}

/// Looks for known values in lines. Each worker has one.
#[derive(Debug)]
pub struct Finder<'k> {
    known: &'k KnownValues,
    /// Hashes of what was looked up and is not known: a log says the same words in each line.
    seen: Vec<u64>,
    hash: RandomState,
    plain: Plain,
}

impl Finder<'_> {
    /// Adds the known values that stand in a line, as they are and behind escapes (of JSON, HTML, URLs).
    pub fn find(&mut self, line: &[u8], found: &mut Vec<Finding>) {
        self.find_in(line, found);
        if !decode::is_escaped(line) {
            return;
        }
        let mut plain = std::mem::take(&mut self.plain);
        plain.read(line);
        let inner = found.len();
        self.find_in(&plain.text, found);
        for finding in found.iter_mut().skip(inner) {
            finding.span = plain.place(finding.span.start)..plain.place(finding.span.end);
        }
        self.plain = plain;
    }

    fn find_in(&mut self, line: &[u8], found: &mut Vec<Finding>) {
        let mut window: Vec<Word> = Vec::with_capacity(self.known.words);
        let mut words = words(line).peekable();
        while words.peek().is_some() || !window.is_empty() {
            while window.len() < self.known.words {
                match words.next() {
                    Some(word) => window.push(word),
                    None => break,
                }
            }
            self.find_at(line, &window, found);
            if !window.is_empty() {
                window.remove(0);
            }
        }
    }

    /// Adds the longest known value that begins with the first word.
    fn find_at(&mut self, line: &[u8], window: &[Word], found: &mut Vec<Finding>) {
        for count in (1..=window.len()).rev() {
            let part = window.get(..count).unwrap_or_default();
            let (Some(first), Some(last)) = (part.first(), part.last()) else {
                continue;
            };
            // Words of one value stand close together.
            let apart = part
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if b.start - a.end > 3));
            if apart || last.end - first.start > LONGEST {
                continue;
            }
            let text = line.get(first.start..last.end).unwrap_or_default();
            if let Some(class) = self.class(text, line, part) {
                found.push(Finding {
                    class,
                    confidence: Confidence::High,
                    span: first.start..last.end,
                    field: Some("known value"),
                });
                return;
            }
        }
    }

    /// The class of the value that these words are. What is none is remembered as it is written.
    fn class(&mut self, text: &[u8], line: &[u8], words: &[Word]) -> Option<Class> {
        if text.len() < SHORTEST {
            return None;
        }
        let hash = self.hash.hash_one(text) | 1;
        let place = usize::try_from(hash >> 32).unwrap_or(0) % SEEN;
        let seen = self.seen.get_mut(place)?;
        if *seen == hash {
            return None;
        }
        let tag = self.known.tag(&form(line, words));
        let class = self.known.values.get(&tag).copied();
        if class.is_none() {
            *seen = hash;
        }
        class
    }
}

/// A word of a text.
#[derive(Clone, Copy, Debug)]
struct Word {
    start: usize,
    end: usize,
    digits: bool,
}

/// The words of a text: letters and digits, and what is beyond ASCII.
fn words(text: &[u8]) -> impl Iterator<Item = Word> + '_ {
    let is = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let mut place = 0;
    std::iter::from_fn(move || {
        let rest = text.get(place..)?;
        let start = place + rest.iter().position(|byte| is(*byte))?;
        let end = crate::bytes::run_end(text, start, is);
        place = end;
        let word = text.get(start..end)?;
        Some(Word {
            start,
            end,
            digits: word.iter().all(u8::is_ascii_digit),
        })
    })
}

/// One form of a value, however it is written: `Ylleem, Qorvanth` is `qorvanth ylleem`.
fn form(text: &[u8], words: &[Word]) -> String {
    let mut parts: Vec<String> = words
        .iter()
        .map(|word| lower(text.get(word.start..word.end).unwrap_or_default()))
        .collect();
    if words.iter().all(|word| word.digits) {
        return parts.concat();
    }
    parts.sort_unstable();
    parts.join(" ")
}

/// A word in lower case. One that is not UTF-8 is taken for Latin-1.
fn lower(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(word) => word.to_lowercase(),
        Err(_) => {
            let letters = word.iter().copied().map(char::from);
            letters.flat_map(char::to_lowercase).collect()
        }
    }
}

const SHORTEST: usize = 3;

fn is_too_common(class: Class, form: &str, words: &[Word]) -> bool {
    let short = form.chars().count() < SHORTEST;
    let long = form.len() > LONGEST || words.len() > MOST_WORDS;
    let few_digits = words.iter().all(|word| word.digits) && form.len() < 5;
    let said = lexicon::said(form.as_bytes());
    let ordinary = words.len() == 1 && (said.term || (said.word && class != Class::Secret));
    short || long || few_digits || ordinary
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(values: &[(Class, &str)]) -> KnownValues {
        let mut known = KnownValues::new(&[7; KEY_BYTES]);
        for (class, value) in values {
            assert_eq!(
                known.learn(*class, value.as_bytes()),
                Learned::Added,
                "{value}"
            );
        }
        known
    }

    fn found(known: &KnownValues, line: &str) -> Vec<(Class, String)> {
        let mut found = Vec::new();
        known.finder().find(line.as_bytes(), &mut found);
        found
            .into_iter()
            .map(|finding| (finding.class, line.get(finding.span).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn a_known_value_is_found_however_it_is_written() {
        let known = known(&[
            (Class::Name, "Qorvanth Ylleem"),
            (Class::Mrn, "00-4711-9"),
            (Class::Name, "Zyrraqh"),
        ]);
        assert_eq!(
            found(&known, "for qorvanth_YLLEEM, no. 0047119; zyrraqh!"),
            [
                (Class::Name, "qorvanth_YLLEEM".to_owned()),
                (Class::Mrn, "0047119".to_owned()),
                (Class::Name, "zyrraqh".to_owned())
            ]
        );
        assert_eq!(found(&known, "qorvanth and ylleem"), []);
    }

    #[test]
    fn a_known_value_is_found_in_another_order_encoding_or_character_set() {
        let known = known(&[(Class::Name, "Qorvanth Ylleem"), (Class::Name, "Zyrräqh")]);
        for line in [
            "Ylleem, Qorvanth",
            "/search?q=Qorvanth%20Ylleem&n=1",
            r#"{"n":"Qorvanth\u0020Ylleem"}"#,
            "<b>Ylleem,&#32;Qorvanth</b>",
            "ZYRRÄQH",
            r"zyrr\u00e4qh",
            "zyrr%C3%A4qh",
        ] {
            let mut spans = Vec::new();
            known.finder().find(line.as_bytes(), &mut spans);
            assert_eq!(spans.len(), 1, "{line}");
        }
        let mut spans = Vec::new();
        known.finder().find(b"x Zyrr\xe4qh y", &mut spans);
        assert_eq!(spans.first().map(|found| found.span.clone()), Some(2..9));
    }

    #[test]
    fn ordinary_words_and_short_numbers_are_not_learned() {
        let mut known = KnownValues::new(&[7; KEY_BYTES]);
        for value in ["Will", "42", "ab", "1234", "Server", ""] {
            assert_eq!(
                known.learn(Class::Name, value.as_bytes()),
                Learned::TooCommon,
                "{value}"
            );
        }
    }

    #[test]
    fn another_key_finds_nothing() {
        let mine = known(&[(Class::Name, "Qorvanth Ylleem")]);
        let other = KnownValues {
            key: hmac::Key::new(hmac::HMAC_SHA256, &[8; KEY_BYTES]),
            values: mine.values,
            words: 2,
        };
        assert_eq!(found(&other, "Qorvanth Ylleem"), []);
    }
}
