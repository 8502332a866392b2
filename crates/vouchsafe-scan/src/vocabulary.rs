//! What the name of a field, or the words before a value, say of the value.
//!
//! `patientLastName`, `patient_last_name`, `patient.last-name` and "patient last name" are the same words; the last of
//! them that are in the table `data/fields.tsv` give the meaning.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::bytes::{DIGIT, LOWER, UPPER, at, before, is_alnum, kind, part, sketch_of_any_case};
use crate::class::Class;
use crate::lexicon::Fast;
use crate::roots;

static FIELDS: &str = include_str!("../data/fields.tsv");

/// How far a name is to be believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Strength {
    /// The whole value is of the class.
    Field,
    /// It is, when it has the form of the class.
    Shape,
}

/// What a phrase says.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Meaning {
    /// The words of the table.
    pub(crate) phrase: &'static str,
    /// Its classes, the first whose form fits; none when the value is no identifier of a person.
    pub(crate) classes: Vec<(Class, Strength)>,
    /// It says only that it is a value: another field may say more.
    pub(crate) is_value: bool,
    /// Anything can stand in such a field.
    pub(crate) is_free_text: bool,
}

impl Meaning {
    /// What a word within a name says.
    pub(crate) fn of_root(phrase: &'static str, class: Class, strength: Strength) -> Self {
        Self {
            phrase,
            classes: vec![(class, strength)],
            is_value: false,
            is_free_text: false,
        }
    }

    /// Whether it says that the value is no identifier.
    pub(crate) const fn is_nothing(&self) -> bool {
        self.classes.is_empty()
    }

    /// How many words say it.
    pub(crate) fn words(&self) -> usize {
        self.phrase.split(' ').count()
    }

    /// Whether one of its classes is this one.
    pub(crate) fn is_of(&self, class: Class) -> bool {
        self.classes.iter().any(|(known, _)| *known == class)
    }
}

type Table = HashMap<&'static [u8], &'static Meaning, BuildHasherDefault<Fast>>;

struct Vocabulary {
    phrases: Table,
    /// Phrases of several words, written as one.
    joined: Table,
    /// The last words of all phrases that name identifiers.
    endings: HashSet<&'static [u8], BuildHasherDefault<Fast>>,
    /// Which sketches the endings, the little words and the phrases have: a quick look before the thorough one.
    sketches: Vec<u8>,
}

/// How many sketches are told apart.
const SKETCHES: usize = 1 << 15;
const ENDING: u8 = 1;
const GAP: u8 = 2;
const PHRASE: u8 = 4;

impl Vocabulary {
    /// What a word can be by its sketch.
    #[inline]
    fn sketch(&self, word: &[u8]) -> u8 {
        let place = usize::try_from(sketch_of_any_case(word)).unwrap_or(0) % SKETCHES;
        self.sketches.get(place).copied().unwrap_or(0)
    }

    /// Whether a word in lower case, or what it is the plural of, or it without its number, ends a phrase.
    fn ends_phrase(&self, last: &[u8]) -> bool {
        let known = |word: &[u8]| self.endings.contains(word);
        if known(last) {
            return true;
        }
        let stem = stem(last);
        stem.len() < last.len() && (known(stem) || stem.strip_suffix(b"e").is_some_and(known))
    }

    /// Whether a word of any case can end a phrase.
    fn may_end_phrase(&self, last: &[u8]) -> bool {
        let may = |word: &[u8]| self.sketch(word) & ENDING != 0;
        let may_stem = || {
            let stem = stem(last);
            may(stem) || stem.split_last().is_some_and(|(_, one)| may(one))
        };
        let varies = matches!(last, [.., b's' | b'S' | b'0'..=b'9']);
        (may(last) || varies && may_stem()) && self.ends_phrase(&last.to_ascii_lowercase())
    }
}

