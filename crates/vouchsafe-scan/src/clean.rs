//! Text that may be stored, since nothing was found in it: evidence, reports, messages to others.

use std::fmt;

use crate::class::{Class, Confidence};
use crate::detect::Detector;

/// At most this many findings are named.
const NAMED: usize = 16;

/// Text in which a detector found nothing. Only [`Clean::check`] makes one, so a store that takes no other text holds
/// none with identifiers that the detectors know.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Clean<'t>(&'t [u8]);

impl fmt::Debug for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clean({} bytes)", self.0.len())
    }
}

impl<'t> Clean<'t> {
    /// Looks at a text, line by line.
    ///
    /// # Errors
    /// When something was found: [`HoldsPhi`] says what and where, and no character of it.
    pub fn check(detector: &Detector, text: &'t [u8]) -> Result<Self, HoldsPhi> {
        let mut scanner = detector.scanner();
        let mut found = Vec::new();
        let mut refusal = HoldsPhi {
            named: Vec::new(),
            count: 0,
        };
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            found.clear();
            scanner.line(line, &mut found);
            for finding in &found {
                refusal.count += 1;
                if refusal.named.len() < NAMED {
                    refusal.named.push(Found {
                        line: number,
                        class: finding.class,
                        confidence: finding.confidence,
                        field: finding.field,
                    });
                }
            }
        }
        match refusal.count {
            0 => Ok(Self(text)),
            _ => Err(refusal),
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_bytes(self) -> &'t [u8] {
        self.0
    }
}

/// What was found in a text that was to be stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// Its line, from 1.
    pub line: u64,
    /// Its class.
    pub class: Class,
    /// How sure that is.
    pub confidence: Confidence,
    /// The field that it stands in.
    pub field: Option<&'static str>,
}

/// A text holds what looks like PHI or a secret, and is not stored.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct HoldsPhi {
    /// The first findings, at most 16.
    pub named: Vec<Found>,
    /// How many there are.
    pub count: u64,
}

impl fmt::Display for HoldsPhi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not stored: {} values look like PHI or secrets",
            self.count
        )?;
        for found in &self.named {
            write!(f, "; line {}: {}", found.line, found.class)?;
            if let Some(field) = found.field {
                write!(f, " ({field})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_identifiers_may_be_stored() {
        let detector = Detector::new();
        let text = b"branch protection: required reviews 2\nchecked at 2026-11-29T10:00:00Z";
        assert_eq!(Clean::check(&detector, text).unwrap().as_bytes(), text);
    }

    #[test]
    fn text_with_an_identifier_is_refused_without_a_character_of_it() {
        let detector = Detector::new();
        let refusal = Clean::check(
            &detector,
            b"row 1\npatient ssn=123-45-6789 name=\"Jane Roe\"",
        )
        .unwrap_err();
        assert_eq!(
            refusal.named.first().map(|found| (found.line, found.class)),
            Some((2, Class::Ssn))
        );
        let said = format!("{refusal} {refusal:?}");
        assert!(!said.contains("6789") && !said.contains("Jane") && !said.contains("Roe"));
    }
}
