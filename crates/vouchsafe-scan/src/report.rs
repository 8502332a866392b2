//! Reports of a run, for people and for programs.
//!
//! A [`Report`] holds no character of a value and no name in clear: names were masked when it was made. The formats
//! only render it: [`Report::text`], [`Report::json`], [`Report::sarif`], [`Report::html`].
//!
//! The JSON form is one object with `"schema": "vouchsafe-scan/1"`; its members are the fields of [`Report`], named as
//! here. New members may come with any release; a change of meaning is a new schema.

mod html;
mod json;
mod parts;
mod sarif;
mod text;

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::baseline::{Baseline, Comparison};
use crate::class::{Class, Confidence};
use crate::settings::Settings;
use crate::tally::{Amount, Spot, Tally};
pub use text::Colour;

/// The version of the JSON form.
pub const SCHEMA: &str = "vouchsafe-scan/1";

/// The controls that a report is evidence for.
pub const CONTROLS: [Control; 5] = [
    Control {
        id: "164.312(a)(1)",
        source: "HIPAA Security Rule",
        title: "Access control",
    },
    Control {
        id: "164.502(b)",
        source: "HIPAA Privacy Rule",
        title: "Minimum necessary",
    },
    Control {
        id: "164.514(d)",
        source: "HIPAA Privacy Rule",
        title: "Minimum necessary requirements",
    },
    Control {
        id: "CC6.7",
        source: "SOC 2",
        title: "Restricts the transmission, movement and removal of information",
    },
    Control {
        id: "C1.1",
        source: "SOC 2",
        title: "Identifies and maintains confidential information",
    },
];

/// A control of a framework.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Control {
    /// Its number.
    pub id: &'static str,
    /// The framework.
    pub source: &'static str,
    /// What it asks for.
    pub title: &'static str,
}

/// What a run was asked to do, for its report.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// When it began.
    pub started: Timestamp,
    /// The paths that it was given; "standard input" for `-`.
    pub sources: &'a [Vec<u8>],
    /// Its settings, with the uses of allowances.
    pub settings: &'a Settings,
    /// Whether a file of settings was read.
    pub settings_file: bool,
    /// Limits of the readers (nesting, unpacked sizes, ...), by name.
    pub limits: &'a [(&'static str, u64)],
    /// The paths that were left out by the settings.
    pub excluded: u64,
    /// The baseline that it is compared with.
    pub baseline: Option<&'a Baseline>,
    /// Masks a name of a document, a table, a column.
    pub mask_name: &'a dyn Fn(&[u8]) -> String,
    /// The name of a document as a baseline has it: the same however the paths were given, and in another checkout.
    pub place_in_baseline: &'a dyn Fn(&[u8]) -> Vec<u8>,
    /// The name of a document as code scanning looks for it: from the working folder on.
    pub place_for_tools: &'a dyn Fn(&[u8]) -> Vec<u8>,
}

/// What a run found. All texts are masked.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `vouchsafe-scan/1`.
    pub schema: &'static str,
    /// The program.
    pub tool: Tool,
    /// When the run began.
    #[serde(serialize_with = "json::display")]
    pub started: Timestamp,
    /// What came out, and what the command returns for it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The paths that were given.
    pub sources: Vec<String>,
    /// What was read.
    #[serde(serialize_with = "json::amount")]
    pub scanned: Amount,
    /// The paths that were left out by the settings.
    pub excluded: u64,
    /// Whether a file of settings was read.
    pub settings_file: bool,
    /// The classes that were looked for.
    #[serde(serialize_with = "json::classes")]
    pub looked_for: Vec<Class>,
    /// The confidence from which on findings are reported.
    #[serde(serialize_with = "json::display")]
    pub minimum_confidence: Confidence,
    /// Limits of the readers.
    #[serde(serialize_with = "json::limits")]
    pub limits: Vec<(&'static str, u64)>,
    /// Findings by class; classes without one are left out.
    pub counts: Vec<Count>,
    /// Findings by document.
    pub documents: Vec<Document>,
    /// Findings beyond the bounds of a report, by class.
    #[serde(serialize_with = "json::more")]
    pub not_listed: Vec<(Class, u64)>,
    /// What was not read as asked.
    pub problems: Vec<Problem>,
    /// All that was not looked at, listed or not.
    pub not_read: u64,
    /// All that held nothing to read, listed or not.
    pub passed_over: u64,
    /// Each allowance of the settings, and what became of it.
    pub allowances: Vec<Allowed>,
    /// The comparison with a baseline, if one was used.
    pub baseline: Option<Comparison>,
    /// The controls that this report is evidence for.
    pub controls: [Control; 5],
}

