//! Detectors: findings in a line of text.

use std::ops::Range;

use crate::bytes::{ESCAPE, at, before, part};
use crate::class::{Class, Confidence};
use crate::columns::Table;
use crate::columns::statement::Statement;
use crate::company;
use crate::decode::{self, Plain};
use crate::digits;
use crate::finding::Finding;
use crate::flat::{self, Flat};
use crate::pretty::Pretty;
use crate::repeat::{Asked, Repeats};
use crate::text::{Desk, Text};
use crate::value::Value;
use crate::vocabulary::{Meaning, meaning_of};

/// A set of classes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Classes(u32);

impl Classes {
    /// All of them.
    pub const ALL: Self = Self(u32::MAX);

    /// None of them.
    pub const NONE: Self = Self(0);

    const fn bit(class: Class) -> u32 {
        1 << class as u32
    }

    /// Whether a class is in the set.
    #[must_use]
    pub const fn has(self, class: Class) -> bool {
        self.0 & Self::bit(class) != 0
    }

    /// The set with a class.
    #[must_use]
    pub const fn with(self, class: Class) -> Self {
        Self(self.0 | Self::bit(class))
    }

    /// The set without a class.
    #[must_use]
    pub const fn without(self, class: Class) -> Self {
        Self(self.0 & !Self::bit(class))
    }
}

/// What is looked for. Made once; the scanners of many threads share it.
#[derive(Clone, Debug)]
pub struct Detector {
    classes: Classes,
    minimum: Confidence,
    remembers: bool,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// All classes, with medium confidence or more.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            classes: Classes::ALL,
            minimum: Confidence::Medium,
            remembers: false,
        }
    }

    /// Remembers clean lines but for their digits, and passes over those that differ in nothing else.
    ///
    /// Twice as fast on most logs, and for reports only: what masks a stream, or lets a text through to a store, looks at
    /// each line.
    #[must_use]
    pub const fn remembering(mut self) -> Self {
        self.remembers = true;
        self
    }

    /// Looks for these classes only.
    #[must_use]
    pub const fn classes(mut self, classes: Classes) -> Self {
        self.classes = classes;
        self
    }

    /// Reports findings of this confidence or more.
    #[must_use]
    pub const fn minimum(mut self, minimum: Confidence) -> Self {
        self.minimum = minimum;
        self
    }

    /// A scanner, which remembers what a document says of its columns.
    #[must_use]
    pub fn scanner(&self) -> Scanner<'_> {
        Scanner {
            detector: self,
            desk: Desk::default(),
            spare: Vec::new(),
            table: Table::default(),
            statement: Statement::default(),
            pretty: Pretty::default(),
            carried: None,
            plain: Plain::default(),
            first: true,
            weak: false,
            repeats: Repeats::default(),
        }
    }
}

/// Scans one document at a time, line by line.
#[derive(Debug)]
pub struct Scanner<'d> {
    detector: &'d Detector,
    desk: Desk,
    /// Tokens to be looked into.
    spare: Vec<(usize, usize)>,
    table: Table,
    statement: Statement,
    pretty: Pretty,
    /// What the end of the last line says of the value that this one begins with.
    carried: Option<&'static Meaning>,
    plain: Plain,
    /// Whether the next line is the first of its document.
    first: bool,
    /// Whether anything was found in the last line, however weak.
    weak: bool,
    repeats: Repeats,
}

/// Encodings within encodings are looked into this deep.
const DEPTH: usize = 3;

