//! The tally: the findings of a whole run, grouped and counted in bounded memory.
//!
//! A group is a document, a part of it, a class, a confidence and a field. It has an exact count and its first places.
//! Groups beyond the bounds are folded into one count per class ("more, not listed"); no finding is ever uncounted.
//! The groups that stay are the first in order of their document's name, so several workers, whatever each of them
//! read and in whatever order they are merged, give the same result.
//!
//! Names of documents, tables and columns can hold PHI. The tally keeps them as they are, never shows them (`Debug`
//! included), and hands them to [`crate::report`] only, which masks them.

mod smallest;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::class::{Class, Confidence};
use crate::finding::Finding;
use smallest::{Cost, Smallest};

/// The places that a group names, at most.
pub const PLACES_OF_A_GROUP: usize = 5;
/// The groups that are listed, at most.
pub const GROUPS: usize = 50_000;
/// The bytes of all names in listed groups, at most.
const NAME_BYTES: usize = 4 << 20;
/// A name above this is not listed: its findings are counted by class.
const LONGEST_NAME: usize = 4096;
/// The problems that are listed, at most.
const PROBLEMS: usize = 1000;
/// The groups of the document at hand that are searched one by one.
const AT_HAND: usize = 64;
/// The number of classes.
const CLASSES: usize = Class::ALL.len();

/// Where a finding stands in its document.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Place<'a> {
    /// In the document's own name.
    Name,
    /// In a line of text.
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// The first byte of the value in the line, from 1.
        column: u64,
    },
    /// In a file that has no lines: the offset of the value's first byte, from 0.
    Offset(u64),
    /// In a cell of a database.
    Cell {
        /// The table's name.
        table: &'a [u8],
        /// The column's name.
        column: &'a [u8],
        /// The number of the row, where it has one.
        row: Option<i64>,
    },
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spot().fmt(f)
    }
}

impl Place<'_> {
    fn spot(&self) -> Spot {
        match *self {
            Self::Name => Spot::Name,
            Self::Line { line, column } => Spot::Line { line, column },
            Self::Offset(offset) => Spot::Offset(offset),
            Self::Cell { row, .. } => Spot::Row(row),
        }
    }
}

/// A place without the names that belong to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Spot {
    /// The document's own name.
    Name,
    /// A line and the first byte of the value in it, both from 1.
    Line {
        /// The number of the line.
        line: u64,
        /// The byte in the line.
        column: u64,
    },
    /// An offset in bytes, from 0.
    Offset(u64),
    /// A row, by its number where it has one.
    Row(Option<i64>),
}

/// The part of a document that a group belongs to.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Part {
    Name,
    Text,
    Cell { table: Box<[u8]>, column: Box<[u8]> },
}

impl Part {
    fn of(place: &Place<'_>) -> Self {
        match *place {
            Place::Name => Self::Name,
            Place::Line { .. } | Place::Offset(_) => Self::Text,
            Place::Cell { table, column, .. } => Self::Cell {
                table: table.into(),
                column: column.into(),
            },
        }
    }

    fn holds(&self, place: &Place<'_>) -> bool {
        match (self, place) {
            (Self::Name, Place::Name) | (Self::Text, Place::Line { .. } | Place::Offset(_)) => true,
            (
                Self::Cell { table, column },
                Place::Cell {
                    table: its_table,
                    column: its_column,
                    ..
                },
            ) => **table == **its_table && **column == **its_column,
            (Self::Name | Self::Text | Self::Cell { .. }, _) => false,
        }
    }

    fn name_bytes(&self) -> usize {
        match self {
            Self::Name | Self::Text => 0,
            Self::Cell { table, column } => table.len() + column.len(),
        }
    }
}

/// What makes a group.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    pub(crate) document: Arc<[u8]>,
    pub(crate) part: Part,
    pub(crate) class: Class,
    pub(crate) confidence: Confidence,
    pub(crate) field: Option<&'static str>,
}