/// The program that made a report.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What came out of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// `clean`, `found` or `incomplete`.
    pub outcome: &'static str,
    /// What the command returns: 0 when all was read and nothing (new) was found, else 1.
    pub exit_code: u8,
    /// The outcome in words.
    pub meaning: &'static str,
}

/// Findings of a class.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Count {
    /// The class.
    #[serde(serialize_with = "json::display")]
    pub class: Class,
    /// What it is called.
    pub title: &'static str,
    /// The paragraph that names it.
    pub source: &'static str,
    /// Findings of high confidence.
    pub high: u64,
    /// Of medium confidence.
    pub medium: u64,
    /// Of low confidence.
    pub low: u64,
    /// All.
    pub total: u64,
}

/// A document that has findings.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Its masked name.
    pub name: String,
    /// Its masked name in a baseline.
    #[serde(skip)]
    pub(crate) baseline_name: String,
    /// Its masked name for code scanning.
    #[serde(skip)]
    pub(crate) tool_name: String,
    /// Its findings, in order of their places.
    pub findings: Vec<Group>,
}

/// Findings of one class, confidence and field in one part of a document.
#[derive(Debug, Serialize)]
pub struct Group {
    /// The part: the masked table and column, or `file name`; `None` for the text.
    pub part: Option<String>,
    /// The class.
    #[serde(serialize_with = "json::display")]
    pub class: Class,
    /// How sure the findings are.
    #[serde(serialize_with = "json::display")]
    pub confidence: Confidence,
    /// The field.
    pub field: Option<&'static str>,
    /// How many there are.
    pub count: u64,
    /// Whether there are more at this place than the baseline knows; `None` without baseline.
    pub new: Option<bool>,
    /// The first places.
    #[serde(serialize_with = "json::places")]
    pub places: Vec<Spot>,
}

/// What was not read as asked.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// `not-read`: something was not looked at. `passed-over`: there was nothing to read.
    pub kind: &'static str,
    /// The masked name of the document.
    pub document: String,
    /// Its masked name for code scanning.
    #[serde(skip)]
    pub(crate) tool_name: String,
    /// Why.
    pub reason: String,
}

/// An allowance, and what became of it.
#[derive(Debug, Serialize)]
pub struct Allowed {
    /// The line of the settings at which it begins.
    pub line: usize,
    /// Why the findings may stand (masked).
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Its last day.
    #[serde(serialize_with = "json::display")]
    pub until: Date,
    /// `used`, `unused`, `ended` or `without-key`.
    pub state: &'static str,
    /// How many findings it let stand.
    pub count: u64,
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("started", &self.started)
            .field("settings", self.settings)
            .finish_non_exhaustive()
    }
}

impl Report {
    /// The report of a run.
    #[must_use]
    pub fn new(tally: Tally, run: &Run<'_>) -> Self {
        parts::report(tally, run)
    }

    /// What a baseline would have to hold for this run to be clean.
    #[must_use]
    pub fn to_baseline(&self) -> Baseline {
        parts::baseline(&self.documents, &self.not_listed)
    }

    /// All findings.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(count.total))
    }

    /// Writes it for a terminal or a file of text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(&self, out: &mut impl Write, colour: Colour) -> io::Result<()> {
        text::write(self, out, colour)
    }

    /// Writes it as one JSON object.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// Writes it as SARIF 2.1.0, for code scanning.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sarif(&self, out: &mut impl Write) -> io::Result<()> {
        sarif::write(self, out)
    }

    /// Writes it as a page: one file, without scripts, that loads nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn html(&self, out: &mut impl Write) -> io::Result<()> {
        html::write(self, out)
    }
}

#[cfg(test)]
mod tests;
