//! What was observed of each check.

use super::chart::strip;
use super::out::{Out, class};
use crate::finding::{CheckFinding, State};
use crate::judgement::{Deviation, Item};
use crate::report::tables::{DEVIATIONS, population_file};
use crate::report::text::{counted, kind, moment, moment_or, severity, shown};
use crate::report::view::{GAPS, ROWS, View, by_severity, population, tally};
use crate::window::length;

pub(super) fn section(out: &mut Out, view: &View<'_>) {
    out.raw(
        "<section id=\"checks\" aria-labelledby=\"checks-h\">\n<h2 id=\"checks-h\">Checks</h2>\n",
    );
    for (number, check) in view.report.findings.checks.iter().enumerate() {
        of_check(out, view, number, check);
    }
    out.raw("</section>\n");
}

fn of_check(out: &mut Out, view: &View<'_>, number: usize, check: &CheckFinding) {
    let key = format!("k/{}", check.check);
    let open = if check.state == State::Deviations {
        " open"
    } else {
        ""
    };
    out.raw(&format!(
        "<details class=\"check\" id=\"k{number}\" data-find=\"{}\"{open}>\n<summary data-proven><h3>",
        class(check.state)
    ));
    out.cell("span", &key, &shown(&check.check));
    out.raw("</h3> ");
    out.state(&format!("{key}/state"), check.state);
    out.cell(
        "span class=\"tally\"",
        &format!("{key}/title"),
        &shown(&check.title),
    );
    out.raw("</summary>\n");
    proven(out, view, check);
    out.raw("<div data-proven>\n");
    facts(out, view, check, &key);
    deviations(out, check, &key);
    excepted(out, check, &key);
    unobservable(out, check, &key);
    notes(out, check, &key);
    out.raw("</div>\n");
    items(out, view, check);
    out.raw("</details>\n");
}

/// Where the finding stands in the log.
fn proven(out: &mut Out, view: &View<'_>, check: &CheckFinding) {
    out.raw("<p class=\"quiet\">");
    match view.proven.get(&check.check) {
        Some(index) => out.text(&format!("This finding is entry {index} of the log.")),
        None => out.text(
            "This finding is no entry of the log: it was computed from entries of the log when the report was made, \
             and this page cannot verify it. `vouchsafe evidence verify` computes it again.",
        ),
    }
    out.raw("</p>\n");
}

fn facts(out: &mut Out, view: &View<'_>, check: &CheckFinding, key: &str) {
    out.raw("<dl>");
    let mut fact = |label: &str, key: String, text: &str| {
        out.element("dt", label);
        out.cell("dd", &key, text);
    };
    fact("Kind", format!("{key}/kind"), kind(check.kind));
    fact("Result", format!("{key}/tally"), &tally(check));
    fact("Remedy", format!("{key}/remedy"), &shown(&check.remedy));
    let last = match (check.last, check.last_at) {
        (Some(index), Some(at)) => format!("entry {index}, {}", moment(at)),
        _ => "none".to_owned(),
    };
    fact(
        "Observations in the window",
        format!("{key}/observations"),
        &check.observations.to_string(),
    );
    fact("Last observation", format!("{key}/last"), &last);
    fact(
        "Definition, SHA-256",
        format!("{key}/definition"),
        &check.definition.to_string(),
    );
    if let (Some(words), Some(population)) = (population(check), &check.population) {
        fact("Population", format!("{key}/population"), &words);
        fact(
            "Completeness",
            format!("{key}/completeness"),
            &shown(&population.completeness),
        );
        fact(
            "Root of the population",
            format!("{key}/root"),
            &population.root,
        );
    }
    fact(
        "Coverage",
        format!("{key}/coverage"),
        &check.coverage.words(),
    );
    out.raw("</dl>\n<div class=\"chart\">");
    strip(out, view, check);
    out.raw("</div>\n");
    gaps(out, check, key);
}

fn gaps(out: &mut Out, check: &CheckFinding, key: &str) {
    let gaps = &check.coverage.gaps;
    if gaps.is_empty() {
        return;
    }
    out.raw("<h4>Gaps</h4>\n<ul>");
    for (place, gap) in gaps.iter().take(GAPS).enumerate() {
        let seconds = gap.to.as_second() - gap.from.as_second();
        let words = format!(
            "{} to {}, {}",
            moment(gap.from),
            moment(gap.to),
            length(seconds)
        );
        out.cell("li", &format!("{key}/gap/{place}"), &words);
    }
    out.raw("</ul>\n");
    more(
        out,
        &format!("{key}/gap/more"),
        gaps.len(),
        GAPS,
        "findings.json",
    );
}

fn deviations(out: &mut Out, check: &CheckFinding, key: &str) {
    if check.deviations.is_empty() {
        return;
    }
    out.raw("<h4>Deviations</h4>\n");
    out.table("Deviations, the gravest first", &COLUMNS);
    for (place, one) in by_severity(&check.deviations)
        .into_iter()
        .take(ROWS)
        .enumerate()
    {
        out.raw("<tr>");
        deviation(out, &format!("{key}/deviation/{place}"), one);
        out.raw("</tr>\n");
    }
    out.end_table();
    more(
        out,
        &format!("{key}/deviation/more"),
        check.deviations.len(),
        ROWS,
        DEVIATIONS,
    );
}

const COLUMNS: [&str; 7] = [
    "Severity", "Code", "Item", "What", "Since", "Until", "Place",
];

