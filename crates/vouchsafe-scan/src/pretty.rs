//! JSON that is printed over several lines: what stands in other lines says what a value is.

mod tokens;

use crate::bytes::part;
use crate::frame::says_of_outer;
use crate::memory::Known;
use crate::pretty::tokens::{Token, tokens};
use crate::system::said_by_system;
use crate::text::Text;
use crate::value::Value;
use crate::vocabulary::Meaning;

/// Deeper than this, what outer lines say is forgotten.
const DEPTH: usize = 32;

/// A longer name means nothing, and is not kept.
const LONGEST: usize = 64;

/// A longer value says nothing of the one beside it.
const HINT: usize = 64;

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
        let line = text.text.trim_ascii_end();
        let opens = matches!(line.last(), Some(b'{' | b'['));
        if self.levels.is_empty() && !opens {
            return;
        }
        if let Some(tokens) = tokens(line) {
            return self.read(text, &tokens);
        }
        // Words of a log: whatever was open is over, and the line may open something else.
        self.levels.clear();
        if opens {
            self.open(text, None, line.ends_with(b"["));
        }
    }

    /// Goes through the tokens of a line.
    fn read(&mut self, text: &mut Text<'_, '_>, tokens: &[Token]) {
        let mut key = None;
        for token in tokens {
            match *token {
                Token::Open { array } => self.open(text, key.take(), array),
                Token::Close => {
                    key = None;
                    self.close();
                }
                Token::Key(start, end) => key = Some((start, end)),
                Token::Scalar(start, end) => self.value(text, key.take(), (start, end)),
            }
        }
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
        if known.hint && span.1 - span.0 <= HINT {
            let said = part(text.text, span.0, span.1);
            if let Some(meaning) = said_by_system(&mut text.desk.memory, said) {
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
            Some((start, end)) if end - start <= LONGEST => part(text.text, start, end).to_vec(),
            Some(_) => Vec::new(),
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
        if let Some(outer) = self.levels.last_mut()
            && (closed.array || says_of_outer(&closed.name))
            && outer.sibling.is_none()
        {
            outer.sibling = closed.sibling;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Classes, Detector};
    use crate::finding::Finding;
    use crate::text::Desk;

    /// The lines of a document, with what was found left out.
    fn shown(document: &str) -> Vec<String> {
        let detector = Detector::new();
        let mut scanner = detector.scanner();
        let show = |line: &str| {
            let mut found: Vec<Finding> = Vec::new();
            scanner.line(line.as_bytes(), &mut found);
            let mut shown = line.to_owned();
            for finding in found.iter().rev() {
                shown.replace_range(finding.span.clone(), "_");
            }
            shown
        };
        document.lines().map(show).collect()
    }

    #[test]
    fn a_value_ends_where_its_quotes_do() {
        for (document, expected) in [
            (
                "\"patient\": {\n\"name\": { \"family\": \"Qorvanth\", \"active\": true },\n}",
                "\"name\": { \"family\": \"_\", \"active\": true },",
            ),
            (
                "\"identifier\": [\n{ \"system\": \"http://hl7.org/fhir/sid/us-ssn\", \"value\": \"666121234\", \"use\": \"official\" }",
                "{ \"system\": \"http://hl7.org/fhir/sid/us-ssn\", \"value\": \"_\", \"use\": \"official\" }",
            ),
            ("\"family\": [\n\"Qorvanth\", \"Ylleem\"", "\"_\", \"_\""),
        ] {
            assert_eq!(shown(document)[1], expected);
        }
    }

    #[test]
    fn a_line_closes_what_it_closes() {
        let document = "{\n\"identifier\": [\n{\n\"type\": \"SSN\",\n\"value\": \"666121234\" } ],\n\"value\": \"777121234\"\n}";
        let lines = shown(document);
        assert_eq!(lines[4], "\"value\": \"_\" } ],");
        assert_eq!(lines[5], "\"value\": \"777121234\"");
    }

    /// How many objects and arrays are open after lines.
    fn depth(lines: &[&str]) -> usize {
        let mut pretty = Pretty::default();
        let mut desk = Desk::default();
        let mut found = Vec::new();
        for line in lines {
            let mut text = Text::new(line.as_bytes(), Classes::ALL, &mut desk, &mut found);
            pretty.line(&mut text);
        }
        pretty.levels.len()
    }

    #[test]
    fn words_of_a_log_end_what_is_open() {
        for line in [
            "2026-04-18 08:51:21 INFO done",
            "true story",
            "null pointer",
            "failed to read",
            "timeout",
            "-- next --",
            "\"quoted\" and more",
            "12 rows",
            "firstName: 1",
        ] {
            assert_eq!(depth(&["response: {", line]), 0, "{line}");
        }
        for line in [
            "12,",
            "-1.5e3",
            "true",
            "null ]",
            "\"a\": ISODate(\"1980-01-31\"),",
            "\"a\": None,",
            "\"a\":",
            "\"a\": \"cut off",
            "",
        ] {
            assert!(depth(&["response: {", "[", line]) > 0, "{line}");
        }
        assert_eq!(depth(&["a {", "2026-04-18 next {"]), 1);
    }

    #[test]
    fn long_names_are_not_kept() {
        let line = format!("\"{}\": {{", "n".repeat(1_000_000));
        let mut pretty = Pretty::default();
        let mut desk = Desk::default();
        let mut found = Vec::new();
        let mut text = Text::new(line.as_bytes(), Classes::ALL, &mut desk, &mut found);
        pretty.line(&mut text);
        assert_eq!(pretty.levels.len(), 1);
        assert!(
            pretty
                .levels
                .iter()
                .all(|level| level.name.capacity() <= LONGEST)
        );
    }
}
