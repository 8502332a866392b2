//! The evidence that everything rests on, by type.

use super::out::Out;
use crate::report::EvidenceLine;
use crate::report::tables::EVIDENCE;
use crate::report::text::{bytes, counted, moment, shown};
use crate::report::view::{LINES, ROWS, View};

const COLUMNS: [&str; 7] = [
    "Index",
    "Source",
    "Request",
    "Collected",
    "State",
    "SHA-256",
    "Size",
];

pub(super) fn section(out: &mut Out, view: &View<'_>) {
    let lines = &view.report.evidence;
    out.raw("<section id=\"evidence\" aria-labelledby=\"evidence-h\">\n<h2 id=\"evidence-h\">Evidence</h2>\n<p>");
    let failed = lines.iter().filter(|line| line.failed.is_some()).count();
    let late = lines.iter().filter(|line| line.late).count();
    out.text(&format!(
        "{} of the log were collected from outside: {failed} failed, {late} late. All are listed in {EVIDENCE} of the pack. \
         To compare a file with its digest, choose it under Verification.",
        match lines.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        }
    ));
    out.raw("</p>\n");
    let told = lines
        .iter()
        .filter(|line| line.failed.is_some() || line.late);
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        group(out, "Failed and late collections", &told, ROWS, " open");
    }
    for (schema, lines) in view.evidence() {
        let title = shown(schema);
        group(out, &title, &lines, LINES, "");
    }
    out.raw("</section>\n");
}

fn group(out: &mut Out, title: &str, lines: &[&EvidenceLine<'_>], limit: usize, open: &str) {
    out.raw(&format!("<details{open} data-find>\n<summary><h3>"));
    out.text(title);
    out.raw("</h3> ");
    let size = lines.iter().map(|line| line.size).sum();
    out.text(&format!(
        "{}, {}",
        match lines.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        },
        bytes(size)
    ));
    out.raw("</summary>\n");
    out.table(title, &COLUMNS);
    for line in lines.iter().take(limit) {
        row(out, line);
    }
    out.end_table();
    if let Some(more) = (lines.len() as u64)
        .checked_sub(limit as u64)
        .filter(|more| *more > 0)
    {
        out.element(
            "p class=\"more\"",
            &format!("{} more in {EVIDENCE} of the pack", counted(more, "line")),
        );
    }
    out.raw("</details>\n");
}

fn row(out: &mut Out, line: &EvidenceLine<'_>) {
    let state = match (line.failed, line.late) {
        (Some(why), false) => format!("failed: {}", shown(why)),
        (Some(why), true) => format!("failed, late: {}", shown(why)),
        (None, true) => "collected late".to_owned(),
        (None, false) => "collected".to_owned(),
    };
    out.raw(if line.failed.is_some() || line.late {
        "<tr class=\"warn\">"
    } else {
        "<tr>"
    });
    out.element(
        "td class=\"number\" data-label=\"Index\"",
        &line.index.to_string(),
    );
    out.element(
        "td class=\"name\" data-label=\"Source\"",
        &shown(line.source),
    );
    out.element(
        "td class=\"name\" data-label=\"Request\"",
        &shown(line.request),
    );
    out.element(
        "td class=\"when\" data-label=\"Collected\"",
        &moment(line.collected_at),
    );
    out.element("td data-label=\"State\"", &state);
    out.element(
        "td class=\"digest\" data-label=\"SHA-256\"",
        &line.content.to_string(),
    );
    out.element("td class=\"number\" data-label=\"Size\"", &bytes(line.size));
    out.raw("</tr>\n");
}