/// A word without the sign of the plural, and without a number at its end.
fn stem(word: &[u8]) -> &[u8] {
    let one = match word {
        [one @ .., b's' | b'S'] => one,
        _ => word,
    };
    one.iter()
        .rposition(|byte| !byte.is_ascii_digit())
        .and_then(|end| one.get(..=end))
        .unwrap_or(one)
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(read);

fn read() -> Vocabulary {
    let mut meanings: Vec<Meaning> = Vec::new();
    let mut places: HashMap<&'static str, usize> = HashMap::new();
    for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split('\t');
        let (Some(phrase), Some(class), Some(strength)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let strength = match strength {
            "field" => Strength::Field,
            _ => Strength::Shape,
        };
        let place = *places.entry(phrase).or_insert_with(|| {
            meanings.push(Meaning {
                phrase,
                classes: Vec::new(),
                is_value: phrase.ends_with("value"),
                is_free_text: is_free_text(phrase),
            });
            meanings.len() - 1
        });
        if let (Some(class), Some(meaning)) = (Class::parse(class), meanings.get_mut(place)) {
            meaning.classes.push((class, strength));
        }
    }
    // Read once and kept for as long as the program runs.
    let meanings: &'static [Meaning] = Vec::leak(meanings);
    let mut phrases = Table::default();
    let mut joined = Table::default();
    let mut endings = HashSet::default();
    for meaning in meanings {
        phrases.insert(meaning.phrase.as_bytes(), meaning);
        if meaning.phrase.contains(' ') {
            let word: &'static str = String::leak(meaning.phrase.replace(' ', ""));
            joined.insert(word.as_bytes(), meaning);
            endings.insert(word.as_bytes());
        }
        if let Some(last) = meaning.phrase.rsplit(' ').next() {
            endings.insert(last.as_bytes());
        }
    }
    let mut vocabulary = Vocabulary {
        phrases,
        joined,
        endings,
        sketches: vec![0; SKETCHES],
    };
    let endings = vocabulary.endings.iter().map(|word| (*word, ENDING));
    let gaps = GAPS.iter().map(|word| (*word, GAP));
    let phrases = vocabulary.phrases.keys().map(|words| (*words, PHRASE));
    let joined = vocabulary.joined.keys().map(|word| (*word, PHRASE));
    for (word, bit) in endings.chain(gaps).chain(phrases).chain(joined) {
        let place = usize::try_from(sketch_of_any_case(word)).unwrap_or(0) % SKETCHES;
        if let Some(bits) = vocabulary.sketches.get_mut(place) {
            *bits |= bit;
        }
    }
    vocabulary
}

/// At most this many words of a name are looked at, the last ones.
const MAX_WORDS: usize = 8;
/// At most this many words make a phrase.
const MAX_PHRASE: usize = 5;

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
        let mut previous = 0;
        for (place, &byte) in name.iter().enumerate() {
            let kind = kind(byte) & (LOWER | UPPER | DIGIT);
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
        if is_filler(last) && self.count > 1 {
            return self.phrase(1);
        }
        // patientlastname: the longest phrase at the end of a word that is written as one.
        let joined = (1..last.len().saturating_sub(6)).find_map(|start| {
            let ending = last.get(start..)?;
            VOCABULARY.joined.get(ending).copied().filter(|meaning| {
                meaning
                    .classes
                    .iter()
                    .any(|(_, strength)| *strength == Strength::Field)
            })
        });
        joined.or_else(|| {
            roots::of(
                &(0..self.count)
                    .rev()
                    .filter_map(|place| self.last(1, place)),
            )
        })
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

    /// Whether one of the words is this one.
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        (0..self.count).any(|place| self.last(1, place) == Some(word))
    }
}

/// Whether the words before a place can end with a phrase, maybe with little words after it: a quick look before the
/// thorough one.
pub(crate) fn may_end(text: &[u8], place: usize) -> bool {
    let vocabulary = &*VOCABULARY;
    let mut end = place;
    for _ in 0..4 {
        let floor = end.saturating_sub(6);
        loop {
            let byte = before(text, end);
            if is_alnum(byte) {
                break;
            }
            if end <= floor || ends_context(byte) {
                return false;
            }
            end -= 1;
        }
        let start = last_word(text, end);
        let word = part(text, start, end);
        if vocabulary.may_end_phrase(word) {
            return true;
        }
        if vocabulary.sketch(word) & GAP == 0 || !is_gap(&word.to_ascii_lowercase()) {
            return false;
        }
        end = start;
    }
    false
}

/// Where the last of the words begins that are written as one and end before a place: "Name" of "lastName".
fn last_word(text: &[u8], end: usize) -> usize {
    let front = part(text, end.saturating_sub(24), end);
    let mut kinds = 0;
    let mut length = 0;
    for &byte in front.iter().rev() {
        let kind = kind(byte) & (LOWER | UPPER | DIGIT);
        if kind == 0 {
            break;
        }
        kinds |= kind;
        length += 1;
    }
    let start = end - length;
    if kinds & UPPER == 0 {
        return start;
    }
    // The last place at which the case turns.
    let turn = (start + 1..end).rev().find(|&place| {
        let previous = before(text, place);
        at(text, place).is_ascii_uppercase()
            && (!previous.is_ascii_uppercase()
                || (place + 1 < end && at(text, place + 1).is_ascii_lowercase()))
    });
    turn.unwrap_or(start)
}

