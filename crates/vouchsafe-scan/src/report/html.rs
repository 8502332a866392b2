//! The report as a page: one file that needs neither scripts nor a network.

use std::fmt::{self, Display};
use std::io::{self, Write};

use super::text::{kinds, limits, names, next, place, spot_text, standing};
use super::{Control, Document, Group, Report};
use crate::class::Class;

const STYLE: &str = include_str!("page.css");
/// Documents that are open at first.
const OPEN: usize = 5;
/// Findings of the baseline that are gone, listed at most.
const GONE: usize = 200;

/// A text whose characters mean nothing to HTML.
struct Text<T>(T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_fmt(&mut Escaped(f), format_args!("{}", self.0))
    }
}

struct Escaped<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                _ => fmt::Write::write_char(self.0, character)?,
            }
        }
        Ok(())
    }
}

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    write_head(report, out)?;
    write_next(report, out)?;
    write_classes(report, out)?;
    write_documents(report, out)?;
    write_problems(report, out)?;
    write_allowances(report, out)?;
    write_baseline(report, out)?;
    write_run(report, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

fn write_head(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mood = if report.outcome.exit_code == 0 {
        "good"
    } else {
        "bad"
    };
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>Scan for PHI and secrets</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Scan for PHI and secrets</h1>\n\
         <p class=\"quiet\">{} {}, begun {}. This page holds no value that was found; names are masked.</p>\n\
         <p class=\"outcome {mood}\" role=\"status\">{}<span>{} findings, {} not read, {} passed over. Exit code {}.</span></p>",
        report.tool.name,
        report.tool.version,
        report.started,
        Text(report.outcome.meaning),
        report.total(),
        report.not_read,
        report.passed_over,
        report.outcome.exit_code
    )
}

fn write_next(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let steps = next(report);
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>What to do next</h2>\n<ol>")?;
    for step in steps {
        writeln!(out, "<li>{}</li>", Text(step))?;
    }
    writeln!(out, "</ol>")
}

fn begin_table(caption: &str, columns: &[(&str, bool)], out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table>",
        Text(caption)
    )?;
    write!(out, "<caption>{}</caption>\n<thead><tr>", Text(caption))?;
    for (column, number) in columns {
        let class = if *number { " class=\"number\"" } else { "" };
        write!(out, "<th scope=\"col\"{class}>{}</th>", Text(column))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")
}

fn end_table(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "</tbody></table></div>")
}

fn write_classes(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.counts.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>By class</h2>")?;
    let columns = [
        ("Class", false),
        ("High", true),
        ("Medium", true),
        ("Low", true),
        ("All", true),
        ("Named in", false),
    ];
    begin_table("Findings by class and confidence", &columns, out)?;
    for count in &report.counts {
        write!(out, "<tr><th scope=\"row\">{}</th>", Text(count.title))?;
        for number in [count.high, count.medium, count.low, count.total] {
            write!(out, "<td class=\"number\">{number}</td>")?;
        }
        writeln!(out, "<td>{}</td></tr>", Text(count.source))?;
    }
    end_table(out)
}

fn write_documents(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.documents.is_empty() && report.not_listed.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>By file</h2>")?;
    for (index, document) in report.documents.iter().enumerate() {
        write_document(document, index < OPEN, out)?;
    }
    if report.not_listed.is_empty() {
        return Ok(());
    }
    begin_table(
        "More, not listed: too many places; the counts are exact",
        &[("Class", false), ("All", true)],
        out,
    )?;
    for (class, count) in &report.not_listed {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{count}</td></tr>",
            Text(class.title())
        )?;
    }
    end_table(out)
}

fn write_document(document: &Document, open: bool, out: &mut impl Write) -> io::Result<()> {
    let total = document
        .findings
        .iter()
        .fold(0_u64, |sum, group| sum.saturating_add(group.count));
    let open = if open { " open" } else { "" };
    let name = Text(&document.name);
    writeln!(
        out,
        "<details{open}><summary><b>{total}</b><span class=\"name\">{name}</span></summary>"
    )?;
    let compared = document.findings.iter().any(|group| group.new.is_some());
    let mut columns = vec![
        ("Place", false),
        ("Class", false),
        ("Field", false),
        ("Confidence", false),
        ("Count", true),
        ("Also at", false),
    ];
    if compared {
        columns.push(("Baseline", false));
    }
    begin_table(
        "Findings by place: line and byte in it, byte of the file, or column and row",
        &columns,
        out,
    )?;
    for group in &document.findings {
        write_group(group, out)?;
    }
    end_table(out)?;
    writeln!(out, "</details>")
}

