//! What names of fields mean, remembered: a log says the same names in each line.

use std::hash::Hasher as _;

use crate::lexicon::Fast;
use crate::vocabulary::{Meaning, Words};

/// How many names are remembered.
const SLOTS: usize = 2048;
/// Longer names are worked out each time.
const LONGEST: usize = 96;

#[derive(Debug, Default)]
struct Slot {
    /// Name of the outer field, and of the field.
    parent: Vec<u8>,
    name: Vec<u8>,
    sentence: bool,
    meaning: Option<&'static Meaning>,
}

/// The meanings of the names that were last seen.
#[derive(Debug)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
}

impl Default for Memory {
    fn default() -> Self {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Self { slots }
    }
}

impl Memory {
    /// What the name of a field means within an outer one.
    pub(crate) fn meaning(
        &mut self,
        parent: &[u8],
        name: &[u8],
        sentence: bool,
    ) -> Option<&'static Meaning> {
        if parent.len() + name.len() > LONGEST {
            return work_out(parent, name, sentence);
        }
        let mut hash = Fast::default();
        hash.write(parent);
        hash.write_u8(u8::from(sentence));
        hash.write(name);
        let place = usize::try_from(hash.finish()).unwrap_or(0) % SLOTS;
        let slot = self.slots.get_mut(place)?;
        if slot.name != name || slot.parent != parent || slot.sentence != sentence {
            slot.parent.clear();
            slot.parent.extend_from_slice(parent);
            slot.name.clear();
            slot.name.extend_from_slice(name);
            slot.sentence = sentence;
            slot.meaning = work_out(parent, name, sentence);
        }
        slot.meaning
    }
}

fn work_out(parent: &[u8], name: &[u8], sentence: bool) -> Option<&'static Meaning> {
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
