//! JSON that is printed over several lines: what stands in other lines says what a value is.

use crate::bytes::{before, part, run_end, trimmed};
use crate::memory::Known;
use crate::text::{Text, code_of_type};
use crate::value::Value;
use crate::vocabulary::Meaning;

/// Deeper than this, what outer lines say is forgotten.
const DEPTH: usize = 32;

/// An object or array that a line before has opened.
#[derive(Debug, Default)]
struct Level {
    name: Vec<u8>,
    array: bool,
    /// What the name says of plain values in an array.
    meaning: Option<&'static Meaning>,
    /// What a member says of the value beside it.
    sibling: Option<&'static Meaning>,
}

/// What is open.
#[derive(Debug, Default)]
pub(crate) struct Pretty {
    levels: Vec<Level>,
}

impl Pretty {
    /// Whether no line before has opened anything.
    pub(crate) const fn is_none(&self) -> bool {
        self.levels.is_empty()
    }

    /// Takes a line for a part of what is open.
    pub(crate) fn line(&mut self, text: &mut Text<'_, '_>) {
        let line = text.text;
        let opens = matches!(line.trim_ascii_end().last(), Some(b'{' | b'['));
        if self.levels.is_empty() && !opens {
            return;
        }
        let start = run_end(line, 0, |byte| byte.is_ascii_whitespace());
        let ends = start;
        let start = run_end(line, ends, |byte| matches!(byte, b'}' | b']' | b',' | b' '));
        for byte in part(line, ends, start) {
            if matches!(byte, b'}' | b']') {
                self.close();
            }
        }
        if start >= line.len() {
            return;
        }
        let (key, after) = key(line, start);
        if opens {
            self.open(text, key, line.trim_ascii_end().ends_with(b"["));
            return;
        }
        if !matches!(
            line.get(start),
            Some(b'"' | b'{' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n')
        ) {
            self.levels.clear();
            return;
        }
        let (from, to) = trimmed(line, after, line.len());
        self.value(text, key, (from, to));
    }

    /// Adds a value by what other lines say of it.
    fn value(
        &mut self,
        text: &mut Text<'_, '_>,
        key: Option<(usize, usize)>,
        span: (usize, usize),
    ) {
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        let value = Value {
            text: text.text,
            start: span.0,
            end: span.1,
            bounded: true,
        };
        let Some((start, end)) = key else {
            if let Some(meaning) = level.meaning.filter(|_| level.array) {
                text.take(meaning, value);
            }
            return;
        };
        let name = part(text.text, start, end);
        let known = text.desk.memory.known(&level.name, name, false);
        if known.hint {
            let said = part(text.text, span.0, span.1);
            if let Some(meaning) = hinted(text, said) {
                level.sibling = Some(meaning);
            }
        }
        let Known {
            meaning, of_value, ..
        } = known;
        let beside = level.sibling.filter(|_| of_value);
        let meaning = beside.or(meaning).filter(|meaning| !meaning.is_nothing());
        if let Some(meaning) = meaning {
            text.take(meaning, value);
        }
    }

    fn open(&mut self, text: &mut Text<'_, '_>, key: Option<(usize, usize)>, array: bool) {
        if self.levels.len() >= DEPTH {
            self.levels.clear();
        }
        let outer = self.levels.last();
        let name = match key {
            Some((start, end)) => part(text.text, start, end).to_vec(),
            // An object in an array is of the name of the array.
            None => outer.map(|outer| outer.name.clone()).unwrap_or_default(),
        };
        let parent = outer.map(|outer| outer.name.as_slice()).unwrap_or_default();
        let meaning = text.desk.memory.known(parent, &name, false).meaning;
        self.levels.push(Level {
            name,
            array,
            meaning: meaning.filter(|meaning| !meaning.is_nothing()),
            sibling: None,
        });
    }

    /// Closes what was opened last. What the parts of a type or code say, they say of what is around it.
    fn close(&mut self) {
        let Some(closed) = self.levels.pop() else {
            return;
        };
        let carries = closed.array
            || [b"type".as_slice(), b"code", b"coding", b"system"]
                .contains(&closed.name.as_slice());
        if let Some(outer) = self.levels.last_mut()
            && carries
            && outer.sibling.is_none()
        {
            outer.sibling = closed.sibling;
        }
    }
}

/// The name in quotes with which a line begins, and where what follows its colon begins.
fn key(line: &[u8], start: usize) -> (Option<(usize, usize)>, usize) {
    let end = run_end(line, start + 1, |byte| byte != b'"');
    let colon = run_end(line, end + 1, |byte| byte == b' ');
    if line.get(start) == Some(&b'"')
        && line.get(colon) == Some(&b':')
        && before(line, end) != b'\\'
    {
        (Some((start + 1, end)), colon + 1)
    } else {
        (None, start)
    }
}

/// What the value of a member says of the one beside it.
fn hinted(text: &mut Text<'_, '_>, said: &[u8]) -> Option<&'static Meaning> {
    if said.len() > 64 {
        return None;
    }
    let last = match memchr::memrchr(b'/', said) {
        Some(slash) if said.starts_with(b"http") => part(said, slash + 1, said.len()),
        _ => said,
    };
    code_of_type(said)
        .or_else(|| text.desk.memory.known(b"", last, false).meaning)
        .filter(|meaning| !meaning.is_nothing())
}