impl Scanner<'_> {
    /// Forgets the document: the next line is the first of another.
    pub fn begin(&mut self) {
        self.table = Table::default();
        self.statement = Statement::default();
        self.pretty = Pretty::default();
        self.carried = None;
        self.first = true;
    }

    /// Adds the findings of a line, which has no line break at its end, in the order of their places.
    ///
    /// None overlaps another, but that a token in an encoding gives one finding for each class within, all of the place
    /// of the token.
    pub fn line(&mut self, line: &[u8], found: &mut Vec<Finding>) {
        if flat::is_odd(line) {
            return self.shown(line, found);
        }
        let remembers = self.detector.remembers && Repeats::can_hold(line);
        if !remembers || self.first || self.is_within() {
            return self.line_alone(line, found);
        }
        if self.repeats.knows(line) {
            return;
        }
        let before = found.len();
        let ((), read) = digits::watch(|| self.line_alone(line, found));
        // What is too weak to be reported could be strong with other digits.
        if !read && found.len() == before && !self.weak && !self.is_within() {
            self.repeats.keep(line, &self.desk.asked);
        }
    }

    /// Adds the findings of a line as a terminal shows it.
    fn shown(&mut self, line: &[u8], found: &mut Vec<Finding>) {
        let before = found.len();
        let flat = Flat::of(line);
        self.line_alone(&flat.text, found);
        for finding in found.iter_mut().skip(before) {
            finding.span = flat.place(&finding.span);
        }
    }

    /// Whether the lines before say anything of the next one.
    const fn is_within(&self) -> bool {
        !self.table.is_none()
            || !self.statement.is_none()
            || !self.pretty.is_none()
            || self.carried.is_some()
    }

    /// Adds the findings of a line, whatever was found in lines before.
    fn line_alone(&mut self, line: &[u8], found: &mut Vec<Finding>) {
        let before = found.len();
        let header = self.table.header(line, self.first);
        self.first = false;
        self.desk.asked = Asked::of_line();
        self.desk.quiet.clear();
        let mut text = Text::new(line, self.detector.classes, &mut self.desk, found);
        if !header {
            self.table.row(&mut text);
        }
        let escaped = look(&mut text);
        self.statement.line(&mut text);
        self.pretty.line(&mut text);
        if let Some(meaning) = self.carried.take() {
            text.carried(meaning);
        }
        self.carried = text.carries();
        self.encoded(line, escaped, found, before, 0);
        self.weak = found.len() > before;
        settle(found, before, self.detector.minimum);
        self.company(line, found, before);
    }

    /// Looks again at a line that tells of a person.
    fn company(&mut self, line: &[u8], found: &mut Vec<Finding>, before: usize) {
        let Some(known) = company::known(found.get(before..).unwrap_or_default()) else {
            return;
        };
        Text::new(line, self.detector.classes, &mut self.desk, found).company(&known);
        if found.len() > before + known.len() {
            settle(found, before, self.detector.minimum);
        }
    }

    /// Adds the findings of a value that stands in a column or field of this name.
    pub fn cell(&mut self, field: &str, value: &[u8], found: &mut Vec<Finding>) {
        let before = found.len();
        if let Some(meaning) = meaning_of(field.as_bytes()) {
            self.named(meaning, value, found);
        }
        self.text(value, found, 0);
        settle(found, before, self.detector.minimum);
    }

    fn named(&mut self, meaning: &'static Meaning, bytes: &[u8], found: &mut Vec<Finding>) {
        let value = Value {
            text: bytes,
            start: 0,
            end: bytes.len(),
            bounded: true,
        };
        Text::new(bytes, self.detector.classes, &mut self.desk, found).take(meaning, value);
    }

    /// Adds what stands in the cells of a table within a text: an attachment, a body that was logged as one value.
    fn table_within(&mut self, bytes: &[u8], found: &mut Vec<Finding>) {
        if memchr::memchr(b'\n', bytes).is_none() {
            return;
        }
        let quiet = std::mem::take(&mut self.desk.quiet);
        let mut table = Table::default();
        let mut start = 0;
        for whole in bytes.split(|byte| *byte == b'\n') {
            let line = whole.strip_suffix(b"\r").unwrap_or(whole);
            // The header of a table that is a value begins behind its quote.
            let value = match memchr::memrchr(b'"', line) {
                Some(quote) if table.is_none() => part(line, quote + 1, line.len()),
                _ => line,
            };
            if !table.header(value, value.len() < line.len() || start == 0) && !table.is_none() {
                let before = found.len();
                let mut text = Text::new(line, self.detector.classes, &mut self.desk, found);
                table.row(&mut text);
                for finding in found.iter_mut().skip(before) {
                    finding.span = finding.span.start + start..finding.span.end + start;
                }
            }
            start += whole.len() + 1;
        }
        self.desk.quiet = quiet;
    }

    /// Adds the findings of a text, and of the encodings in it.
    fn text(&mut self, bytes: &[u8], found: &mut Vec<Finding>, depth: usize) {
        let before = found.len();
        self.table_within(bytes, found);
        let mut text = Text::new(bytes, self.detector.classes, &mut self.desk, found);
        let escaped = look(&mut text);
        self.encoded(bytes, escaped, found, before, depth);
    }

    /// Adds the findings of what stands in a text in an encoding.
    fn encoded(
        &mut self,
        bytes: &[u8],
        escaped: bool,
        found: &mut Vec<Finding>,
        before: usize,
        depth: usize,
    ) {
        self.desk.asked.go_within();
        if !self.desk.long.is_empty() {
            self.tokens(bytes, found, depth);
        }
        if !escaped || !decode::is_escaped(bytes) {
            return;
        }
        digits::read_in(bytes);
        let mut plain = std::mem::take(&mut self.plain);
        plain.read(bytes);
        let inner = found.len();
        self.table_within(&plain.text, found);
        let mut text = Text::new(&plain.text, self.detector.classes, &mut self.desk, found);
        look(&mut text);
        if depth < DEPTH {
            self.tokens(&plain.text, found, depth);
        }
        let fresh = found.split_off(inner.max(before));
        found.extend(fresh.into_iter().filter_map(|finding| {
            let span = plain.place(finding.span.start)..plain.place(finding.span.end);
            // What has no escape around it was looked at as it stands, and there its quotes are where they belong.
            decode::is_escaped(quoted_around(bytes, &span)).then_some(Finding { span, ..finding })
        }));
        self.plain = plain;
    }

    /// Adds, for each token that is the base64 or hexadecimal form of a text, the classes of what is in that text.
    fn tokens(&mut self, bytes: &[u8], found: &mut Vec<Finding>, depth: usize) {
        if depth >= DEPTH {
            return;
        }
        let mut words = std::mem::take(&mut self.spare);
        words.clear();
        words.append(&mut self.desk.long);
        let mut place = 0;
        for &(start, end) in &words {
            if start < place {
                continue;
            }
            let (start, end) = decode::token(bytes, start, end);
            place = end;
            let Some(inner) = bytes.get(start..end).and_then(decode::decoded) else {
                continue;
            };
            let mut within = Vec::new();
            // The cells of the row around it are places of another text.
            let quiet = std::mem::take(&mut self.desk.quiet);
            self.text(&inner, &mut within, depth + 1);
            settle(&mut within, 0, self.detector.minimum);
            self.company(&inner, &mut within, 0);
            self.desk.quiet = quiet;
            within.sort_by_key(|finding| (finding.class, std::cmp::Reverse(finding.confidence)));
            within.dedup_by_key(|finding| finding.class);
            found.extend(within.into_iter().map(|finding| Finding {
                span: start..end,
                ..finding
            }));
        }
        self.spare = words;
    }
}

