//! What stands on the pages.

use vouchsafe_tlog::Checkpoint;

use super::paper::{
    BLACK, Cell, Colour, FAINT, Look, MARGIN, PLAIN, Paper, QUIET, SMALL, STRONG, WIDTH,
};
use crate::catalogue::Framework;
use crate::finding::{CheckFinding, State};
use crate::judgement::Deviation;
use crate::report::tables::{DEVIATIONS, EVIDENCE, population_file};
use crate::report::text::{bytes, framework, kind, moment, moment_or, rule, severity, shown};
use crate::report::view::{GAPS, ROWS, STEPS, View, by_severity, population, tally};
use crate::window::{Window, length};

const SEEN: Colour = [0.18, 0.49, 0.29];
const GAP: Colour = [0.70, 0.15, 0.12];
const BACK: Colour = [0.93, 0.94, 0.96];

/// The colour of a state. Its word always stands beside it.
const fn colour(state: State) -> Colour {
    match state {
        State::Deviations => [0.64, 0.09, 0.11],
        State::NoEvidence => [0.48, 0.24, 0.0],
        State::Gaps => [0.48, 0.29, 0.0],
        State::Excepted => [0.36, 0.23, 0.61],
        State::Examined => [0.04, 0.35, 0.48],
        State::Held => [0.07, 0.39, 0.18],
        State::NotApplicable => QUIET,
    }
}

fn stated(state: State, size: f32) -> Cell {
    let look = Look {
        colour: colour(state),
        size,
        ..STRONG
    };
    Cell::new(state.word(), look)
}

/// The first page: what it is of, what was found, what to do.
pub(super) fn cover(paper: &mut Paper, view: &View<'_>, head: &Checkpoint, escaped: u64) {
    let report = view.report;
    paper.turn();
    paper.paragraph(
        "Evidence report",
        Look {
            size: 11.0,
            ..FAINT
        },
    );
    paper.heading(&shown(report.project), 22.0, false);
    paper.fact("Window", &report.findings.window.to_string());
    paper.fact("Judged as of", &moment(report.findings.as_of));
    paper.fact(
        "Head of the log",
        &format!("{} entries, root {}", head.size, head.root.to_base64()),
    );
    paper.fact("Origin of the log", &shown(report.origin));
    paper.fact("Key of the log", &shown(&report.key));
    paper.fact(
        "Entries looked at",
        &format!("those before index {}", report.findings.before),
    );
    paper.fact("Program", &shown(report.program));
    paper.heading("Read this first", 14.0, false);
    paper.paragraph(
        "Controls of the catalogue, by what was observed of them in the window:",
        PLAIN,
    );
    paper.space(4.0);
    for (state, count) in view.counts() {
        let number = Look {
            size: 11.0,
            colour: colour(state),
            ..STRONG
        };
        let cells = [
            Cell::new(count.to_string(), number),
            stated(state, 10.0),
            Cell::new(meaning(state), FAINT),
        ];
        paper.table_row(&[34.0, 116.0, WIDTH - 2.0 * MARGIN - 150.0], &cells);
    }
    steps(paper, view);
    paper.heading("What this report is not", 11.0, true);
    paper.paragraph(NOT, PLAIN);
    paper.space(4.0);
    paper.paragraph(VERIFY, PLAIN);
    if escaped > 0 {
        paper.space(4.0);
        paper.paragraph(
            &format!(
                "{escaped} characters of names and texts are not in the font of this document. They are written as \\u{{...}} with \
                 their number in Unicode; report.html shows them."
            ),
            PLAIN,
        );
    }
}

const NOT: &str = "It says what was observed, and on which evidence. It is no opinion, no attestation and not legal advice; it \
names nobody as meeting a law or a standard. Which controls apply is for counsel and for the auditor to say.";
const VERIFY: &str = "Paper proves nothing. report.html of the pack verifies itself in a browser; `vouchsafe evidence verify` \
computes every finding again from the raw evidence, with the key and the head of the log that the auditor kept.";

