//! Coverage over the window, as bars: a full bar where it was observed, a low one where it was not.

use jiff::{SignedDuration, Timestamp};

use super::head::number;
use super::out::{Out, class};
use crate::finding::CheckFinding;
use crate::report::text::shown;
use crate::report::view::View;
use crate::window::{Window, day_of};

/// Units of the horizontal axis.
const WIDTH: i64 = 1000;
/// Dates on the axis, at equal distances.
const TICKS: i64 = 4;
/// Gaps that are drawn of each check.
const STRIPS: usize = 500;

pub(super) fn section(out: &mut Out, view: &View<'_>) {
    out.raw("<section id=\"coverage\" aria-labelledby=\"coverage-h\">\n<h2 id=\"coverage-h\">Coverage over the window</h2>\n");
    out.raw(LEGEND);
    out.raw("<div data-proven>\n");
    out.table(
        "Coverage of each check",
        &["Check", "State", "Coverage", "Over the window"],
    );
    for check in &view.report.findings.checks {
        let id = &check.check;
        out.raw(&format!(
            "<tr data-find=\"{}\"><th scope=\"row\">",
            class(check.state)
        ));
        out.raw(&format!("<a href=\"#k{}\">", number(view, id)));
        out.cell("span", &format!("k/{id}"), &shown(id));
        out.raw("</a></th><td data-label=\"State\">");
        out.state(&format!("k/{id}/state"), check.state);
        out.raw("</td>");
        out.column(
            "td",
            "Coverage",
            &format!("k/{id}/coverage"),
            &check.coverage.words(),
        );
        out.raw("<td class=\"chart\" data-label=\"Over the window\">");
        share(out, check);
        strip(out, view, check);
        out.raw("</td></tr>\n");
    }
    out.end_table();
    out.raw("</div>\n</section>\n");
}

const LEGEND: &str = "<p class=\"quiet\">The thin bar is the share that was observed. Below it, along the dates: a full bar \
where the check was observed, a low bar where nothing speaks of it, a line where the window had not come yet. Each check \
lists its gaps with their times.</p>\n";

/// The share that is covered.
fn share(out: &mut Out, check: &CheckFinding) {
    out.raw("<svg class=\"share\" viewBox=\"0 0 1000 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    out.raw("<rect class=\"rest\" x=\"0\" y=\"0\" width=\"1000\" height=\"6\"/>");
    bar(
        out,
        &format!("k/{}/bar", check.check),
        "seen",
        (0, check.coverage.permille()),
        (0, 6),
    );
    out.raw("</svg>");
}

/// What was covered when.
pub(super) fn strip(out: &mut Out, view: &View<'_>, check: &CheckFinding) {
    let window = view.report.findings.window;
    let end = check.coverage.seconds;
    out.raw("<svg class=\"strip\" viewBox=\"0 0 1000 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let key = format!("k/{}/strip", check.check);
    let past = units(end, window);
    bar(
        out,
        &format!("{key}/future"),
        "future",
        (past, WIDTH),
        (22, 24),
    );
    // Covered is what lies between the gaps.
    let mut from = 0;
    for (place, gap) in check.coverage.gaps.iter().take(STRIPS).enumerate() {
        let begin = units(since(window, gap.from), window);
        let stop = units(since(window, gap.to), window);
        bar(
            out,
            &format!("{key}/seen/{place}"),
            "seen",
            (from, begin),
            (0, 24),
        );
        // The shortest gap is still seen.
        let width = (begin, stop.max(begin + 2));
        bar(out, &format!("{key}/gap/{place}"), "gap", width, (16, 24));
        from = stop;
    }
    bar(
        out,
        &format!("{key}/seen/last"),
        "seen",
        (from, past),
        (0, 24),
    );
    for tick in 1..TICKS {
        let x = WIDTH * tick / TICKS;
        out.raw(&format!("<path class=\"tick\" d=\"M{x} 0V24\"/>"));
    }
    out.raw("</svg><ol class=\"axis\">");
    for tick in 0..=TICKS {
        out.cell(
            &format!("li class=\"t{tick}\""),
            &format!("axis/{tick}"),
            &day_at(window, tick),
        );
    }
    out.raw("</ol>");
}

fn bar(out: &mut Out, key: &str, class: &str, (from, to): (i64, i64), (top, bottom): (i64, i64)) {
    if to <= from {
        return;
    }
    out.raw("<rect data-g=\"");
    out.text(key);
    let (width, height) = (to - from, bottom - top);
    out.raw(&format!(
        "\" class=\"{class}\" x=\"{from}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
    ));
}

fn since(window: Window, at: Timestamp) -> i64 {
    at.as_second().saturating_sub(window.from.as_second())
}

/// Seconds of the window as units of the axis, rounded down.
fn units(seconds: i64, window: Window) -> i64 {
    let units = seconds.saturating_mul(WIDTH).checked_div(window.seconds());
    units.unwrap_or(0).clamp(0, WIDTH)
}

/// The day at a tick. The last one is the last day of the window, not the one after.
pub(in crate::report) fn day_at(window: Window, tick: i64) -> String {
    let seconds = (window.seconds().saturating_mul(tick) / TICKS).min(window.seconds() - 1);
    let at = window
        .from
        .checked_add(SignedDuration::from_secs(seconds.max(0)));
    day_of(at.unwrap_or(window.from)).to_string()
}
