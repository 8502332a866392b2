//! A team's own patterns.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use crate::class::{Class, Confidence};
use crate::finding::Finding;
use crate::mask::settle;

/// The patterns, at most.
pub(super) const MOST: usize = 32;
/// The bytes of a compiled pattern, and of what a search keeps of it, at most.
const LARGEST: usize = 1 << 19;

/// The patterns of a team, compiled.
#[derive(Default)]
pub struct Patterns {
    all: Vec<Pattern>,
}

pub(super) struct Pattern {
    pub(super) id: String,
    pub(super) class: Class,
    pub(super) confidence: Confidence,
    pub(super) field: &'static str,
    pub(super) regex: Regex,
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patterns")
            .field("count", &self.all.len())
            .finish()
    }
}

impl Patterns {
    pub(super) const fn new(all: Vec<Pattern>) -> Self {
        Self { all }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds what the patterns find in a line to what detectors found in it.
    ///
    /// Afterwards the findings are in the order of their places and none overlaps another: where two did, one finding
    /// covers both, of the class that is surer, or longer; in a tie, that of the pattern.
    pub fn find(&self, line: &[u8], found: &mut Vec<Finding>) {
        let before = found.len();
        for pattern in &self.all {
            pattern.find(line, found);
        }
        if found.len() > before {
            settle(found);
        }
    }
}

impl Pattern {
    fn find(&self, line: &[u8], found: &mut Vec<Finding>) {
        let mut add = |span: std::ops::Range<usize>| {
            if !span.is_empty() {
                found.push(Finding {
                    class: self.class,
                    confidence: self.confidence,
                    span,
                    field: Some(self.field),
                });
            }
        };
        if self
            .regex
            .capture_names()
            .flatten()
            .any(|name| name == "value")
        {
            for captures in self.regex.captures_iter(line) {
                captures
                    .name("value")
                    .into_iter()
                    .for_each(|value| add(value.range()));
            }
        } else {
            self.regex
                .find_iter(line)
                .for_each(|value| add(value.range()));
        }
    }
}

/// A pattern, compiled within the bounds; `None` when it cannot be.
pub(super) fn compile(expression: &str) -> Option<Regex> {
    RegexBuilder::new(expression)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .build()
        .ok()
}
