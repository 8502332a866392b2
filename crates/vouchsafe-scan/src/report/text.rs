//! The report for a terminal.

use std::io::{self, Write};

use super::{Allowed, Document, Group, Report};
use crate::class::{Class, Confidence};
use crate::tally::Spot;

/// Whether a report is coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// With the colours of terminals.
    Always,
}

impl Colour {
    /// Colours for a terminal whose user did not refuse them (`NO_COLOR`, set and not empty).
    #[must_use]
    pub fn choose(is_terminal: bool, no_color: Option<&std::ffi::OsStr>) -> Self {
        if is_terminal && no_color.is_none_or(std::ffi::OsStr::is_empty) {
            Self::Always
        } else {
            Self::Never
        }
    }

    const fn of(self, style: &'static str) -> (&'static str, &'static str) {
        match self {
            Self::Never => ("", ""),
            Self::Always => (style, "\x1b[0m"),
        }
    }

    const fn strong(self) -> (&'static str, &'static str) {
        self.of("\x1b[1m")
    }

    const fn confidence(self, confidence: Confidence) -> (&'static str, &'static str) {
        match confidence {
            Confidence::High => self.of("\x1b[31m"),
            Confidence::Medium => self.of("\x1b[33m"),
            Confidence::Low => self.of("\x1b[2m"),
        }
    }
}

/// Findings of the baseline that are gone, listed at most.
const GONE: usize = 20;

pub(super) fn write(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    for document in &report.documents {
        write_document(document, out, colour)?;
    }
    write_not_listed(report, out, colour)?;
    write_counts(report, out, colour)?;
    write_problems(report, out, colour)?;
    write_allowances(report, out, colour)?;
    write_baseline(report, out, colour)?;
    write_run(report, out, colour)?;
    write_next(report, out, colour)
}

fn heading(text: &str, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    let (on, off) = colour.strong();
    writeln!(out, "{on}{text}{off}")
}

fn write_document(document: &Document, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    heading(&document.name, out, colour)?;
    let wide = |of: &dyn Fn(&Group) -> usize, least: usize| {
        document
            .findings
            .iter()
            .map(of)
            .max()
            .unwrap_or(0)
            .max(least)
    };
    let place = wide(&|group| place(group).chars().count(), 8);
    let title = wide(&|group| group.class.title().len(), 20);
    let field = wide(&|group| group.field.map_or(0, str::len), 1);
    for group in &document.findings {
        write_group(group, out, colour, [place, title, field])?;
    }
    writeln!(out)
}

fn write_group(
    group: &Group,
    out: &mut impl Write,
    colour: Colour,
    widths: [usize; 3],
) -> io::Result<()> {
    let [place_wide, title_wide, field_wide] = widths;
    let (on, off) = colour.confidence(group.confidence);
    let (place, title, field) = (
        place(group),
        group.class.title(),
        group.field.unwrap_or("-"),
    );
    write!(
        out,
        "  {place:place_wide$}  {on}{title:title_wide$}{off}  {field:field_wide$}"
    )?;
    write!(out, "  {:6}  {:>7}", group.confidence.name(), group.count)?;
    match group.new {
        Some(true) => write!(out, "  new")?,
        Some(false) => write!(out, "  in the baseline")?,
        None => {}
    }
    let others: Vec<String> = group
        .places
        .iter()
        .skip(1)
        .map(|spot| spot_text(*spot))
        .collect();
    if !others.is_empty() {
        write!(out, "  also {}", others.join(" "))?;
        if group.count > group.places.len() as u64 {
            write!(out, " ...")?;
        }
    }
    writeln!(out)
}

/// The first place of a group: `12:40`, `users.name row 3`, `byte 4096`, `file name`.
pub(super) fn place(group: &Group) -> String {
    let spot = group
        .places
        .first()
        .map(|spot| spot_text(*spot))
        .unwrap_or_default();
    match &group.part {
        Some(part) if spot.is_empty() => part.clone(),
        Some(part) => format!("{part} {spot}"),
        None => spot,
    }
}

pub(super) fn spot_text(spot: Spot) -> String {
    match spot {
        Spot::Name => String::new(),
        Spot::Line { line, column } => format!("{line}:{column}"),
        Spot::Offset(offset) => format!("byte {offset}"),
        Spot::Row(row) => row.map(|row| format!("row {row}")).unwrap_or_default(),
    }
}

fn write_not_listed(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    if report.not_listed.is_empty() {
        return Ok(());
    }
    heading(
        "More, not listed (there are too many places; the counts are exact)",
        out,
        colour,
    )?;
    for (class, count) in &report.not_listed {
        writeln!(out, "  {:38}  {count:>9}", class.title())?;
    }
    writeln!(out)
}

fn write_counts(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    if report.counts.is_empty() {
        return Ok(());
    }
    let (on, off) = colour.strong();
    writeln!(
        out,
        "{on}{:38}  {:>9}  {:>9}  {:>9}  {:>9}{off}",
        "Found", "high", "medium", "low", "all"
    )?;
    for count in &report.counts {
        let (high, medium, low, all) = (count.high, count.medium, count.low, count.total);
        writeln!(
            out,
            "{:38}  {high:>9}  {medium:>9}  {low:>9}  {all:>9}   {}",
            count.title, count.source
        )?;
    }
    writeln!(out)
}

