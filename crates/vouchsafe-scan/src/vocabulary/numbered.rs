//! Words with digits in the vocabulary: only beside these does it matter which digits a word has.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use crate::bytes::{ALNUM, before, kind, part};
use crate::digits;
use crate::lexicon::Fast;
use crate::roots;
use crate::vocabulary::ending::last_word;
use crate::vocabulary::{LONGEST, VOCABULARY, in_lower_case};

type Set = HashSet<Vec<u8>, BuildHasherDefault<Fast>>;

/// The words with digits of all phrases.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// Words that stand before a number: address 1, line 2.
    before_number: Set,
    /// Whether a number begins a phrase.
    begins: bool,
    /// How long the numbers are that end a phrase, a bit for each length.
    ends: u32,
    /// Words of letters and digits, as [`stem`] leaves them.
    stems: Set,
    /// Phrases that are written as one, with zeros for their digits, and the last four bytes of each.
    tails: Vec<([u8; 4], Vec<u8>)>,
}

impl Numbered {
    /// Those of these phrases, and of the phrases that are written as one.
    pub(super) fn of<'p>(
        phrases: impl Iterator<Item = &'p [u8]>,
        joined: impl Iterator<Item = &'p [u8]>,
    ) -> Self {
        let mut numbered = Self::default();
        for phrase in phrases {
            let mut previous: Option<&[u8]> = None;
            for word in phrase.split(|byte| *byte == b' ') {
                match previous {
                    _ if !is_number(word) => numbered.add_stem(word),
                    Some(previous) => drop(numbered.before_number.insert(previous.to_vec())),
                    None => numbered.begins = true,
                }
                previous = Some(word);
            }
            if let Some(last) = previous.filter(|last| is_number(last)) {
                numbered.ends |= 1 << (last.len() % 32);
            }
        }
        for word in joined.filter(|word| digits::has_any(word)) {
            numbered.add_stem(word);
            let zeroed: Vec<u8> = word.iter().map(zero).collect();
            if let Some(last) = zeroed.last_chunk() {
                numbered.tails.push((*last, zeroed));
            }
        }
        roots::words().for_each(|word| numbered.add_stem(word));
        numbered
    }

    fn add_stem(&mut self, word: &[u8]) {
        if digits::has_any(word) {
            let zeroed: Vec<u8> = word.iter().map(zero).collect();
            self.stems.insert(stem(&zeroed).to_vec());
        }
    }

    /// Whether a word with other digits could say something, after the word before it.
    fn matters(&self, word: &[u8], previous: &[u8]) -> bool {
        if is_number(word) {
            let known = |previous: &[u8]| self.before_number.contains(previous);
            return self.begins || in_lower_case(previous, known);
        }
        // What is joined is looked for at the end of long words, too.
        let word = part(word, word.len().saturating_sub(LONGEST), word.len());
        in_lower_case(word, |word| {
            let mut zeroed = [0; LONGEST];
            let zeroed = zeroed.get_mut(..word.len()).unwrap_or_default();
            for (place, byte) in zeroed.iter_mut().zip(word) {
                *place = zero(byte);
            }
            let zeroed = &*zeroed;
            self.stems.contains(stem(zeroed)) || self.is_tailed(zeroed)
        })
    }

    /// Whether a word, with zeros for its digits, ends with a phrase that is written as one.
    fn is_tailed(&self, zeroed: &[u8]) -> bool {
        let last = zeroed.last_chunk();
        let mut tails = self.tails.iter();
        tails.any(|(end, tail)| Some(end) == last && zeroed.ends_with(tail))
    }
}

/// Says that the digits of a word were read, when it could say something with other ones.
pub(super) fn read(word: &[u8], previous: &[u8]) {
    if digits::has_any(word) && VOCABULARY.numbered.matters(word, previous) {
        digits::read();
    }
}

/// The same for a number that ends the name of a field. The look at whether it ends a phrase decides whether the words
/// before it are looked at, whatever they are: `mrn_1` is one, and `mrn_7` is none.
pub(super) fn read_number(word: &[u8]) {
    if is_number(word) && VOCABULARY.numbered.ends >> (word.len() % 32) & 1 == 1 {
        digits::read();
    }
}

/// The same for the word that ends a text.
pub(super) fn read_last(text: &[u8], word: &[u8]) {
    if !digits::has_any(word) {
        return;
    }
    let mut front = part(text, 0, text.len() - word.len());
    while let Some((last, rest)) = front.split_last() {
        if kind(*last) & ALNUM != 0 {
            break;
        }
        front = rest;
    }
    let (start, _) = last_word(front);
    // "addr'ess 1": an apostrophe belongs to its word.
    if before(front, start) == b'\'' {
        digits::read();
    }
    read(word, part(front, start, front.len()));
}

fn is_number(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit)
}

fn zero(byte: &u8) -> u8 {
    if byte.is_ascii_digit() { b'0' } else { *byte }
}

/// A word with zeros for its digits, without what a sign of the plural, or a further number, at its end could be.
fn stem(zeroed: &[u8]) -> &[u8] {
    let word = zeroed.strip_suffix(b"s").unwrap_or(zeroed);
    let word = word.strip_suffix(b"e").unwrap_or(word);
    let end = word.iter().rposition(|byte| *byte != b'0');
    let front = part(word, 0, end.map_or(0, |last| last + 1));
    if digits::has_any(front) { front } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{Words, may_end, may_mean};

    fn reads<T>(look: impl FnOnce() -> T) -> bool {
        digits::watch(look).1
    }

    #[test]
    fn digits_are_read_where_others_would_say_something() {
        for name in ["address 9", "AddressLine9", "ipv9", "sha999", "ssn9"] {
            assert!(reads(|| Words::of(name.as_bytes()).meaning()), "{name}");
        }
        assert!(reads(|| may_mean(b"mrn_7")) && !reads(|| may_mean(b"mrn_77")));
        for text in ["witness 7 ", "addr'ess 7 "] {
            assert!(reads(|| may_end(text.as_bytes(), text.len())), "{text}");
        }
        for name in [
            "host18",
            "retries 3",
            "v12.host",
            "node-07",
            "ssn99",
            "ss9n",
        ] {
            let name = name.as_bytes();
            assert!(!reads(|| Words::of(name).context()));
            assert!(!reads(|| may_end(name, name.len())));
        }
    }
}
