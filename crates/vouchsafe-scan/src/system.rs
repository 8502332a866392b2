//! Identifiers behind their systems: `identifier=http://hospital.example.org/mrn|4711`, as FHIR searches for them.

use crate::bytes::{BAR, at, part, run_within};
use crate::memory::Memory;
use crate::text::{Text, code_of_type};
use crate::value::Value;
use crate::vocabulary::{Meaning, meaning_of};

/// The name of a system is no longer than this.
const REACH: usize = 160;

impl Text<'_, '_> {
    /// Adds the values behind systems.
    pub(crate) fn systems(&mut self) {
        if self.marks & BAR == 0 {
            return;
        }
        let text = self.text;
        for bar in memchr::memchr_iter(b'|', text) {
            let floor = bar.saturating_sub(REACH);
            let front = part(text, floor, bar);
            let start = front
                .iter()
                .rposition(|byte| !is_of_system(*byte))
                .map_or(floor, |place| floor + place + 1);
            let system = part(text, start, bar);
            if !is_system(system) {
                continue;
            }
            let end = run_within(text, bar + 1, bar + 65, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
            });
            if let Some(meaning) = self.meaning_of_system(start, system) {
                let value = Value {
                    text,
                    start: bar + 1,
                    end,
                    bounded: true,
                };
                self.take(meaning, value);
            }
        }
    }

    /// What a system says of the values behind it, or the words before it.
    fn meaning_of_system(&mut self, start: usize, system: &[u8]) -> Option<&'static Meaning> {
        let said = said_by_system(&mut self.desk.memory, system);
        if said.is_some() {
            return said;
        }
        let front = part(self.text, start.saturating_sub(64), start);
        let front = front
            .strip_suffix(b"=")
            .or_else(|| front.strip_suffix(b" "))
            .unwrap_or(front);
        if !front.ends_with(b"identifier") {
            return None;
        }
        let patient = memchr::memmem::find(front, b"Patient").is_some();
        meaning_of(if patient {
            b"patient id"
        } else {
            b"identifier"
        })
    }
}

/// What a system, a type or the name of a field says of the value beside it.
pub(crate) fn said_by_system(memory: &mut Memory, said: &[u8]) -> Option<&'static Meaning> {
    code_of_type(said)
        .or_else(|| memory.known(b"", last_segment(said), false).meaning)
        .filter(|meaning| !meaning.is_nothing())
}

/// The last segment of a URL or URN, which says what it is the system of; all of any other text.
pub(crate) fn last_segment(said: &[u8]) -> &[u8] {
    if !is_system(said) {
        return said;
    }
    said.rsplit(|byte| matches!(byte, b'/' | b':'))
        .next()
        .unwrap_or_default()
}

/// Whether a value holds its system: `https://lakeside.org/mrn|4711`, also percent-encoded.
pub(crate) fn holds_system(value: &[u8]) -> bool {
    let find = |mark: &[u8]| memchr::memmem::find(value, mark);
    let Some(bar) = find(b"|").or_else(|| find(b"%7C")).or_else(|| find(b"%7c")) else {
        return false;
    };
    let system = part(value, 0, bar);
    is_system(system) || memchr::memmem::find(system, b"%3A").is_some()
}

fn is_system(text: &[u8]) -> bool {
    text.starts_with(b"urn:")
        || memchr::memmem::find(text, b"://").is_some_and(|place| place > 0 && at(text, 0) == b'h')
}

const fn is_of_system(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'_' | b'%' | b'#')
}