impl Key {
    fn holds(&self, place: &Place<'_>, finding: &Finding) -> bool {
        self.class == finding.class
            && self.confidence == finding.confidence
            && self.field == finding.field
            && self.part.holds(place)
    }

    fn too_long(&self) -> bool {
        self.document.len() + self.part.name_bytes() > LONGEST_NAME
    }
}

impl Cost for Key {
    fn cost(&self) -> usize {
        self.document.len() + self.part.name_bytes()
    }
}

/// How often, and where first.
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) first: Vec<Spot>,
}

impl Group {
    fn see(&mut self, spot: Spot) {
        self.count = self.count.saturating_add(1);
        self.place(spot);
    }

    fn place(&mut self, spot: Spot) {
        let full = self.first.len() >= PLACES_OF_A_GROUP;
        if full && self.first.last().is_some_and(|last| *last <= spot) {
            return;
        }
        if full {
            self.first.pop();
        }
        let at = self.first.partition_point(|known| *known <= spot);
        self.first.insert(at, spot);
    }

    fn join(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        for spot in &other.first {
            self.place(*spot);
        }
    }
}

/// Whether a run that has a problem can be clean.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Gap {
    /// It cannot: something was not looked at.
    NotRead,
    /// It can: there was nothing to read (a socket, a link that leads nowhere).
    PassedOver,
}

/// A document, or part of one, that was not read as asked.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Problem {
    pub(crate) gap: Gap,
    pub(crate) document: Box<[u8]>,
    pub(crate) reason: Cow<'static, str>,
}