fn deviation(out: &mut Out, key: &str, one: &Deviation) {
    let cells: [String; 7] = [
        severity(one.severity).to_owned(),
        shown(&one.code),
        shown(&one.item),
        shown(&one.text),
        moment_or(one.since, "not known"),
        moment_or(one.until, "open or not known"),
        one.place
            .as_deref()
            .map_or_else(|| "none named".to_owned(), shown),
    ];
    for (column, (label, text)) in COLUMNS.iter().zip(&cells).enumerate() {
        let tag = match column {
            0 => format!("td class=\"{}\"", severity(one.severity)),
            1 | 2 | 6 => "td class=\"name\"".to_owned(),
            4 | 5 => "td class=\"when\"".to_owned(),
            _ => "td class=\"what\"".to_owned(),
        };
        out.column(&tag, label, &format!("{key}/{column}"), text);
    }
}

fn excepted(out: &mut Out, check: &CheckFinding, key: &str) {
    if check.excepted.is_empty() {
        return;
    }
    out.raw("<h4>Excepted</h4>\n");
    let mut columns = vec!["Exception"];
    columns.extend(COLUMNS);
    out.table("Deviations that an exception covers", &columns);
    for (place, one) in check.excepted.iter().take(ROWS).enumerate() {
        let key = format!("{key}/excepted/{place}");
        out.raw("<tr>");
        out.column(
            "td class=\"name\"",
            "Exception",
            &format!("{key}/exception"),
            &shown(&one.exception),
        );
        deviation(out, &key, &one.deviation);
        out.raw("</tr>\n");
    }
    out.end_table();
    more(
        out,
        &format!("{key}/excepted/more"),
        check.excepted.len(),
        ROWS,
        DEVIATIONS,
    );
}

fn unobservable(out: &mut Out, check: &CheckFinding, key: &str) {
    if check.unobservable.is_empty() {
        return;
    }
    out.raw("<h4>Unobservable</h4>\n");
    out.table(
        "What could not be judged",
        &["What cannot be seen", "Items"],
    );
    for (place, (what, count)) in check.unobservable.iter().take(ROWS).enumerate() {
        let key = format!("{key}/unobservable/{place}");
        out.raw("<tr>");
        out.column(
            "td",
            "What cannot be seen",
            &format!("{key}/what"),
            &shown(what),
        );
        out.column(
            "td class=\"number\"",
            "Items",
            &format!("{key}/items"),
            &count.to_string(),
        );
        out.raw("</tr>\n");
    }
    out.end_table();
    more(
        out,
        &format!("{key}/unobservable/more"),
        check.unobservable.len(),
        ROWS,
        "findings.json",
    );
}

fn notes(out: &mut Out, check: &CheckFinding, key: &str) {
    if check.notes.is_empty() {
        return;
    }
    out.raw("<h4>Notes of the last observation</h4>\n<ul>");
    for (place, note) in check.notes.iter().take(ROWS).enumerate() {
        out.cell("li", &format!("{key}/note/{place}"), &shown(note));
    }
    out.raw("</ul>\n");
    more(
        out,
        &format!("{key}/note/more"),
        check.notes.len(),
        ROWS,
        "findings.json",
    );
}

/// How much is not shown, and where it stands.
fn more(out: &mut Out, key: &str, count: usize, limit: usize, place: &str) {
    if let Some(more) = count.checked_sub(limit).filter(|more| *more > 0) {
        out.cell(
            "p class=\"more\"",
            key,
            &format!("{more} more in {place} of the pack"),
        );
    }
}

/// The first items of the population. They are an excerpt of a table whose digest is proven.
fn items(out: &mut Out, view: &View<'_>, check: &CheckFinding) {
    let Some(items) = view.report.populations.get(&check.check) else {
        return;
    };
    let count = items.len() as u64;
    out.raw("<details class=\"items\">\n<summary>");
    out.text(&format!("Population: {}", counted(count, "item")));
    out.raw("</summary>\n<p class=\"quiet\">");
    let file = population_file(&check.check);
    out.text(&format!("An excerpt of {file} of the pack. "));
    if let Some(index) = view.populations.get(&check.check) {
        out.text(&format!(
            "Its digest is in entry {index} of the log: choose the file under Verification to compare it."
        ));
    }
    out.raw("</p>\n");
    item_table(out, items);
    if let Some(more) = items.len().checked_sub(ROWS).filter(|more| *more > 0) {
        out.element(
            "p class=\"more\"",
            &format!("{more} more in {file} of the pack"),
        );
    }
    out.raw("</details>\n");
}

fn item_table(out: &mut Out, items: &[Item]) {
    let first: Vec<_> = items.iter().take(ROWS).collect();
    let columns: std::collections::BTreeSet<&str> = first
        .iter()
        .flat_map(|item| item.columns.keys().map(String::as_str))
        .collect();
    // A table with a hundred columns is read as CSV.
    let columns: Vec<&str> = columns.into_iter().take(8).collect();
    let named: Vec<String> = columns.iter().map(|column| shown(column)).collect();
    let mut head = vec!["Item", "At", "Until"];
    head.extend(named.iter().map(String::as_str));
    out.table("The first items", &head);
    for item in first {
        out.raw("<tr>");
        out.element("td class=\"name\" data-label=\"Item\"", &shown(&item.id));
        out.element(
            "td class=\"when\" data-label=\"At\"",
            &moment_or(item.at, "not known"),
        );
        out.element(
            "td class=\"when\" data-label=\"Until\"",
            &moment_or(item.until, "none"),
        );
        for column in &columns {
            out.raw("<td data-label=\"");
            out.text(&shown(column));
            out.raw("\">");
            out.text(&shown(item.columns.get(*column).map_or("", String::as_str)));
            out.raw("</td>");
        }
        out.raw("</tr>\n");
    }
    out.end_table();
}
