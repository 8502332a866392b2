//! One page that is read without a network, from the control down to the raw evidence.
//!
//! What the page says of controls and checks stands in cells with a key (`data-v`). The script of the page takes the
//! entries that the page brings, verifies them against the signed head, works out from them what each cell must say, and
//! compares. Text without a key in these parts of the page is a label of `page.js`, or is noticed.

mod chart;
mod checks;
mod controls;
mod evidence;
mod head;
mod out;
mod proof;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::text::shown;
use super::view::View;
use super::{Report, ReportError};
pub(super) use head::checkpoint;
use out::Out;

const STYLE: &str = include_str!("../../data/report/page.css");
const SCRIPT: &str = include_str!("../../data/report/page.js");
const SHAPES: &str = include_str!("../../data/report/shapes.svg");

/// The page.
///
/// # Errors
/// When the checkpoint or an entry that is to be proven cannot be read.
pub(crate) fn html(report: &Report<'_>) -> Result<String, ReportError> {
    let view = View::of(report)?;
    let mut out = Out::new();
    top(&mut out, report);
    head::header(&mut out, &view)?;
    out.raw("<main id=\"main\">\n");
    head::first(&mut out, &view);
    proof::section(&mut out, report);
    controls::section(&mut out, &view);
    chart::section(&mut out, &view);
    checks::section(&mut out, &view);
    evidence::section(&mut out, &view);
    out.raw("</main>\n");
    foot(&mut out, report);
    out.raw("<script type=\"application/json\" id=\"proven\">");
    out.raw(&proof::data(report)?);
    out.raw("</script>\n<script>");
    out.raw(SCRIPT);
    out.raw("</script>\n</body>\n</html>\n");
    Ok(out.into_string())
}

fn top(out: &mut Out, report: &Report<'_>) {
    out.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Nothing is loaded from anywhere, and no script or style runs but these two.
    out.raw(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; \
         style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n",
        hash(SCRIPT),
        hash(STYLE)
    ));
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
    out.raw("<title>");
    out.text(&format!(
        "Evidence report: {}, {}",
        shown(report.project),
        report.findings.window
    ));
    out.raw("</title>\n<style>");
    out.raw(STYLE);
    out.raw("</style>\n</head>\n<body>\n");
    out.raw("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    out.raw(SHAPES);
}

fn foot(out: &mut Out, report: &Report<'_>) {
    out.raw("<footer>\n<p>Not legal advice, and no attestation: which controls apply, and whether what was observed is \
             enough, is for counsel and for the auditor to say.</p>\n<p>Made by ");
    out.text(&shown(report.program));
    out.raw(". SHA-256 of the script of this page: <code>");
    out.text(&format!("sha256-{}", hash(SCRIPT)));
    out.raw("</code>.</p>\n</footer>\n");
}

/// SHA-256 in base64, as Content-Security-Policy writes it.
fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()))
}
