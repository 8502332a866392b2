//! What names of fields mean, remembered: a log says the same names in each line.

use crate::bytes::part;
use crate::text::{is_hint, is_of_value};
use crate::vocabulary::{Meaning, Words};

/// How many names are remembered.
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
    parent: usize,
    length: usize,
    sentence: bool,
    known: Known,
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
            length: usize::MAX,
            sentence: false,
            known: Known::default(),
        };
        Self {
            slots: vec![empty; SLOTS],
        }
    }
}

impl Memory {
    /// What the name of a field means within an outer one.
    pub(crate) fn known(&mut self, parent: &[u8], name: &[u8], sentence: bool) -> Known {
        let length = parent.len() + name.len();
        let place = place(parent, name);
        let (true, Some(slot)) = (length <= LONGEST, self.slots.get_mut(place)) else {
            return work_out(parent, name, sentence);
        };
        if slot.length != length
            || slot.parent != parent.len()
            || slot.sentence != sentence
            || part(&slot.text, parent.len(), length) != name
            || part(&slot.text, 0, parent.len()) != parent
        {
            let (first, second) = slot.text.split_at_mut(parent.len());
            first.copy_from_slice(parent);
            for (place, byte) in second.iter_mut().zip(name) {
                *place = *byte;
            }
            slot.length = length;
            slot.parent = parent.len();
            slot.sentence = sentence;
            slot.known = work_out(parent, name, sentence);
        }
        slot.known
    }
}

/// The slot of a name.
#[inline]
fn place(parent: &[u8], name: &[u8]) -> usize {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let sum = ends(name)
        .wrapping_mul(FACTOR)
        .rotate_left(23)
        .wrapping_add(ends(parent))
        .wrapping_mul(FACTOR);
    usize::try_from(sum >> 40).unwrap_or(0) % SLOTS
}

/// The first and the last bytes of a text, and its length, in one number.
#[inline]
fn ends(text: &[u8]) -> u64 {
    let length = text.len() as u64;
    let both = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last)
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
    } else {
        text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    both ^ length << 56
}

fn work_out(parent: &[u8], name: &[u8], sentence: bool) -> Known {
    Known {
        meaning: meaning(parent, name, sentence),
        hint: is_hint(name),
        of_value: is_of_value(name),
    }
}

fn meaning(parent: &[u8], name: &[u8], sentence: bool) -> Option<&'static Meaning> {
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
