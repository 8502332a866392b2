//! Capitalised words, and what the dictionaries say of each.

use crate::bytes::{LOWER, at, is_word, kind, part, run_end};
use crate::lexicon::{Said, said};
use crate::person::words::PARTICLES;

/// At most this many words make a name.
pub(super) const MAX_TOKENS: usize = 5;

/// A word that could be part of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) said: Said,
    /// A single letter, with or without a full stop.
    pub(super) initial: bool,
    /// Written in capitals throughout.
    pub(super) capitals: bool,
}

impl Token {
    /// Nobody knows the word, and it is long enough to be a name.
    pub(super) const fn unknown(self) -> bool {
        self.said.unknown() && !self.initial && self.end - self.start >= 2
    }

    pub(super) const fn could_be_surname(self) -> bool {
        !self.said.term
            && (self.said.name_only()
                || self.said.common_surname
                || self.unknown()
                || (self.said.surname && self.said.given))
    }
}

/// What a word looks like, whatever the dictionaries say of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Where its letters end.
    letters: usize,
    /// Where it ends, with the full stop of an initial.
    pub(super) end: usize,
    initial: bool,
    capitals: bool,
}

/// The form of the word that begins at a place, if it could be part of a name.
pub(super) fn form(text: &[u8], start: usize) -> Option<Form> {
    /// Longer words are no names.
    const LONGEST: usize = 40;
    let first = at(text, start);
    // From U+2000 on to U+2FFF stand punctuation, arrows and boxes, from U+10000 on pictures.
    if !(first.is_ascii_uppercase() || (first >= 0xc3 && !matches!(first, 0xe2 | 0xf0..))) {
        return None;
    }
    let rest = part(text, start, text.len().min(start + LONGEST + 1));
    let (mut lowers, mut uppers, mut turns) = (0_u32, 0_u32, 0_u32);
    let (mut length, mut previous) = (0, 0);
    while let Some(&byte) = rest.get(length) {
        if byte.is_ascii_lowercase() {
            lowers += 1;
        } else if byte.is_ascii_uppercase() {
            uppers += 1;
            turns += u32::from(previous == LOWER);
        } else if length <= 2 && is_apostrophe(text, start + length) {
            length += 3;
            previous = 0;
            continue;
        } else if (byte < 0x80 || byte == 0xe2) && !is_joint(text, start + length) {
            break;
        }
        previous = kind(byte) & LOWER;
        length += 1;
    }
    let letters = start + length;
    // W/O: no initial.
    let abbreviated = length == 1 && at(text, letters) == b'/';
    if length > LONGEST || abbreviated || is_word(at(text, letters)) {
        return None;
    }
    if turns > 0 && turns > u32::from(has_prefix(part(text, start, letters))) {
        return None;
    }
    // Ó, É: a letter of two bytes.
    let initial = length == 1 || length == 2 && first >= 0xc3;
    Some(Form {
        letters,
        end: letters + usize::from(initial && at(text, letters) == b'.'),
        initial,
        capitals: lowers == 0 && uppers > 1,
    })
}

/// Whether a hyphen or an apostrophe stands at a place, with a letter after it.
fn is_joint(text: &[u8], place: usize) -> bool {
    let next = at(text, place + 1);
    matches!(at(text, place), b'\'' | b'-') && (next.is_ascii_alphabetic() || next >= 0x80)
}

/// The word that begins at a place, if it could be part of a name.
pub(super) fn token(text: &[u8], start: usize) -> Option<Token> {
    form(text, start).map(|form| token_of(text, start, form))
}

/// The word of this form.
pub(super) fn token_of(text: &[u8], start: usize, form: Form) -> Token {
    let Form {
        letters,
        end,
        initial,
        capitals,
    } = form;
    Token {
        start,
        end,
        said: said_of(part(text, start, letters)),
        initial,
        capitals,
    }
}

/// What the dictionaries say of a word; of one with a hyphen or an apostrophe, what they say of its parts.
fn said_of(word: &[u8]) -> Said {
    // A hyphenated name is known when one of its parts is.
    let known = said(word);
    if known.unknown() && word.contains(&b'-') {
        let parts = || word.split(|byte| *byte == b'-').map(said);
        // Smith-Jones, Al-Sayed: all of it can be a surname, and a part of it is one.
        let surname = parts().all(|said| !said.term)
            && parts().any(|said| said.surname || said.given)
            && parts().all(|said| said.surname || said.given || said.unknown());
        Said {
            surname,
            common_surname: surname,
            given: parts().all(|said| said.clearly_given),
            word: !surname && parts().any(|said| said.word),
            term: parts().any(|said| said.term),
            ..Said::default()
        }
    } else if known.unknown() && word.contains(&b'\'') {
        let joined: Vec<u8> = word.iter().copied().filter(|byte| *byte != b'\'').collect();
        said(&joined)
    } else {
        known
    }
}

/// Whether a typographic apostrophe stands between letters: O’Neil.
fn is_apostrophe(text: &[u8], place: usize) -> bool {
    part(text, place, place + 3) == "\u{2019}".as_bytes()
        && at(text, place + 3).is_ascii_alphabetic()
        && at(text, place + 4).is_ascii_lowercase()
}

/// Mc, Mac, De, La, Le, Van, Di, Du, Fitz: a capital follows within the word.
fn has_prefix(word: &[u8]) -> bool {
    [
        b"Mc".as_slice(),
        b"Mac",
        b"De",
        b"La",
        b"Le",
        b"Van",
        b"Di",
        b"Du",
        b"Fitz",
        b"O'",
        b"D'",
        b"Von",
        b"St",
        b"Al",
    ]
    .iter()
    .any(|prefix| {
        word.starts_with(prefix) && word.get(prefix.len()).is_some_and(u8::is_ascii_uppercase)
    })
}

/// The run of words from a place on.
pub(super) fn tokens(text: &[u8], start: usize, limit: usize) -> ([Token; MAX_TOKENS], usize) {
    let mut found = [Token::default(); MAX_TOKENS];
    let mut count = 0;
    let mut place = start;
    while let Some(slot) = found.get_mut(count) {
        let Some(token) = token(text, place).filter(|token| token.end <= limit) else {
            break;
        };
        *slot = token;
        count += 1;
        if !matches!(at(text, token.end), b' ' | b'+') {
            break;
        }
        place = after_particles(text, token.end + 1);
    }
    (found, count)
}

/// Past little words within a name: "van der" in "Ludwig van der Berg".
fn after_particles(text: &[u8], start: usize) -> usize {
    let mut place = start;
    for _ in 0..2 {
        let end = run_end(text, place, |byte| byte.is_ascii_lowercase());
        if !PARTICLES.has(part(text, place, end)) || !matches!(at(text, end), b' ' | b'-' | b'\'') {
            break;
        }
        place = end + 1;
    }
    if place > start && form(text, place).is_none() {
        start
    } else {
        place
    }
}

/// Whether a word at a place is one of those that stand within names.
pub(super) fn is_particle(text: &[u8], start: usize) -> bool {
    let end = run_end(text, start, |byte| byte.is_ascii_lowercase());
    PARTICLES.has(part(text, start, end))
}
