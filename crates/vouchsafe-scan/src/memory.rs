//! What names of fields mean, remembered: a log says the same names in each line.

use crate::bytes::{part, sketch};
use crate::digits;
use crate::text::{is_hint, is_of_value};
use crate::vocabulary::{Meaning, Words, may_end, may_mean};

/// How many names are remembered, two in each set.
const SLOTS: usize = 2048;
/// Longer names are worked out each time.
const LONGEST: usize = 64;

/// What is known of the name of a field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) meaning: Option<&'static Meaning>,
    /// The value says what the field beside it holds.
    pub(crate) hint: bool,
    /// The field beside it says what the value is.
    pub(crate) of_value: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Name of the outer field, then of the field.
    text: [u8; LONGEST],
    parent: u8,
    /// [`u8::MAX`] when there is none.
    length: u8,
    sentence: bool,
    known: Known,
    /// Whether it could be another with other digits in the names.
    reads_digits: bool,
}

/// The meanings of the names that were last seen.
#[derive(Debug)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
}

impl Default for Memory {
    fn default() -> Self {
        let empty = Slot {
            text: [0; LONGEST],
            parent: 0,
            length: u8::MAX,
            sentence: false,
            known: Known::default(),
            reads_digits: false,
        };
        Self {
            slots: vec![empty; SLOTS],
        }
    }
}

impl Memory {
    /// What the name of a field means within an outer one.
    pub(crate) fn known(&mut self, parent: &[u8], name: &[u8], sentence: bool) -> Known {
        let first = place(parent, name, sentence) & !1;
        let Some([newer, older]) = self.slots.get_mut(first..first + 2) else {
            return Known::default();
        };
        let is_newer = newer.is(parent, name, sentence);
        if is_newer || older.is(parent, name, sentence) {
            if !is_newer {
                std::mem::swap(newer, older);
            }
            if newer.reads_digits {
                digits::read();
            }
            return newer.known;
        }
        // Most sentences before a colon say nothing, and each says it in other words.
        if sentence && parent.is_empty() && !may_end(name, name.len()) {
            return Known {
                meaning: None,
                hint: is_hint(name),
                of_value: is_of_value(name),
            };
        }
        let (known, reads_digits) = digits::watch(|| work_out(parent, name, sentence));
        if reads_digits {
            digits::read();
        }
        if parent.len() + name.len() <= LONGEST {
            *older = *newer;
            newer.put(parent, name, sentence, known);
            newer.reads_digits = reads_digits;
        }
        known
    }
}

impl Slot {
    #[inline]
    fn is(&self, parent: &[u8], name: &[u8], sentence: bool) -> bool {
        let middle = parent.len();
        let length = middle + name.len();
        usize::from(self.length) == length
            && usize::from(self.parent) == middle
            && self.sentence == sentence
            && part(&self.text, middle, length) == name
            && (middle == 0 || part(&self.text, 0, middle) == parent)
    }

    fn put(&mut self, parent: &[u8], name: &[u8], sentence: bool, known: Known) {
        for (place, byte) in self.text.iter_mut().zip(parent.iter().chain(name)) {
            *place = *byte;
        }
        let length = |text: &[u8]| u8::try_from(text.len()).unwrap_or(u8::MAX);
        self.length = length(parent).saturating_add(length(name));
        self.parent = length(parent);
        self.sentence = sentence;
        self.known = known;
    }
}

/// The slot of a name.
#[inline]
fn place(parent: &[u8], name: &[u8], sentence: bool) -> usize {
    let mut sum = sketch(name) ^ u64::from(sentence) << 3;
    if !parent.is_empty() {
        sum ^= sketch(parent).rotate_left(7);
    }
    usize::try_from(sum % SLOTS as u64).unwrap_or(0)
}

fn work_out(parent: &[u8], name: &[u8], sentence: bool) -> Known {
    Known {
        meaning: meaning(parent, name, sentence),
        hint: is_hint(name),
        of_value: is_of_value(name),
    }
}

fn meaning(parent: &[u8], name: &[u8], sentence: bool) -> Option<&'static Meaning> {
    // {"born":{"$date":"…"}}: the outer name says what it is.
    if !sentence
        && matches!(
            name,
            b"$date" | b"$numberLong" | b"$numberInt" | b"S" | b"N" | b"#text" | b"_text" | b"$"
        )
    {
        return Words::of(parent).meaning();
    }
    if !sentence && !may_mean(name) {
        return None;
    }
    let words = Words::of(name);
    let own = if sentence {
        words.context()
    } else {
        words.meaning()
    };
    if parent.is_empty() || own.is_some_and(|own| own.words() > 1) {
        return own;
    }
    let mut path = Words::of(parent);
    path.add(name);
    match (own, path.meaning()) {
        (Some(own), Some(outer)) if outer.words() <= own.words() => Some(own),
        (own, outer) => outer.or(own),
    }
}
