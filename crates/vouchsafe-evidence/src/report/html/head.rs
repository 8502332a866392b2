//! What the report is of, and what to read first.

use vouchsafe_tlog::{Checkpoint, SignedNote};

use super::out::{Out, class};
use crate::finding::State;
use crate::report::text::{moment, shown};
use crate::report::view::{STEPS, View, tally};
use crate::report::{Report, ReportError};

/// The head of the log that the report stands on.
pub(in crate::report) fn checkpoint(report: &Report<'_>) -> Result<Checkpoint, ReportError> {
    let fault = |error: &dyn std::fmt::Display| ReportError::Checkpoint(error.to_string());
    let note = SignedNote::parse(report.checkpoint).map_err(|error| fault(&error))?;
    Checkpoint::parse(note.text()).map_err(|error| fault(&error))
}

pub(super) fn header(out: &mut Out, view: &View<'_>) -> Result<(), ReportError> {
    let report = view.report;
    let head = checkpoint(report)?;
    out.raw("<header>\n<p class=\"kind\">Evidence report</p>\n");
    out.element("h1", &shown(report.project));
    out.raw("<dl class=\"facts\" data-proven>\n<div><dt>Window</dt>");
    out.cell("dd", "window", &report.findings.window.to_string());
    out.raw("</div>\n<div><dt>Head of the log</dt>");
    out.cell(
        "dd",
        "head",
        &format!("{} entries, root {}", head.size, head.root.to_base64()),
    );
    out.raw("</div>\n<div><dt>Origin of the log</dt>");
    out.cell("dd", "origin", &shown(report.origin));
    out.raw("</div>\n<div><dt>Key of the log</dt>");
    out.cell("dd", "key", &shown(&report.key));
    out.raw("</div>\n</dl>\n<dl class=\"facts\">\n<div><dt>Judged as of</dt>");
    out.element("dd", &moment(report.findings.as_of));
    out.raw("</div>\n<div><dt>Entries looked at</dt>");
    out.element(
        "dd",
        &format!("those before index {}", report.findings.before),
    );
    out.raw("</div>\n<div><dt>Program</dt>");
    out.element("dd", &shown(report.program));
    out.raw("</div>\n</dl>\n");
    out.raw(
        "<nav aria-label=\"Contents\"><ol><li><a href=\"#first\">Read this first</a></li>\
         <li><a href=\"#verify\">Verification</a></li><li><a href=\"#controls\">Controls</a></li>\
         <li><a href=\"#coverage\">Coverage</a></li><li><a href=\"#checks\">Checks</a></li>\
         <li><a href=\"#evidence\">Evidence</a></li></ol></nav>\n</header>\n",
    );
    Ok(())
}

/// The summary, and what to do next.
pub(super) fn first(out: &mut Out, view: &View<'_>) {
    out.raw("<section id=\"first\" aria-labelledby=\"first-h\">\n<h2 id=\"first-h\">Read this first</h2>\n");
    out.raw("<div data-proven>\n<p>Controls of the catalogue, by what was observed of them in the window:</p>\n");
    out.raw("<ul class=\"counts\">\n");
    for (state, count) in view.counts() {
        let (class, word) = (class(state), state.word());
        out.raw(&format!(
            "<li class=\"{class}\"><svg class=\"shape\" aria-hidden=\"true\"><use href=\"#s-{class}\"/></svg>"
        ));
        out.cell("b", &format!("n/{word}"), &count.to_string());
        out.raw(" ");
        out.element("span", word);
        out.raw("</li>\n");
    }
    out.raw("</ul>\n");
    steps(out, view);
    out.raw("</div>\n");
    out.raw(MEANING);
    out.raw("</section>\n");
}

fn steps(out: &mut Out, view: &View<'_>) {
    out.raw("<h3>What to do next</h3>\n");
    let steps = view.steps();
    if steps.is_empty() {
        out.raw("<p>No check asks for anything.</p>\n");
        return;
    }
    out.raw("<ol class=\"steps\">\n");
    for check in steps.iter().take(STEPS) {
        let id = &check.check;
        out.raw("<li>");
        out.state(&format!("k/{id}/state"), check.state);
        out.raw(&format!(" <a href=\"#k{}\">", number(view, id)));
        out.cell("span", &format!("k/{id}"), &shown(id));
        out.raw("</a> ");
        if check.state == State::Deviations {
            out.cell(
                "span class=\"tally\"",
                &format!("k/{id}/tally"),
                &tally(check),
            );
        } else {
            out.cell(
                "span class=\"tally\"",
                &format!("k/{id}/coverage"),
                &check.coverage.words(),
            );
        }
        out.cell("p", &format!("k/{id}/remedy"), &shown(&check.remedy));
        out.raw("</li>\n");
    }
    out.raw("</ol>\n");
    if let Some(more) = steps.len().checked_sub(STEPS).filter(|more| *more > 0) {
        out.raw("</div>\n<p class=\"more\">");
        out.text(&format!(
            "{more} more checks ask for something: see Checks."
        ));
        out.raw("</p>\n<div data-proven>\n");
    }
}

/// The number of a check on the page: its anchor.
pub(super) fn number(view: &View<'_>, id: &str) -> usize {
    let mut checks = view.report.findings.checks.iter();
    checks.position(|check| check.check == id).unwrap_or(0)
}

/// What the words mean. Fixed text.
const MEANING: &str = "<details class=\"meaning\">\n<summary>What the words mean, and what this report is not</summary>\n\
<dl>\n\
<dt>deviations</dt><dd>At least one event or state in the window was not as the control asks. Each is listed.</dd>\n\
<dt>no evidence</dt><dd>Nothing was observed in the window. Nothing is said about the control.</dd>\n\
<dt>gaps</dt><dd>No deviation was seen, and a part of the window or of the population was not seen either.</dd>\n\
<dt>excepted</dt><dd>There were deviations, and reviewed exceptions that end cover each of them. Not a pass.</dd>\n\
<dt>examined, not tested</dt><dd>Records were looked at and are in order. A machine cannot test this control.</dd>\n\
<dt>held</dt><dd>Observed over the whole window, without a deviation.</dd>\n\
<dt>not applicable</dt><dd>There was nothing that the control could apply to.</dd>\n\
</dl>\n\
<p>A check that ends in an error is neither pass nor fail: it opens a gap. A gap can be explained later, and never \
closed. What a source refused to show is unobservable, and counts as unseen.</p>\n\
<p>This report says what was observed, and on which evidence. It is no opinion, no attestation and not legal advice; it \
names nobody as meeting a law or a standard. Which controls apply is for counsel and for the auditor to say.</p>\n\
</details>\n";
