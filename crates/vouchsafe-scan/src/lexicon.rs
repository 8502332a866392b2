//! Dictionaries of names, and of words that are no names.

use std::borrow::Borrow;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::LazyLock;

use crate::bytes::{ends, part};

static GIVEN: &str = include_str!("../data/given-names.txt");
static SURNAMES: &str = include_str!("../data/surnames.txt");
static WORDS: &str = include_str!("../data/words.txt");
static TERMS: &str = include_str!("../data/terms.txt");

/// Given names that are first of all English words or terms of the trade: no sign of a person by themselves.
const WORDS_FIRST: &str = "will grant mark page case chase drew may june april august summer autumn art pat rich ray max \
    gene guy hunter cash chance sky star hope faith grace joy dawn eve iris ivy ruby crystal jade amber pearl rusty \
    dusty buddy skip van major general king prince duke earl baron royal price young long root host ace angel jordan \
    austin dallas houston jackson lincoln madison paris london sydney virginia carolina georgia florida kent chester \
    israel china india america asia java jenkins jasper julia ada kafka cassandra delta alpha sierra mercedes \
    forest river rocky cliff dale glen heath lane reed stone wade brook brooks rain storm colt ford porter parker \
    carter tanner cooper mason baker sage saint messiah legend bishop judge justice noble true ever do an in my so son \
    sun le la de al ali ben unknown infant baby male female queen princess marquis harmony melody journey genesis \
    trinity serenity destiny essence sincere precious miracle heaven unique treasure desire karma promise general echo \
    nova phoenix atlas titan scout maverick ranger blaze ember wren sparrow raven robin jay lark dove bud chip rod rob \
    bob don dean dell dock trace talon archer fisher gunner sawyer smith cook miller turner walker foster marshal \
    constant cadence lyric aria viola page reign ridge canyon meadow lake ocean bay clay coral flint garnet jet opal \
    sterling diamond emerald sapphire early loyal lucky merry misty stormy sunny sunshine windy winter spring west \
    north east south sandy candy ginger honey cherry berry olive rose lily daisy violet heather holly laurel basil \
    fern clover magnolia juniper willow ash aspen linden acacia sequoia oak master mister miss sir lord lady count \
    memphis orlando milan dakota savannah brooklyn florence siena verona valencia adelaide victoria regina lourdes \
    chelsea camden lexington raleigh trenton houston denver aurora salem bristol cambridge oxford windsor kingston \
    sum min max key hash link node port type data line print open close start stop run go exit error info debug warn";

/// Surnames that are also common words, and still surnames after a given name.
const COMMON_SURNAMES: &str = "smith brown white black green gray grey king young hill baker cook carter parker cooper \
    turner walker miller taylor clark wood woods bell long price ward fox stone hunter mason fisher butler barber \
    bishop rose rice hunt day may love little small sharp swift wise rich flowers banks brooks rivers fields west \
    north east church marsh lane reed hart weaver porter potter tucker shepherd sawyer chambers castle page knight \
    noble pope abbott dean head hall house holmes barnes powers waters winters summers frost snow rain poole pool \
    wall walls bush bird crane drake finch hawk martin swan wolf lamb bull hogg steel gold silver diamond glass \
    coleman freeman newman goodman chapman wagner kelly bean pepper sugar field cross bridges rhodes street park \
    parks garner gardner farmer mercer spencer sexton marshall major sergeant berry cherry peach moss ivy reese ford \
    shaw law laws bond cash pound penny nichols judge justice best good moody savage hardy bright early friend guy \
    mann man cox pike pace hood ball cotton singer player archer bowman booker carpenter cooke crews daily dailey \
    daniels burns wells mills meadows lake lakes pond poland england ireland french german english irish welsh \
    buck camp cannon case chance chase coe combs craft creek crow curry curtain dale darling dolan doll dove downs \
    duke dyer eagle flood floyd ford foster fry furlong grant graves grove gunn harper haven hayes heard herring \
    hicks holder holland horn hub huff joiner jolly joy key keys kidd kirk lance lark law locke love mack marks mayer \
    mays mccoy merry minor monday moon noon oakes odom orange overton pack paine palm penn pitt post pride prince \
    pruitt quick rank rich riddle ring roman rowe royal rush salmon sands self short skinner sparks speed spring \
    stall starr stern stout strange strong summer tall tanner temple tower trout tyler vance vest vines viola wade \
    walls ware wayne webb weeks whale wilder wiley wilkes winn winter witt wooten worth wright yates york";