const fn meaning(state: State) -> &'static str {
    match state {
        State::Deviations => "At least one event or state was not as the control asks.",
        State::NoEvidence => "Nothing was observed. Nothing is said about the control.",
        State::Gaps => "No deviation was seen, and a part was not seen either.",
        State::Excepted => {
            "Deviations, each covered by a reviewed exception that ends. Not a pass."
        }
        State::Examined => "Records are in order. A machine cannot test this control.",
        State::Held => "Observed over the whole window, without a deviation.",
        State::NotApplicable => "There was nothing that the control could apply to.",
    }
}

fn steps(paper: &mut Paper, view: &View<'_>) {
    paper.heading("What to do next", 11.0, true);
    let steps = view.steps();
    if steps.is_empty() {
        paper.paragraph("No check asks for anything.", PLAIN);
    }
    for (number, check) in steps.iter().take(STEPS).enumerate() {
        let told = if check.state == State::Deviations {
            tally(check)
        } else {
            format!("{}: {}", check.state.word(), check.coverage.words())
        };
        let look = Look {
            colour: colour(check.state),
            ..STRONG
        };
        paper.paragraph(
            &format!("{}. {}: {told}", number + 1, shown(&check.check)),
            look,
        );
        paper.paragraph(&shown(&check.remedy), PLAIN);
        paper.space(2.0);
    }
    more(
        paper,
        steps.len(),
        STEPS,
        "checks ask for something: see Checks",
    );
}

pub(super) fn body(paper: &mut Paper, view: &View<'_>) {
    controls(paper, view);
    coverage(paper, view);
    paper.heading("Checks", 15.0, false);
    for check in &view.report.findings.checks {
        of_check(paper, view, check);
    }
    evidence(paper, view);
}

fn controls(paper: &mut Paper, view: &View<'_>) {
    paper.turn();
    paper.heading("Controls", 15.0, false);
    paper.paragraph("A control is as its worst check is.", FAINT);
    let widths = [92.0, 170.0, 58.0, 76.0, 103.0];
    for of in [Framework::Hipaa, Framework::Soc2] {
        let controls: Vec<_> = view.controls(of).collect();
        if controls.is_empty() {
            continue;
        }
        paper.heading(framework(of), 11.0, true);
        paper.table_head(
            &widths,
            &["Control", "What it asks", "Rule", "State", "Checks"],
        );
        for control in controls {
            let checks = control
                .checks
                .iter()
                .map(|id| match view.checks.get(id.as_str()) {
                    Some(check) => format!("{} ({})", shown(id), check.state.word()),
                    None => format!("{} (not in this program)", shown(id)),
                });
            let checks: Vec<_> = checks.collect();
            let checks = if checks.is_empty() {
                "none".to_owned()
            } else {
                checks.join(", ")
            };
            let cells = [
                Cell::new(
                    shown(&control.control),
                    Look {
                        size: 8.5,
                        ..STRONG
                    },
                ),
                Cell::new(shown(&control.title), SMALL),
                Cell::new(rule(control.rule), SMALL),
                stated(control.state, 8.0),
                Cell::new(checks, SMALL),
            ];
            paper.table_row(&widths, &cells);
        }
    }
}

fn coverage(paper: &mut Paper, view: &View<'_>) {
    let window = view.report.findings.window;
    paper.heading("Coverage over the window", 15.0, false);
    paper.paragraph(
        "A full bar where the check was observed, a low bar where nothing speaks of it, from the first day of the window to \
         its last.",
        FAINT,
    );
    let widths = [132.0, 72.0, 110.0, 185.0];
    paper.table_head(
        &widths,
        &["Check", "State", "Coverage", &window.to_string()],
    );
    for check in &view.report.findings.checks {
        paper.room(26.0);
        let cells = [
            Cell::new(shown(&check.check), SMALL),
            stated(check.state, 8.0),
            Cell::new(check.coverage.words(), SMALL),
            Cell::new("", SMALL),
        ];
        paper.table_row(&widths, &cells);
        let top = paper.here();
        strip(paper, check, window, (MARGIN + 314.0, top + 4.0, 185.0));
    }
}