/// Whether words before this byte say nothing of what stands after it.
pub(crate) const fn ends_context(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b';' | b'|' | b')' | b']' | b'}' | b'{' | b'&' | b'\n' | b'<' | b'>' | b'?' | b'!'
    )
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

/// Fields of free text, in which anything can stand.
fn is_free_text(phrase: &str) -> bool {
    matches!(
        phrase,
        "message"
            | "msg"
            | "error"
            | "err"
            | "reason"
            | "description"
            | "title"
            | "label"
            | "path"
            | "file"
            | "file name"
            | "filename"
            | "subject line"
            | "last error"
            | "state"
            | "source"
            | "status"
            | "level"
            | "region"
            | "text type"
            | "thread"
            | "country"
            | "upstream"
            | "server"
            | "method"
            | "program"
            | "plan"
            | "payer"
            | "insurance company"
            | "insurance name"
            | "user id"
            | "userid"
            | "user agent"
            | "url path"
            | "remote url"
            | "request id"
    )
}

/// Words that say nothing of themselves after the name of a field: `ssn_value`, `email.new`.
fn is_filler(word: &[u8]) -> bool {
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
    )
}

/// Words between what is said and the value: "MRN of this patient is".
const GAPS: &[&[u8]] = &[
    b"is",
    b"was",
    b"are",
    b"of",
    b"to",
    b"at",
    b"on",
    b"for",
    b"the",
    b"a",
    b"no",
    b"number",
    b"num",
    b"nr",
    b"nbr",
    b"id",
    b"value",
    b"with",
    b"equals",
    b"as",
    b"from",
    b"has",
    b"had",
    b"new",
    b"old",
    b"be",
    b"been",
    b"by",
    b"in",
    b"code",
    b"my",
    b"your",
    b"his",
    b"her",
    b"their",
    b"via",
    b"patient",
    b"using",
    b"line",
    b"against",
    b"not",
    b"found",
    b"invalid",
    b"duplicate",
    b"failed",
    b"check",
    b"lookup",
    b"mismatch",
    b"verification",
    b"exists",
    b"already",
    b"search",
    b"ending",
    b"ends",
    b"file",
    b"independently",
    b"alone",
];

fn is_gap(word: &[u8]) -> bool {
    GAPS.contains(&word)
}

/// The meaning of the name of a field.
pub(crate) fn meaning_of(name: &[u8]) -> Option<&'static Meaning> {
    Words::of(name).meaning()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> Option<Class> {
        let meaning = meaning_of(name.as_bytes())?;
        meaning.classes.first().map(|(class, _)| *class)
    }

    #[test]
    fn a_name_means_the_same_however_it_is_written() {
        for name in [
            "patientLastName",
            "patient_last_name",
            "PATIENT-LAST-NAME",
            "patient.lastname",
            "patientlastname",
            "PatientLastName2",
            "Last Name",
            "old_last_name_value",
        ] {
            assert_eq!(class(name), Some(Class::Name), "{name}");
        }
        assert_eq!(class("customerDOB"), Some(Class::Date));
        assert_eq!(class("emails"), Some(Class::Email));
        assert_eq!(class("homeAddresses"), Some(Class::Geography));
    }

    #[test]
    fn names_of_things_are_no_identifiers() {
        for name in [
            "hostName",
            "service_name",
            "trace-id",
            "fileName",
            "user_agent",
        ] {
            assert!(
                meaning_of(name.as_bytes()).is_some_and(Meaning::is_nothing),
                "{name}"
            );
        }
        assert_eq!(meaning_of(b"retries_left"), None);
        assert_eq!(meaning_of(b""), None);
        assert_eq!(meaning_of(&[0xff; 300]), None);
    }

    #[test]
    fn words_before_a_value_reach_over_little_words() {
        let context = |text: &str| {
            let meaning = Words::of(text.as_bytes()).context()?;
            meaning.classes.first().map(|(class, _)| *class)
        };
        assert_eq!(context("the MRN is"), Some(Class::Mrn));
        assert_eq!(context("whose date of birth was"), Some(Class::Date));
        assert_eq!(context("retry number"), None);
    }

    #[test]
    fn the_table_has_no_line_that_is_not_understood() {
        for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            let &[phrase, class, strength] = parts.as_slice() else {
                panic!("{line}");
            };
            assert!(class == "none" || Class::parse(class).is_some(), "{line}");
            assert!(matches!(strength, "field" | "shape"), "{line}");
            assert!(
                !phrase.is_empty() && phrase.split(' ').count() <= MAX_PHRASE,
                "{line}"
            );
        }
    }
}