fn write_group(group: &Group, out: &mut impl Write) -> io::Result<()> {
    let confidence = group.confidence.name();
    write!(
        out,
        "<tr><th scope=\"row\" class=\"name\">{}</th><td>{}</td><td data-label=\"Field\">{}</td>\
         <td class=\"{confidence}\">{confidence}</td><td class=\"number\" data-label=\"Count\">{}</td>",
        Text(place(group)),
        Text(group.class.title()),
        Text(group.field.unwrap_or("-")),
        group.count
    )?;
    let others: Vec<String> = group
        .places
        .iter()
        .skip(1)
        .map(|spot| spot_text(*spot))
        .collect();
    let more = if group.count > group.places.len() as u64 && !others.is_empty() {
        ", ..."
    } else {
        ""
    };
    write!(
        out,
        "<td class=\"name\" data-label=\"Also at\">{}{more}</td>",
        Text(others.join(", "))
    )?;
    match group.new {
        Some(true) => write!(out, "<td>new</td>")?,
        Some(false) => write!(out, "<td>known</td>")?,
        None => {}
    }
    writeln!(out, "</tr>")
}

fn write_problems(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for (heading, kind, count) in kinds(report) {
        let listed = || {
            report
                .problems
                .iter()
                .filter(|problem| problem.kind == kind)
        };
        if count == 0 {
            continue;
        }
        writeln!(out, "<h2>{heading}</h2>")?;
        let caption = format!("{} of {count} are listed", listed().count());
        begin_table(&caption, &[("File", false), ("Reason", false)], out)?;
        for problem in listed() {
            let (document, reason) = (Text(&problem.document), Text(&problem.reason));
            writeln!(
                out,
                "<tr><th scope=\"row\" class=\"name\">{document}</th><td>{reason}</td></tr>"
            )?;
        }
        end_table(out)?;
    }
    Ok(())
}

fn write_allowances(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.allowances.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Allowed by the settings</h2>")?;
    let columns = [
        ("Line", true),
        ("What became of it", false),
        ("Reason", false),
        ("Owner", false),
        ("Until", false),
    ];
    begin_table("Allowances in vouchsafe-scan.toml", &columns, out)?;
    for allowed in &report.allowances {
        write!(
            out,
            "<tr><td class=\"number\">{}</td><td>{}</td>",
            allowed.line,
            Text(standing(allowed))
        )?;
        let (reason, owner) = (Text(&allowed.reason), Text(&allowed.owner));
        writeln!(
            out,
            "<td>{reason}</td><td>{owner}</td><td>{}</td></tr>",
            allowed.until
        )?;
    }
    end_table(out)
}

fn write_baseline(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Some(comparison) = &report.baseline else {
        return Ok(());
    };
    writeln!(out, "<h2>Compared with the baseline</h2>")?;
    writeln!(
        out,
        "<p>{} new, {} known.</p>",
        comparison.new, comparison.known
    )?;
    if comparison.gone.is_empty() {
        return Ok(());
    }
    let caption = format!(
        "{} places are gone: write the baseline anew, so that it shrinks",
        comparison.gone.len()
    );
    begin_table(
        &caption,
        &[("File", false), ("Class", false), ("Gone", true)],
        out,
    )?;
    for gone in comparison.gone.iter().take(GONE) {
        let document = Text(gone.place.document.as_deref().unwrap_or("not listed"));
        let class = Text(Class::parse(gone.place.class).map_or(gone.place.class, Class::title));
        write!(
            out,
            "<tr><th scope=\"row\" class=\"name\">{document}</th><td>{class}</td>"
        )?;
        writeln!(out, "<td class=\"number\">{}</td></tr>", gone.count)?;
    }
    end_table(out)
}

fn write_run(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let amount = report.scanned;
    let rows = [
        (
            "Program",
            format!("{} {}", report.tool.name, report.tool.version),
        ),
        ("Sources", report.sources.join(", ")),
        (
            "Read",
            format!(
                "{} documents, {} bytes, {} lines",
                amount.documents, amount.bytes, amount.lines
            ),
        ),
        ("Looked for", names(&report.looked_for)),
        (
            "Confidence",
            format!("{} and above", report.minimum_confidence),
        ),
        ("Limits", limits(report)),
        (
            "Left out",
            format!("{} paths, by the settings", report.excluded),
        ),
        (
            "Settings",
            if report.settings_file {
                "from a file"
            } else {
                "defaults"
            }
            .to_owned(),
        ),
        (
            "Baseline",
            if report.baseline.is_some() {
                "used"
            } else {
                "not used"
            }
            .to_owned(),
        ),
        ("Evidence for", controls(report)),
    ];
    writeln!(out, "<h2>The run</h2>\n<dl>")?;
    for (name, value) in rows {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", Text(name), Text(value))?;
    }
    writeln!(out, "</dl>")
}

fn controls(report: &Report) -> String {
    let control =
        |control: &Control| format!("{} {} ({})", control.source, control.id, control.title);
    report
        .controls
        .iter()
        .map(control)
        .collect::<Vec<_>>()
        .join("; ")
}