impl Cost for Problem {
    fn cost(&self) -> usize {
        self.document.len() + self.reason.len()
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Amount {
    /// Documents: files, members of archives, tables.
    pub documents: u64,
    /// Bytes, after unpacking.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
}

/// The findings of a run, or of one worker's share of it.
pub struct Tally {
    document: Arc<[u8]>,
    at_hand: Vec<(Key, Group)>,
    groups: Smallest<Key, Group>,
    more: [u64; CLASSES],
    totals: [[u64; 3]; CLASSES],
    problems: Smallest<Problem, ()>,
    not_read: u64,
    passed_over: u64,
    amount: Amount,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl Tally {
    /// An empty tally.
    #[must_use]
    pub fn new() -> Self {
        Self::with_bounds(GROUPS, NAME_BYTES)
    }

    fn with_bounds(groups: usize, name_bytes: usize) -> Self {
        Self {
            document: Arc::default(),
            at_hand: Vec::new(),
            groups: Smallest::new(groups, name_bytes),
            more: [0; CLASSES],
            totals: [[0; 3]; CLASSES],
            problems: Smallest::new(PROBLEMS, NAME_BYTES / 4),
            not_read: 0,
            passed_over: 0,
            amount: Amount::default(),
        }
    }

    /// Adds a finding of the document of this name.
    ///
    /// It is fastest when the findings of a document come one after another.
    pub fn add(&mut self, document: &[u8], place: Place<'_>, finding: &Finding) {
        let total = self.totals.get_mut(finding.class as usize);
        if let Some(total) = total.and_then(|row| row.get_mut(finding.confidence as usize)) {
            *total = total.saturating_add(1);
        }
        if *self.document != *document {
            self.settle();
            self.document = document.into();
        }
        if let Some((_, group)) = self
            .at_hand
            .iter_mut()
            .find(|(key, _)| key.holds(&place, finding))
        {
            group.see(place.spot());
            return;
        }
        if self.at_hand.len() >= AT_HAND {
            self.settle();
        }
        let key = Key {
            document: Arc::clone(&self.document),
            part: Part::of(&place),
            class: finding.class,
            confidence: finding.confidence,
            field: finding.field,
        };
        self.at_hand.push((
            key,
            Group {
                count: 1,
                first: vec![place.spot()],
            },
        ));
    }

    /// Adds what was read.
    pub fn scanned(&mut self, amount: Amount) {
        self.amount.documents = self.amount.documents.saturating_add(amount.documents);
        self.amount.bytes = self.amount.bytes.saturating_add(amount.bytes);
        self.amount.lines = self.amount.lines.saturating_add(amount.lines);
    }

    /// Adds that something was not read as asked. The reason MUST hold no text of the input.
    pub fn problem(&mut self, document: &[u8], gap: Gap, reason: impl Into<Cow<'static, str>>) {
        match gap {
            Gap::NotRead => self.not_read = self.not_read.saturating_add(1),
            Gap::PassedOver => self.passed_over = self.passed_over.saturating_add(1),
        }
        let listed = if document.len() > LONGEST_NAME {
            &[]
        } else {
            document
        };
        let problem = Problem {
            gap,
            document: listed.into(),
            reason: reason.into(),
        };
        self.problems.join(problem, (), |(), ()| (), |_, ()| ());
    }

    /// Adds all that another tally has.
    pub fn merge(&mut self, mut other: Self) {
        other.settle();
        self.settle();
        for (mine, its) in self.more.iter_mut().zip(other.more) {
            *mine = mine.saturating_add(its);
        }
        for (mine, its) in self
            .totals
            .iter_mut()
            .flatten()
            .zip(other.totals.iter().flatten())
        {
            *mine = mine.saturating_add(*its);
        }
        self.not_read = self.not_read.saturating_add(other.not_read);
        self.passed_over = self.passed_over.saturating_add(other.passed_over);
        self.scanned(other.amount);
        let (problems, ceiling) = other.problems.into_parts();
        self.problems.lower(ceiling, |_, ()| ());
        for (problem, ()) in problems {
            self.problems.join(problem, (), |(), ()| (), |_, ()| ());
        }
        let (groups, ceiling) = other.groups.into_parts();
        let more = &mut self.more;
        self.groups
            .lower(ceiling, |key, group| fold(more, &key, &group));
        for (key, group) in groups {
            keep(&mut self.groups, &mut self.more, key, group);
        }
    }

    /// How many findings of this class and confidence there are.
    #[must_use]
    pub fn count(&self, class: Class, confidence: Confidence) -> u64 {
        self.totals
            .get(class as usize)
            .and_then(|row| row.get(confidence as usize))
            .copied()
            .unwrap_or(0)
    }

    /// How many findings there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.totals
            .iter()
            .flatten()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What was read so far.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// How many problems of a kind there are.
    #[must_use]
    pub const fn problems(&self, gap: Gap) -> u64 {
        match gap {
            Gap::NotRead => self.not_read,
            Gap::PassedOver => self.passed_over,
        }
    }

    /// Its groups in order of document, part, class; what is not listed, by class; its problems in order.
    pub(crate) fn into_groups(mut self) -> Groups {
        self.settle();
        Groups {
            listed: self.groups.into_parts().0,
            more: Class::ALL
                .into_iter()
                .zip(self.more)
                .filter(|(_, count)| *count > 0)
                .collect(),
            problems: self.problems.into_parts().0.into_keys().collect(),
        }
    }

    fn settle(&mut self) {
        for (key, group) in self.at_hand.drain(..) {
            keep(&mut self.groups, &mut self.more, key, group);
        }
    }
}

/// A tally's groups, ready for a report.
pub(crate) struct Groups {
    pub(crate) listed: std::collections::BTreeMap<Key, Group>,
    pub(crate) more: Vec<(Class, u64)>,
    pub(crate) problems: Vec<Problem>,
}

fn keep(groups: &mut Smallest<Key, Group>, more: &mut [u64; CLASSES], key: Key, group: Group) {
    if key.too_long() {
        fold(more, &key, &group);
        return;
    }
    groups.join(
        key,
        group,
        |known, new| known.join(&new),
        |key, group| fold(more, &key, &group),
    );
}

fn fold(more: &mut [u64; CLASSES], key: &Key, group: &Group) {
    if let Some(count) = more.get_mut(key.class as usize) {
        *count = count.saturating_add(group.count);
    }
}

#[cfg(test)]
mod tests;