/// Coverage as bars, at a place, over a width.
fn strip(
    paper: &mut Paper,
    check: &CheckFinding,
    window: Window,
    (left, bottom, width): (f32, f32, f32),
) {
    let whole = window.seconds().max(1);
    // Thousandths are fine enough for paper.
    let place = |seconds: i64| {
        let share = seconds.saturating_mul(1000) / whole;
        width * f32::from(i16::try_from(share.clamp(0, 1000)).unwrap_or(0)) / 1000.0
    };
    let since = |at: jiff::Timestamp| at.as_second().saturating_sub(window.from.as_second());
    let past = place(check.coverage.seconds);
    paper.bar(left, bottom, width, 9.0, BACK);
    let mut from = 0.0;
    for gap in check.coverage.gaps.iter().take(500) {
        let (begin, stop) = (place(since(gap.from)), place(since(gap.to)));
        paper.bar(left + from, bottom, (begin - from).max(0.0), 9.0, SEEN);
        paper.bar(left + begin, bottom, (stop - begin).max(0.6), 3.0, GAP);
        from = stop;
    }
    paper.bar(left + from, bottom, (past - from).max(0.0), 9.0, SEEN);
}

fn of_check(paper: &mut Paper, view: &View<'_>, check: &CheckFinding) {
    paper.heading(&shown(&check.check), 11.5, true);
    let look = Look {
        colour: colour(check.state),
        ..STRONG
    };
    paper.paragraph(check.state.word(), look);
    paper.paragraph(&shown(&check.title), PLAIN);
    paper.space(2.0);
    paper.fact("Kind", kind(check.kind));
    paper.fact("Result", &tally(check));
    paper.fact("Remedy", &shown(&check.remedy));
    let last = match (check.last, check.last_at) {
        (Some(index), Some(at)) => format!("entry {index}, {}", moment(at)),
        _ => "none".to_owned(),
    };
    paper.fact(
        "Observations in the window",
        &check.observations.to_string(),
    );
    paper.fact("Last observation", &last);
    paper.fact("Definition, SHA-256", &check.definition.to_string());
    let proven = match view.proven.get(&check.check) {
        Some(index) => format!("entry {index} of the log"),
        None => "no entry of the log".to_owned(),
    };
    paper.fact("This finding", &proven);
    if let (Some(words), Some(population)) = (population(check), &check.population) {
        paper.fact(
            "Population",
            &format!("{words}: {}", population_file(&check.check)),
        );
        paper.fact("Completeness", &shown(&population.completeness));
        paper.fact("Root of the population", &population.root);
    }
    paper.fact("Coverage", &check.coverage.words());
    paper.space(3.0);
    paper.room(16.0);
    let bottom = paper.here() - 10.0;
    strip(
        paper,
        check,
        view.report.findings.window,
        (MARGIN, bottom, WIDTH - 2.0 * MARGIN),
    );
    paper.space(14.0);
    gaps(paper, check);
    let deviations: Vec<_> = by_severity(&check.deviations)
        .into_iter()
        .map(|one| (None, one))
        .collect();
    deviation_table(paper, "Deviations, the gravest first", &deviations);
    let excepted = check.excepted.iter();
    let excepted: Vec<_> = excepted
        .map(|one| (Some(one.exception.as_str()), &one.deviation))
        .collect();
    deviation_table(paper, "Deviations that an exception covers", &excepted);
    lists(paper, check);
}

fn gaps(paper: &mut Paper, check: &CheckFinding) {
    let gaps = &check.coverage.gaps;
    if gaps.is_empty() {
        return;
    }
    title(paper, "Gaps");
    for gap in gaps.iter().take(GAPS) {
        let seconds = gap.to.as_second() - gap.from.as_second();
        paper.paragraph(
            &format!(
                "{} to {}, {}",
                moment(gap.from),
                moment(gap.to),
                length(seconds)
            ),
            SMALL,
        );
    }
    more(paper, gaps.len(), GAPS, "in findings.json of the pack");
}