/// The kinds of problems: what they are called, their name, how many there are.
pub(super) const fn kinds(report: &Report) -> [(&'static str, &'static str, u64); 2] {
    [
        ("Not read", "not-read", report.not_read),
        (
            "Passed over: nothing to read",
            "passed-over",
            report.passed_over,
        ),
    ]
}

fn write_problems(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    for (title, kind, count) in kinds(report) {
        if count == 0 {
            continue;
        }
        heading(title, out, colour)?;
        let mut listed = 0;
        for problem in report
            .problems
            .iter()
            .filter(|problem| problem.kind == kind)
        {
            writeln!(out, "  {}: {}", problem.document, problem.reason)?;
            listed += 1;
        }
        if count > listed {
            writeln!(out, "  and {} more", count - listed)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_allowances(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    if report.allowances.is_empty() {
        return Ok(());
    }
    heading("Allowed by the settings", out, colour)?;
    for allowed in &report.allowances {
        let Allowed {
            line,
            reason,
            owner,
            until,
            ..
        } = allowed;
        writeln!(
            out,
            "  line {line}: {} ({reason}; {owner}; until {until})",
            standing(allowed)
        )?;
    }
    writeln!(out)
}

pub(super) fn standing(allowed: &Allowed) -> String {
    match allowed.state {
        "used" => format!("{} findings may stand", allowed.count),
        "unused" => "unused: take it out".to_owned(),
        "ended" => "ended, so it did not apply: take it out, or renew it".to_owned(),
        _ => "not applied: it names hashes, and there was no key".to_owned(),
    }
}

fn write_baseline(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    let Some(comparison) = &report.baseline else {
        return Ok(());
    };
    heading("Compared with the baseline", out, colour)?;
    writeln!(out, "  {} new, {} known", comparison.new, comparison.known)?;
    for gone in comparison.gone.iter().take(GONE) {
        let document = gone.place.document.as_deref().unwrap_or("not listed");
        let title = Class::parse(gone.place.class).map_or(gone.place.class, Class::title);
        writeln!(out, "  gone: {document}: {title}, {}", gone.count)?;
    }
    if comparison.gone.len() > GONE {
        writeln!(out, "  gone: {} more places", comparison.gone.len() - GONE)?;
    }
    if !comparison.gone.is_empty() {
        writeln!(
            out,
            "  The baseline can shrink: write it anew with --write-baseline."
        )?;
    }
    writeln!(out)
}

fn write_run(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    heading(
        &format!(
            "{} {}, {}",
            report.tool.name, report.tool.version, report.started
        ),
        out,
        colour,
    )?;
    writeln!(out, "  sources: {}", report.sources.join(", "))?;
    let amount = report.scanned;
    writeln!(
        out,
        "  read: {} documents, {} bytes, {} lines",
        amount.documents, amount.bytes, amount.lines
    )?;
    writeln!(out, "  looked for: {}", names(&report.looked_for))?;
    writeln!(out, "  confidence: {} and above", report.minimum_confidence)?;
    writeln!(out, "  limits: {}", limits(report))?;
    writeln!(out, "  left out by the settings: {} paths", report.excluded)?;
    writeln!(
        out,
        "  settings: {}",
        if report.settings_file {
            "from a file"
        } else {
            "defaults"
        }
    )?;
    writeln!(
        out,
        "  baseline: {}",
        if report.baseline.is_some() {
            "used"
        } else {
            "not used"
        }
    )?;
    let controls: Vec<&str> = report.controls.iter().map(|control| control.id).collect();
    writeln!(out, "  evidence for: {}", controls.join(", "))?;
    writeln!(out)
}

pub(super) fn limits(report: &Report) -> String {
    let limits: Vec<String> = report
        .limits
        .iter()
        .map(|(name, limit)| format!("{name} {limit}"))
        .collect();
    if limits.is_empty() {
        "none".to_owned()
    } else {
        limits.join(", ")
    }
}

pub(super) fn names(classes: &[Class]) -> String {
    classes
        .iter()
        .map(|class| class.name())
        .collect::<Vec<_>>()
        .join(", ")
}

fn write_next(report: &Report, out: &mut impl Write, colour: Colour) -> io::Result<()> {
    for step in next(report) {
        writeln!(out, "- {step}")?;
    }
    let (on, off) = if report.outcome.exit_code == 0 {
        colour.of("\x1b[32m")
    } else {
        colour.of("\x1b[1;31m")
    };
    writeln!(
        out,
        "{on}{}{off} Exit code {}.",
        report.outcome.meaning, report.outcome.exit_code
    )
}

/// What to do next.
pub(super) fn next(report: &Report) -> Vec<&'static str> {
    let mut steps = Vec::new();
    let found = |secret: bool| {
        report
            .counts
            .iter()
            .any(|count| (count.class == Class::Secret) == secret)
    };
    if found(true) {
        steps.push("Secrets: revoke and replace each of them first; taking it out of the file is not enough.");
    }
    if found(false) {
        steps.push("Logs: leave the field out where it is logged; until then, mask with `vouchsafe-scan --filter`.");
        steps.push("Copies: find out where these files were sent, and whether that recipient may have them.");
        steps.push("No PHI after all? Write an [[allow]] with reason, owner and last day into vouchsafe-scan.toml.");
    }
    if report.not_read > 0 {
        steps.push("Not read: give this run the right to read it, or leave it out in [exclude] on purpose.");
    }
    if report
        .allowances
        .iter()
        .any(|allowed| allowed.state != "used")
    {
        steps.push("Allowances: take out those that are unused or ended.");
    }
    steps
}
