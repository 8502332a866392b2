//! Masking: a text without the values that were found in it.
//!
//! A value is replaced by the name of its class in brackets, `[SSN]`. JSON stays JSON: a masked bare value becomes a
//! string, a value inside a string leaves the string's quotes where they are, and no escape sequence is cut in half.
//! A text that cannot be scanned is withheld; nothing passes unscanned.

mod around;
mod json;
mod stream;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::class::Class;
use crate::detect::{Detector, Scanner};
use crate::finding::Finding;
use json::Lexer;
pub use stream::{Ends, LONGEST_WHOLE_LINE, Stream};

/// What stands in the place of a line that could not be scanned.
pub const WITHHELD: &[u8] = b"[vouchsafe-scan: line withheld]";
/// The same among JSON lines.
const WITHHELD_JSON: &[u8] = br#"{"vouchsafe-scan":"line withheld"}"#;

/// A change of what was found in a line, before it is masked: more findings (a team's own patterns), or fewer (what
/// its settings allow).
pub type Review<'d> = dyn Fn(&[u8], &mut Vec<Finding>) + Sync + 'd;

/// How often what was masked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counts {
    classes: [u64; Class::ALL.len()],
    /// Lines that could not be scanned and were withheld.
    pub withheld: u64,
}

impl Counts {
    const NONE: Self = Self {
        classes: [0; Class::ALL.len()],
        withheld: 0,
    };

    /// How many values of a class were masked.
    #[must_use]
    pub fn masked(&self, class: Class) -> u64 {
        self.classes.get(class as usize).copied().unwrap_or(0)
    }

    /// How many values were masked.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.classes
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn add(&mut self, class: Class) {
        if let Some(count) = self.classes.get_mut(class as usize) {
            *count = count.saturating_add(1);
        }
    }
}

/// Masks a text line by line.
pub struct Masker<'d> {
    detector: &'d Detector,
    scanner: Scanner<'d>,
    review: Option<&'d Review<'d>>,
    found: Vec<Finding>,
    counts: Counts,
    /// Where the line at hand is in its JSON, up to what was written of it.
    lexer: Lexer,
    /// The last byte of the line before that is no white space.
    before: Option<u8>,
}

impl fmt::Debug for Masker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// The line could not be scanned.
struct NotScanned;

/// How far a part of a line was written.
struct Written {
    /// The offset from which on nothing was written.
    to: usize,
    /// Whether a value goes on beyond the part.
    open: bool,
}

impl<'d> Masker<'d> {
    /// A masker of all that the detector reports.
    #[must_use]
    pub fn new(detector: &'d Detector) -> Self {
        Self {
            detector,
            scanner: detector.scanner(),
            review: None,
            found: Vec::new(),
            counts: Counts::NONE,
            lexer: Lexer::NEW,
            before: None,
        }
    }

    /// Lets findings be changed before a line is masked: what the review leaves is masked.
    #[must_use]
    pub fn reviewed_by(mut self, review: &'d Review<'d>) -> Self {
        self.review = Some(review);
        self
    }

    /// Forgets the document: the next line is the first of another.
    pub fn begin(&mut self) {
        self.scanner.begin();
        self.before = None;
    }