fn deviation_table(paper: &mut Paper, name: &str, deviations: &[(Option<&str>, &Deviation)]) {
    if deviations.is_empty() {
        return;
    }
    title(paper, name);
    let widths = [50.0, 92.0, 118.0, 143.0, 96.0];
    paper.table_head(
        &widths,
        &["Severity", "Code", "Item", "What", "Since, until"],
    );
    for (exception, one) in deviations.iter().take(ROWS) {
        let mut what = shown(&one.text);
        if let Some(place) = &one.place {
            what.push_str(&format!(" ({})", shown(place)));
        }
        if let Some(exception) = exception {
            what.push_str(&format!(" Exception {}.", shown(exception)));
        }
        let when = format!(
            "{}, {}",
            moment_or(one.since, "not known"),
            moment_or(one.until, "open or not known")
        );
        let cells = [
            Cell::new(
                severity(one.severity),
                Look {
                    size: 8.0,
                    ..STRONG
                },
            ),
            Cell::new(shown(&one.code), SMALL),
            Cell::new(shown(&one.item), SMALL),
            Cell::new(what, SMALL),
            Cell::new(when, SMALL),
        ];
        paper.table_row(&widths, &cells);
    }
    more(
        paper,
        deviations.len(),
        ROWS,
        &format!("in {DEVIATIONS} of the pack"),
    );
}

fn lists(paper: &mut Paper, check: &CheckFinding) {
    if !check.unobservable.is_empty() {
        title(paper, "What could not be judged");
        for (what, count) in check.unobservable.iter().take(ROWS) {
            paper.paragraph(&format!("{count} items: {}", shown(what)), SMALL);
        }
        more(
            paper,
            check.unobservable.len(),
            ROWS,
            "in findings.json of the pack",
        );
    }
    if !check.notes.is_empty() {
        title(paper, "Notes of the last observation");
        for note in check.notes.iter().take(ROWS) {
            paper.paragraph(&shown(note), SMALL);
        }
        more(
            paper,
            check.notes.len(),
            ROWS,
            "in findings.json of the pack",
        );
    }
}

fn title(paper: &mut Paper, text: &str) {
    paper.space(5.0);
    paper.room(36.0);
    paper.paragraph(text, STRONG);
}

fn more(paper: &mut Paper, count: usize, limit: usize, place: &str) {
    if let Some(more) = count.checked_sub(limit).filter(|more| *more > 0) {
        paper.paragraph(&format!("{more} more {place}"), FAINT);
    }
}

fn evidence(paper: &mut Paper, view: &View<'_>) {
    let lines = &view.report.evidence;
    paper.heading("Evidence", 15.0, false);
    paper.paragraph(
        &format!("{} entries of the log were collected from outside. {EVIDENCE} of the pack lists them with their SHA-256.", lines.len()),
        PLAIN,
    );
    paper.space(4.0);
    let widths = [239.0, 65.0, 65.0, 65.0, 65.0];
    paper.table_head(&widths, &["Type", "Entries", "Failed", "Late", "Size"]);
    for (schema, lines) in view.evidence() {
        let cells = [
            shown(schema),
            lines.len().to_string(),
            lines
                .iter()
                .filter(|line| line.failed.is_some())
                .count()
                .to_string(),
            lines.iter().filter(|line| line.late).count().to_string(),
            bytes(lines.iter().map(|line| line.size).sum()),
        ];
        paper.table_row(&widths, &cells.map(|text| Cell::new(text, SMALL)));
    }
    let failed: Vec<_> = lines.iter().filter(|line| line.failed.is_some()).collect();
    if failed.is_empty() {
        return;
    }
    title(paper, "Failed collections");
    let look = Look {
        colour: BLACK,
        ..SMALL
    };
    for line in failed.iter().take(ROWS) {
        let why = line.failed.unwrap_or_default();
        let words = format!(
            "entry {}, {}, {}: {}",
            line.index,
            shown(line.schema),
            moment(line.collected_at),
            shown(why)
        );
        paper.paragraph(&words, look);
    }
    more(
        paper,
        failed.len(),
        ROWS,
        &format!("in {EVIDENCE} of the pack"),
    );
}
