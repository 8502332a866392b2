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
    let places: Vec<String> = document
        .findings
        .iter()
        .map(|group| whole_place(document, group))
        .collect();
    let wide = |of: &dyn Fn(&Group) -> usize| document.findings.iter().map(of).max().unwrap_or(0);
    let widths = [
        places
            .iter()
            .map(|place| place.chars().count())
            .max()
            .unwrap_or(0),
        wide(&|group| group.class.name().len()),
        wide(&|group| group.field.map_or(1, str::len)),
    ];
    for (group, place) in document.findings.iter().zip(&places) {
        write_group(group, place, widths, out, colour)?;
    }
    writeln!(out)
}

fn write_group(
    group: &Group,
    place: &str,
    widths: [usize; 3],
    out: &mut impl Write,
    colour: Colour,
) -> io::Result<()> {
    let [place_wide, class_wide, field_wide] = widths;
    let (on, off) = colour.confidence(group.confidence);
    let (sure, class, field) = (
        group.confidence.name(),
        group.class.name(),
        group.field.unwrap_or("-"),
    );
    let mut line = format!("{place:place_wide$}  {on}{sure:6}{off}  {class:class_wide$}  ");
    line.push_str(&format!("{field:field_wide$}"));
    match group.new {
        Some(true) => line.push_str("  new"),
        Some(false) => line.push_str("  known"),
        None => {}
    }
    if group.count > 1 {
        line.push_str(&format!("  {} times{}", group.count, others(group)));
    }
    writeln!(out, "{}", line.trim_end())
}

/// The other places of a group.
fn others(group: &Group) -> String {
    let others: Vec<String> = group
        .places
        .iter()
        .skip(1)
        .map(|spot| spot_text(*spot))
        .filter(|spot| !spot.is_empty())
        .collect();
    let more = match group.count > group.places.len() as u64 {
        true => " ...",
        false => "",
    };
    match others.is_empty() {
        true => String::new(),
        false => format!(", also at {}{more}", others.join(" ")),
    }
}

/// The first place of a group with its document: `logs/app.log:12:40`, as terminals and editors open it.
fn whole_place(document: &Document, group: &Group) -> String {
    let part = place(group);
    match (&group.part, group.places.first()) {
        (None, Some(Spot::Line { .. })) => format!("{}:{part}", document.name),
        _ => format!("{}: {part}", document.name),
    }
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
        "{on}{:11}  {:>7}  {:>7}  {:>7}  {:>9}   45 CFR{off}",
        "Found", "high", "medium", "low", "all"
    )?;
    for count in &report.counts {
        let (high, medium, low, all) = (count.high, count.medium, count.low, count.total);
        let (class, title) = (count.class.name(), count.title);
        writeln!(
            out,
            "{class:11}  {high:>7}  {medium:>7}  {low:>7}  {all:>9}   {:20}  {title}",
            count.source.trim_start_matches("45 CFR ")
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
    let amount = report.scanned;
    let (documents, bytes, lines) = (amount.documents, amount.bytes, amount.lines);
    writeln!(
        out,
        "  read: {documents} documents, {bytes} bytes, {lines} lines"
    )?;
    writeln!(out, "  of: {}", sources(report))?;
    let classes = match report.looked_for.len() == Class::ALL.len() {
        true => "all classes".to_owned(),
        false => names(&report.looked_for),
    };
    writeln!(
        out,
        "  looked for: {classes}; confidence {} and above",
        report.minimum_confidence
    )?;
    let settings = match report.settings_file {
        true => "from a file",
        false => "defaults",
    };
    let baseline = match report.baseline {
        Some(_) => "used",
        None => "not used",
    };
    writeln!(
        out,
        "  settings: {settings}; baseline: {baseline}; left out: {} paths; limits: {}",
        report.excluded,
        limits(report)
    )?;
    let controls: Vec<&str> = report.controls.iter().map(|control| control.id).collect();
    writeln!(out, "  evidence for: {}", controls.join(", "))?;
    writeln!(out)
}

/// Paths that were given, listed at most.
const SOURCES: usize = 10;

fn sources(report: &Report) -> String {
    let listed: Vec<&str> = report
        .sources
        .iter()
        .take(SOURCES)
        .map(String::as_str)
        .collect();
    match report.sources.len().saturating_sub(SOURCES) {
        0 => listed.join(", "),
        more => format!("{}, and {more} more", listed.join(", ")),
    }
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