    /// Adds a line without its values to `out`. The line has no line break at its end.
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.begin_line();
        if json::is_number(line) {
            // A document of its own in a file of JSON lines: a value as after the name of a member.
            self.before = Some(b':');
        }
        match self.look(line, |scanner, found| scanner.line(line, found)) {
            Ok(()) => self.write(line, 0..line.len(), out),
            Err(NotScanned) => self.withhold(line, out),
        }
        self.end_line(line);
    }

    /// Adds a value that stands in a field of this name to `out`, masked.
    pub fn cell(&mut self, field: &str, value: &[u8], out: &mut Vec<u8>) {
        self.begin_line();
        self.before = None;
        match self.look(value, |scanner, found| scanner.cell(field, value, found)) {
            Ok(()) => self.write(value, 0..value.len(), out),
            Err(NotScanned) => self.withhold(value, out),
        }
    }

    /// What was masked so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes a part of a line that is too long to be held: `text` from `from` on, as far as it can be said what is a
    /// value. What stands before `from` was written; it is the context.
    fn part(&mut self, text: &[u8], from: usize, out: &mut Vec<u8>) -> Result<Written, NotScanned> {
        self.look(text, |scanner, found| scanner.line(text, found))?;
        let written = stream::cut(text, from, &self.found);
        self.write(text, from..written.to, out);
        self.lexer.read_to(text, written.to);
        Ok(written)
    }

    /// Writes the rest of such a line.
    fn last_part(&mut self, text: &[u8], from: usize, out: &mut Vec<u8>) -> Result<(), NotScanned> {
        self.look(text, |scanner, found| scanner.line(text, found))?;
        self.write(text, from..text.len(), out);
        self.end_line(text);
        Ok(())
    }

    const fn begin_line(&mut self) {
        self.lexer = Lexer::NEW;
    }

    /// Tells that a text will go without its first bytes.
    const fn forget(&mut self, bytes: usize) {
        self.lexer.rebase(bytes);
    }

    fn end_line(&mut self, line: &[u8]) {
        self.before = line
            .iter()
            .rev()
            .copied()
            .find(|byte| !byte.is_ascii_whitespace());
    }

    /// Finds what is to be masked.
    fn look(
        &mut self,
        text: &[u8],
        scan: impl FnOnce(&mut Scanner<'d>, &mut Vec<Finding>),
    ) -> Result<(), NotScanned> {
        self.found.clear();
        if around::is_utf16(text) {
            return Err(NotScanned);
        }
        let (scanner, found, review) = (&mut self.scanner, &mut self.found, self.review);
        let scanned = catch_unwind(AssertUnwindSafe(|| {
            scan(scanner, found);
            if let Some(review) = review {
                review(text, found);
            }
        }));
        if scanned.is_err() {
            self.scanner = self.detector.scanner();
            return Err(NotScanned);
        }
        if self
            .found
            .iter()
            .any(|finding| finding.span.start > finding.span.end || finding.span.end > text.len())
        {
            return Err(NotScanned);
        }
        for finding in &mut self.found {
            finding.span = around::whole_units(text, finding.span.clone());
        }
        settle(&mut self.found);
        Ok(())
    }

    fn withhold(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.counts.withheld = self.counts.withheld.saturating_add(1);
        let is_json = line.trim_ascii_start().starts_with(b"{");
        out.extend_from_slice(if is_json { WITHHELD_JSON } else { WITHHELD });
    }

    /// Writes a range of a text, with the mask of its class in the place of what was found.
    fn write(&mut self, text: &[u8], range: Range<usize>, out: &mut Vec<u8>) {
        let mut at = range.start;
        let found = std::mem::take(&mut self.found);
        for finding in &found {
            if finding.span.end <= at || finding.span.start >= range.end {
                continue;
            }
            self.counts.add(finding.class);
            let mut put = |span: Range<usize>, at: usize, lexer: &mut Lexer| {
                let mask = json::mask(text, span, at, lexer, self.before);
                out.extend_from_slice(text.get(at..mask.span.start).unwrap_or_default());
                out.extend_from_slice(mask.quote);
                out.extend_from_slice(finding.class.mask().as_bytes());
                out.extend_from_slice(mask.quote);
                mask.span.end.min(range.end)
            };
            let lexer = &mut self.lexer;
            around::between_quotes(text, finding.span.clone(), |span| {
                let span = span.start.max(at)..span.end.min(range.end);
                if span.is_empty() {
                } else if json::is_bare(text, span.clone(), at, lexer, self.before) {
                    around::between_structure(text, span, |value| {
                        if value.end > at {
                            at = put(value.start.max(at)..value.end, at, lexer);
                        }
                    });
                } else {
                    at = put(span, at, lexer);
                }
            });
        }
        out.extend_from_slice(text.get(at..range.end).unwrap_or_default());
        self.found = found;
    }
}

/// Puts findings in the order of their places and joins those that overlap.
///
/// One that is joined covers both, and is of the class that is surer; or longer; or that came later.
pub(crate) fn settle(found: &mut Vec<Finding>) {
    found.sort_by_key(|finding| (finding.span.start, Reverse(finding.span.end)));
    let mut settled: Vec<Finding> = Vec::with_capacity(found.len());
    for mut finding in found.drain(..) {
        match settled.last_mut() {
            Some(last) if finding.span.start < last.span.end => {
                let (start, end) = (last.span.start, last.span.end.max(finding.span.end));
                if (finding.confidence, finding.span.len()) >= (last.confidence, last.span.len()) {
                    std::mem::swap(last, &mut finding);
                }
                last.span = start..end;
            }
            _ => settled.push(finding),
        }
    }
    *found = settled;
}
