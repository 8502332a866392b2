//! Lists of fixed words, with a quick look before the thorough one: most words of a log are in none of them.

/// A list of words.
#[derive(Debug)]
pub(crate) struct WordList {
    words: &'static [&'static [u8]],
    /// For each first and last letter, which lengths the words have: a bit for each.
    lengths: [u32; SLOTS],
}

/// How many first and last letters are told apart.
const SLOTS: usize = 128;

impl WordList {
    /// A list of these words, none of which is empty.
    #[expect(
        clippy::indexing_slicing,
        reason = "made at compile time; below its length"
    )]
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        let mut lengths = [0; SLOTS];
        let mut place = 0;
        while place < words.len() {
            let word = words[place];
            lengths[slot(word[0], word[word.len() - 1])] |= 1 << (word.len() % 32);
            place += 1;
        }
        Self { words, lengths }
    }

    /// Whether a word is one of them.
    #[inline]
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        self.may_have(word) && self.words.contains(&word)
    }

    /// Whether a word is one of them, whatever its case.
    #[inline]
    pub(crate) fn has_of_any_case(&self, word: &[u8]) -> bool {
        self.may_have(word)
            && self
                .words
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
    }

    #[inline]
    fn may_have(&self, word: &[u8]) -> bool {
        let (Some(first), Some(last)) = (word.first(), word.last()) else {
            return false;
        };
        self.lengths
            .get(slot(*first, *last))
            .is_some_and(|lengths| lengths >> (word.len() % 32) & 1 == 1)
    }
}

/// The slot of a first and a last letter, whatever their case; few last letters are told apart.
#[inline]
const fn slot(first: u8, last: u8) -> usize {
    ((first & 0x1f) as usize | ((last & 3) as usize) << 5) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    static FEW: WordList = WordList::new(&[b"patient", b"d.o.b", b"MD"]);

    #[test]
    fn words_are_found_as_they_are_written_or_in_any_case() {
        assert!(FEW.has(b"patient") && FEW.has(b"d.o.b") && FEW.has(b"MD"));
        assert!(!FEW.has(b"Patient") && FEW.has_of_any_case(b"PATIENT"));
        for word in [b"".as_slice(), b"patients", b"potient", b"m"] {
            assert!(!FEW.has(word) && !FEW.has_of_any_case(word));
        }
    }
}
