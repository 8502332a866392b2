//! One worker of a scan: takes lines and values, and tallies what it finds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::names::Names;
use super::place::name_of;
use crate::detect::{Detector, Scanner, settle};
use crate::finding::Finding;
use crate::known::{Finder, KnownValues};
use crate::settings::Settings;
use crate::source::{Cell, DocumentName, Line, Place as At, Problem, Sink};
use crate::tally::{Amount, Gap, Place, Tally};

/// Why a line was not looked at.
const FAULT: &str = "a line could not be scanned: a fault of this program; please report it";

/// A worker, with its share of the tally.
pub(super) struct Worker<'a> {
    detector: &'a Detector,
    settings: &'a Settings,
    scanner: Scanner<'a>,
    finder: Option<Finder<'a>>,
    names: Names<'a>,
    document: Vec<u8>,
    found: Vec<Finding>,
    pub(super) tally: Tally,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        detector: &'a Detector,
        settings: &'a Settings,
        known: Option<&'a KnownValues>,
    ) -> Self {
        Self {
            detector,
            settings,
            scanner: detector.scanner(),
            finder: known.map(KnownValues::finder),
            names: Names::new(&settings.patterns, known),
            document: Vec::new(),
            found: Vec::new(),
            tally: Tally::new(),
        }
    }

    /// Finds what is in a text. A fault of ours in one text is told, and ends neither the others nor the run.
    fn find(&mut self, text: &[u8], scan: impl FnOnce(&mut Scanner<'a>, &mut Vec<Finding>)) {
        self.found.clear();
        let scanned = catch_unwind(AssertUnwindSafe(|| {
            scan(&mut self.scanner, &mut self.found);
            self.add_own(text);
        }));
        if scanned.is_err() {
            self.scanner = self.detector.scanner();
            self.found.clear();
            self.tally.problem(&self.document, Gap::NotRead, FAULT);
        }
        self.leave_out_allowed(text);
    }

    /// Adds what the team's own patterns and known values find.
    fn add_own(&mut self, text: &[u8]) {
        let own = self.found.len();
        if let Some(finder) = &mut self.finder {
            finder.find(text, &mut self.found);
        }
        if !self.settings.patterns.is_empty() {
            self.settings.patterns.find(text, &mut self.found);
        }
        if self.found.len() > own {
            settle(&mut self.found, 0, self.settings.minimum_confidence);
        }
    }

    fn leave_out_allowed(&mut self, text: &[u8]) {
        let (settings, document) = (self.settings, &self.document);
        self.found.retain(|finding| {
            settings.reports(finding) && !settings.allowances.cover(document, text, finding)
        });
    }
}

impl Sink for Worker<'_> {
    fn begin(&mut self, document: &DocumentName) {
        self.document.clear();
        self.document.extend_from_slice(name_of(document));
        self.scanner.begin();
        self.tally.scanned(Amount {
            documents: 1,
            ..Amount::default()
        });
        // Files are named after patients, too.
        let name = std::mem::take(&mut self.document);
        self.names.find(&name, &mut self.found);
        self.document = name;
        self.found.retain(|finding| {
            self.settings.reports(finding)
                && !self
                    .settings
                    .allowances
                    .cover(&self.document, &self.document, finding)
        });
        for finding in &self.found {
            self.tally.add(&self.document, Place::Name, finding);
        }
    }

    fn line(&mut self, line: Line<'_>) {
        self.find(line.bytes, |scanner, found| scanner.line(line.bytes, found));
        self.tally.scanned(Amount {
            bytes: line.bytes.len() as u64 + 1,
            lines: u64::from(line.offset == 0),
            ..Amount::default()
        });
        for finding in &self.found {
            let offset = line.offset + finding.span.start as u64;
            let place = match line.place {
                At::Line(number) => Place::Line {
                    line: number,
                    column: offset + 1,
                },
                At::Byte(first) => Place::Offset(first + offset),
            };
            self.tally.add(&self.document, place, finding);
        }
    }

    fn cell(&mut self, cell: Cell<'_>) {
        self.find(cell.bytes, |scanner, found| {
            scanner.cell(cell.column, cell.bytes, found);
        });
        self.tally.scanned(Amount {
            bytes: cell.bytes.len() as u64,
            ..Amount::default()
        });
        let place = Place::Cell {
            table: cell.table.as_bytes(),
            column: cell.column.as_bytes(),
            row: cell.row,
        };
        for finding in &self.found {
            self.tally.add(&self.document, place, finding);
        }
    }

    fn end(&mut self) {}

    fn problem(&mut self, document: &DocumentName, problem: Problem) {
        let gap = match problem.is_incomplete() {
            true => Gap::NotRead,
            false => Gap::PassedOver,
        };
        self.tally
            .problem(name_of(document), gap, problem.to_string());
    }
}
