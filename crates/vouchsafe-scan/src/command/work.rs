//! One worker of a scan: takes lines and values, and tallies what it finds.

use crate::detect::{Detector, Scanner, settle};
use crate::finding::Finding;
use crate::known::{Finder, KnownValues};
use crate::settings::Settings;
use crate::source::{Cell, DocumentName, Line, Place as At, Problem, Sink};
use crate::tally::{Amount, Gap, Place, Tally};

use super::output;

/// A worker, with its share of the tally.
pub(super) struct Worker<'a> {
    detector: &'a Detector,
    settings: &'a Settings,
    scanner: Scanner<'a>,
    finder: Option<Finder<'a>>,
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
            document: Vec::new(),
            found: Vec::new(),
            tally: Tally::new(),
        }
    }

    /// Adds what the team's own patterns and known values find, and leaves out what its settings allow.
    fn review(&mut self, text: &[u8]) {
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
        let (settings, document) = (self.settings, &self.document);
        self.found.retain(|finding| {
            settings.reports(finding) && !settings.allowances.cover(document, text, finding)
        });
    }
}

impl Sink for Worker<'_> {
    fn begin(&mut self, document: &DocumentName) {
        self.document.clear();
        self.document.extend_from_slice(document.as_bytes());
        self.scanner.begin();
        self.tally.scanned(Amount {
            documents: 1,
            ..Amount::default()
        });
        // Files are named after patients, too.
        self.found.clear();
        let name = output::spaced(&self.document);
        self.detector.scanner().line(&name, &mut self.found);
        self.review(&name);
        for finding in &self.found {
            self.tally.add(&self.document, Place::Name, finding);
        }
    }

    fn line(&mut self, line: Line<'_>) {
        self.found.clear();
        self.scanner.line(line.bytes, &mut self.found);
        self.review(line.bytes);
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
        self.found.clear();
        self.scanner.cell(cell.column, cell.bytes, &mut self.found);
        self.review(cell.bytes);
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
            .problem(document.as_bytes(), gap, problem.to_string());
    }
}