/// A finding with what is around it, as far as to quotes that are no escapes.
fn quoted_around<'t>(text: &'t [u8], span: &Range<usize>) -> &'t [u8] {
    /// What is further away is not looked at.
    const REACH: usize = 1024;
    let is_border = |place: usize| at(text, place) == b'"' && before(text, place) != b'\\';
    let floor = span.start.saturating_sub(REACH);
    let start = (floor..span.start).rev().find(|place| is_border(*place));
    let limit = text.len().min(span.end + REACH);
    let end = (span.end..limit).find(|place| is_border(*place));
    part(text, start.unwrap_or(floor), end.unwrap_or(limit))
}

/// Looks for everything in a text as it stands; returns whether there may be escapes in it.
fn look(text: &mut Text<'_, '_>) -> bool {
    text.scan();
    text.hl7();
    text.x12();
    text.dicom();
    text.rows();
    text.systems();
    text.ncpdp();
    text.marks & ESCAPE != 0
}

/// Puts the findings from `before` on in order, leaves out those that are too weak, and joins those that overlap.
pub(crate) fn settle(found: &mut Vec<Finding>, before: usize, minimum: Confidence) {
    let Some(fresh) = found.get_mut(before..) else {
        return;
    };
    if fresh.is_empty() {
        return;
    }
    fresh.sort_by_key(|finding| {
        (
            finding.span.start,
            std::cmp::Reverse(finding.span.end),
            finding.class,
        )
    });
    let mut kept: Vec<Finding> = Vec::with_capacity(found.len() - before);
    for finding in found.drain(before..) {
        if finding.confidence < minimum {
            continue;
        }
        match kept.last_mut() {
            Some(last) if finding.span.start < last.span.end => {
                if finding.span == last.span && finding.class != last.class {
                    // A fax number has the form of a telephone number.
                    let both = [last.class, finding.class];
                    if both.contains(&Class::Fax) && both.contains(&Class::Phone) {
                        last.class = Class::Fax;
                    } else {
                        kept.push(finding);
                    }
                    continue;
                }
                let end = last.span.end.max(finding.span.end);
                let longer = finding.span.len() > last.span.len();
                if finding.confidence > last.confidence
                    || (finding.confidence == last.confidence && longer)
                {
                    last.class = finding.class;
                    last.confidence = finding.confidence;
                    last.field = finding.field;
                }
                last.span.end = end;
            }
            _ => kept.push(finding),
        }
    }
    found.append(&mut kept);
}

#[cfg(test)]
mod tests;
