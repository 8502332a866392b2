//! Detectors: findings in a line of text.

use crate::finding::Finding;

/// What is looked for. Made once; scanners of many threads share it.
#[derive(Debug, Default)]
pub struct Detector {}

impl Detector {
    /// The detectors that ship with the crate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A scanner, which remembers what a document says of its columns.
    #[must_use]
    pub fn scanner(&self) -> Scanner<'_> {
        Scanner { detector: self }
    }
}

/// Scans one document at a time, line by line.
#[derive(Debug)]
pub struct Scanner<'d> {
    #[expect(dead_code, reason = "work in progress")]
    detector: &'d Detector,
}

impl Scanner<'_> {
    /// Forgets the document: the next line is the first of another.
    pub fn begin(&mut self) {}

    /// Adds the findings of a line, which has no line break at its end, in the order of their places, none overlapping
    /// another.
    pub fn line(&mut self, _line: &[u8], _found: &mut Vec<Finding>) {}

    /// Adds the findings of a value that stands in a column or field of this name.
    pub fn cell(&mut self, _field: &str, _value: &[u8], _found: &mut Vec<Finding>) {}
}
