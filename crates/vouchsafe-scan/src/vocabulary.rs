//! What the name of a field, or the words before a value, say of the value.
//!
//! `patientLastName`, `patient_last_name`, `patient.last-name` and "patient last name" are the same words; the last of
//! them that are in the table `data/fields.tsv` give the meaning.

mod ending;
mod numbered;
mod short;
mod words;

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::bytes::sketch_of_any_case;
use crate::class::Class;
use crate::lexicon::Fast;
use crate::vocabulary::ending::{GAPS, is_gap};
pub(crate) use crate::vocabulary::ending::{ends_context, may_end, may_mean};
use crate::vocabulary::numbered::Numbered;
pub(crate) use crate::vocabulary::words::Words;

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
    /// Names of things stand in such a field, which may be those of people.
    pub(crate) is_of_things: bool,
}

impl Meaning {
    /// What a word within a name says.
    pub(crate) fn of_root(phrase: &'static str, class: Class, strength: Strength) -> Self {
        Self {
            phrase,
            classes: vec![(class, strength)],
            is_value: false,
            is_free_text: false,
            is_of_things: false,
        }
    }

    /// Whether it says that the value is no identifier.
    pub(crate) const fn is_nothing(&self) -> bool {
        self.classes.is_empty()
    }

    /// Whether it says, without a doubt, that the value is a number or code of a person or of a thing of theirs.
    fn is_of_code(&self) -> bool {
        matches!(
            self.classes.first(),
            Some((
                Class::Biometric
                    | Class::Device
                    | Class::Vehicle
                    | Class::License
                    | Class::HealthPlan
                    | Class::Mrn
                    | Class::Account,
                Strength::Field
            ))
        )
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
    numbered: Numbered,
    /// Which sketches the endings, the little words and the phrases have: a quick look before the thorough one.
    sketches: Vec<u8>,
    gaps: HashSet<&'static [u8], BuildHasherDefault<Fast>>,
}

/// How many sketches are told apart.
const SKETCHES: usize = 1 << 15;
const ENDING: u8 = 1;
const GAP: u8 = 2;
const PHRASE: u8 = 4;

impl Vocabulary {
    /// Makes the sketches.
    fn sketch_all(&mut self) {
        let endings = self.endings.iter().map(|word| (*word, ENDING));
        let gaps = GAPS.iter().map(|word| (*word, GAP));
        let phrases = self.phrases.keys().map(|words| (*words, PHRASE));
        let joined = self.joined.keys().map(|word| (*word, PHRASE));
        for (word, bit) in endings.chain(gaps).chain(phrases).chain(joined) {
            let place = usize::try_from(sketch_of_any_case(word)).unwrap_or(0) % SKETCHES;
            if let Some(bits) = self.sketches.get_mut(place) {
                *bits |= bit;
            }
        }
    }

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

    /// Whether a word of any case, which can be this by its sketch, can end a phrase.
    fn may_end_phrase(&self, last: &[u8], bits: u8) -> bool {
        let may_stem = || {
            let may = |word: &[u8]| self.sketch(word) & ENDING != 0;
            let stem = stem(last);
            may(stem) || stem.split_last().is_some_and(|(_, one)| may(one))
        };
        let varies = matches!(last, [.., b's' | b'S' | b'0'..=b'9']);
        (bits & ENDING != 0 || varies && may_stem())
            && in_lower_case(last, |last| self.ends_phrase(last))
    }

    /// Whether a word of any case, which can be this by its sketch, is one of those between what is said and the value.
    fn is_gap_of_any_case(&self, word: &[u8], bits: u8) -> bool {
        bits & GAP != 0 && in_lower_case(word, |word| self.gaps.contains(word))
    }
}

/// Longer words are in no phrase.
const LONGEST: usize = 32;

/// What is said of a word in lower case; nothing of long ones.
fn in_lower_case(word: &[u8], is: impl Fn(&[u8]) -> bool) -> bool {
    let mut lower = [0; LONGEST];
    lower.get_mut(..word.len()).is_some_and(|lower| {
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        is(lower)
    })
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

/// The lines of the table.
fn meanings() -> Vec<Meaning> {
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
                is_of_things: is_of_things(phrase),
            });
            meanings.len() - 1
        });
        if let (Some(class), Some(meaning)) = (Class::parse(class), meanings.get_mut(place)) {
            meaning.classes.push((class, strength));
        }
    }
    meanings
}

fn read() -> Vocabulary {
    // Read once and kept for as long as the program runs.
    let meanings: &'static [Meaning] = Vec::leak(meanings());
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
    // What the table says itself goes before what an abbreviation of it would say.
    for meaning in meanings {
        for phrase in short::of(meaning.phrase) {
            let phrase: &'static str = String::leak(phrase);
            phrases.entry(phrase.as_bytes()).or_insert(meaning);
            if let Some(last) = phrase.rsplit(' ').next() {
                endings.insert(last.as_bytes());
            }
        }
    }
    let numbered = Numbered::of(phrases.keys().copied(), joined.keys().copied());
    let mut vocabulary = Vocabulary {
        phrases,
        joined,
        numbered,
        endings,
        sketches: vec![0; SKETCHES],
        gaps: GAPS.iter().copied().collect(),
    };
    vocabulary.sketch_all();
    vocabulary
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

/// Fields of things, which are named after people.
fn is_of_things(phrase: &str) -> bool {
    let last = phrase.rsplit(' ').next().unwrap_or_default();
    matches!(
        last,
        "brand"
            | "manufacturer"
            | "labeler"
            | "vendor"
            | "product"
            | "labelername"
            | "proprietaryname"
            | "products"
            | "brands"
            | "vendors"
            | "models"
            | "styles"
            | "colors"
            | "colours"
            | "fonts"
            | "themes"
            | "skus"
            | "collections"
            | "cultivars"
            | "hurricanes"
            | "storms"
            | "codename"
            | "codenames"
    ) || matches!(
        phrase,
        "brand name" | "labeler name" | "drug name" | "trade name" | "generic name"
    )
}

/// The meaning of the name of a field.
pub(crate) fn meaning_of(name: &[u8]) -> Option<&'static Meaning> {
    Words::of(name).meaning()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::words::MAX_PHRASE;

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