const GIVEN_NAME: u8 = 1;
const SURNAME: u8 = 2;
const WORD: u8 = 4;
const TERM: u8 = 8;
const WORD_FIRST: u8 = 16;
const COMMON_SURNAME: u8 = 32;

/// The dictionaries, and what their words are.
static TEXTS: [(&str, u8); 6] = [
    (SURNAMES, SURNAME),
    (GIVEN, GIVEN_NAME),
    (WORDS, WORD),
    (TERMS, TERM),
    (WORDS_FIRST, WORD_FIRST),
    (COMMON_SURNAMES, COMMON_SURNAME),
];

/// A word by its place in one of them: half the size of a reference, and there are 200 000 of them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where it begins; the number of the dictionary is in the three highest bits.
    place: u32,
    length: u8,
}

impl Entry {
    const SHIFT: u32 = 29;

    /// A word of that dictionary, which begins at a place.
    fn new(text: usize, place: usize, length: usize) -> Option<Self> {
        let text = u32::try_from(text).ok()?;
        Some(Self {
            place: text << Self::SHIFT | u32::try_from(place).ok()?,
            length: u8::try_from(length).ok()?,
        })
    }

    fn word(&self) -> &'static [u8] {
        let (text, place) = (
            self.place >> Self::SHIFT,
            self.place & ((1 << Self::SHIFT) - 1),
        );
        let text = TEXTS.get(text as usize).map_or("", |(text, _)| text);
        let place = place as usize;
        part(text.as_bytes(), place, place + usize::from(self.length))
    }
}

impl Borrow<[u8]> for Entry {
    fn borrow(&self) -> &[u8] {
        self.word()
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.word().hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.word() == other.word()
    }
}

impl Eq for Entry {}

/// All dictionaries in one table, read once: what each word is, as bits.
static LEXICON: LazyLock<HashMap<Entry, u8, BuildHasherDefault<Fast>>> = LazyLock::new(|| {
    let mut lexicon = HashMap::default();
    lexicon.reserve(210_000);
    for (number, (text, bit)) in TEXTS.iter().enumerate() {
        let mut place = 0;
        for word in text.split(|character: char| character.is_ascii_whitespace()) {
            let entry = Entry::new(number, place, word.len());
            if let Some(entry) = entry.filter(|_| !word.is_empty()) {
                *lexicon.entry(entry).or_default() |= bit;
            }
            place += word.len() + 1;
        }
    }
    lexicon
});

/// A hash for a table that no input changes: quick, and with nothing to flood.
#[derive(Default)]
pub(crate) struct Fast(u64);

impl Fast {
    #[inline]
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fast {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((eight, further)) = rest.split_first_chunk() {
            self.add(u64::from_le_bytes(*eight));
            rest = further;
        }
        if !rest.is_empty() {
            self.add(rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// What dictionaries say of a word.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Said {
    /// A given name.
    pub(crate) given: bool,
    /// A given name that is no ordinary word.
    pub(crate) clearly_given: bool,
    /// A surname.
    pub(crate) surname: bool,
    /// An English word.
    pub(crate) word: bool,
    /// A term of the trade, which is no name wherever it stands.
    pub(crate) term: bool,
    /// A surname that stays one although it is a word.
    pub(crate) common_surname: bool,
}

impl Said {
    /// What is said of a word that is in no dictionary.
    const NONE: Self = Self {
        given: false,
        clearly_given: false,
        surname: false,
        word: false,
        term: false,
        common_surname: false,
    };

    /// No dictionary knows it.
    pub(crate) const fn unknown(self) -> bool {
        !self.given && !self.surname && !self.word && !self.term
    }

    /// A name, and no ordinary word.
    pub(crate) const fn name_only(self) -> bool {
        (self.clearly_given || (self.surname && !self.word)) && !self.term
    }
}

/// What the dictionaries say of a word, whatever its case. Words of more than 32 bytes are in none.
pub(crate) fn said(word: &[u8]) -> Said {
    let Some(key) = Key::of(word) else {
        return looked_up(word);
    };
    // A log says the same words in each line, and a look into the dictionaries leaves the processor's cache.
    REMEMBERED.with(|remembered| {
        let place = usize::try_from(key.hash() % SLOTS as u64).unwrap_or(0);
        let Some(slot) = remembered.get(place) else {
            return looked_up(word);
        };
        let (known, said) = slot.get();
        if known == key {
            return said;
        }
        let said = looked_up(word);
        slot.set((key, said));
        said
    })
}

/// How many words are remembered.
const SLOTS: usize = 1024;

thread_local! {
    /// What was said of the words that were last asked for.
    static REMEMBERED: [Cell<(Key, Said)>; SLOTS] =
        const { [const { Cell::new((Key::NONE, Said::NONE)) }; SLOTS] };
}

/// A word of at most 16 bytes in lower case: its first and its last eight, which are all, and its length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    first: u64,
    last: u64,
    length: usize,
}

impl Key {
    /// The key of no word.
    const NONE: Self = Self {
        first: 0,
        last: 0,
        length: usize::MAX,
    };

    #[inline]
    fn of(word: &[u8]) -> Option<Self> {
        let (first, last) = ends(word);
        (word.len() <= 16).then(|| Self {
            first: in_lower_case(first),
            last: in_lower_case(last),
            length: word.len(),
        })
    }

    #[inline]
    const fn hash(self) -> u64 {
        let sum = (self.first ^ self.last.rotate_left(29)).wrapping_mul(0x517c_c1b7_2722_0a95);
        sum >> 40
    }
}

/// Eight letters at once in lower case.
#[inline]
const fn in_lower_case(letters: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = letters & (0x7f * EACH);
    let from_a = low + (0x80 - b'A' as u64) * EACH;
    let beyond_z = low + (0x7f - b'Z' as u64) * EACH;
    let upper = from_a & !beyond_z & !letters & (0x80 * EACH);
    letters | upper >> 2
}

fn looked_up(word: &[u8]) -> Said {
    let mut lower = [0_u8; 32];
    let Some(place) = lower.get_mut(..word.len()) else {
        return Said::NONE;
    };
    place.copy_from_slice(word);
    place.make_ascii_lowercase();
    let word = &*place;
    let bits = LEXICON.get(word).copied().unwrap_or_default();
    let is = |bit| bits & bit != 0;
    Said {
        given: is(GIVEN_NAME),
        clearly_given: is(GIVEN_NAME) && !is(TERM) && !is(WORD_FIRST),
        surname: is(SURNAME),
        word: is(WORD) || is_inflected(word),
        term: is(TERM),
        common_surname: is(COMMON_SURNAME),
    }
}

/// Whether a word is an inflection of one in the list.
fn is_inflected(word: &[u8]) -> bool {
    // All of the endings below end so.
    if !matches!(word, [.., b's' | b'd' | b'g' | b'y' | b'r']) {
        return false;
    }
    let is_word = |base: &[u8]| {
        LEXICON
            .get(base)
            .is_some_and(|bits| bits & (WORD | TERM) != 0)
    };
    let rules = [
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("ly", ""),
        ("er", ""),
        ("er", "e"),
    ];
    rules.iter().any(|(ending, instead)| {
        let base = word.strip_suffix(ending.as_bytes());
        base.filter(|base| base.len() > 2)
            .is_some_and(|base| match *instead {
                "" => is_word(base),
                instead => is_word(&[base, instead.as_bytes()].concat()),
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_words_and_unknown_words_are_told_apart() {
        assert!(said(b"Jennifer").clearly_given && said(b"JENNIFER").clearly_given);
        assert!(said(b"Nguyen").surname && said(b"Nguyen").name_only());
        assert!(said(b"Grant").given && !said(b"Grant").clearly_given);
        assert!(said(b"Connections").word && said(b"Retrying").word);
        assert!(said(b"Oyelaranzz").unknown());
        // The same again, from memory; and words that differ only in the middle or in their length.
        assert!(said(b"jennifer").clearly_given && !said(b"jenxifer").clearly_given);
        assert!(said(b"Ann").given && said(b"Ann\0") == Said::NONE && said(b"\0Ann") == Said::NONE);
        assert!(said(&[0xff; 8]) == Said::default() && said(&[b'a'; 99]) == Said::default());
    }
}
