//! `status`: per control, and what to do next.

use std::path::Path;

use jiff::civil::Date;

use super::open::Opened;
use super::output::{say, table};
use super::{Ended, Stopped};
use crate::finding::{CheckFinding, Finding, Findings, State};
use crate::window::{Window, day_of};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence status                         from the first day of the settings until today
  vouchsafe-evidence status --from 2026-01-01 --to 2026-06-30
  vouchsafe-evidence status CC8.1                   one control, with every deviation and gap
  vouchsafe-evidence status --json

Exit code 1 when a control deviates.";

/// Says for each control whether it held, where it deviated, what was not seen, and what to do next
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Status {
    /// Only this control or check, in full
    id: Option<String>,
    /// The first day [default: that of the settings]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(status: &Status, folder: &Path) -> Result<Ended, Stopped> {
    let opened = Opened::at(folder)?;
    let from = status.from.unwrap_or(opened.project.settings.project.since);
    let to = status.to.unwrap_or_else(|| day_of(opened.project.now));
    let window = Window::days(from, to)?;
    let (findings, _) = opened.findings(window)?;
    if status.json {
        say(serde_json::to_string_pretty(&findings)?);
    } else {
        match &status.id {
            Some(id) => one(&findings, id)?,
            None => all(&findings),
        }
    }
    let deviates = findings
        .checks
        .iter()
        .any(|check| check.state == State::Deviations);
    Ok(if deviates { Ended::Badly } else { Ended::Well })
}

fn all(findings: &Findings) {
    say(format!("{}, as of {}\n", findings.window, findings.as_of));
    let rows: Vec<_> = findings
        .controls
        .iter()
        .map(|control| {
            [
                control.state.word().to_owned(),
                control.control.clone(),
                control.title.clone(),
            ]
        })
        .collect();
    table(&rows).iter().for_each(say);
    let next = next(findings);
    if next.is_empty() {
        let held = |control: &Finding| {
            matches!(
                control.state,
                State::Held | State::Examined | State::NotApplicable
            )
        };
        say(if findings.controls.iter().all(held) {
            "\nNothing to do: every control held over the whole window."
        } else {
            "\nNo check of this program can do more; what is left is by hand."
        });
        return;
    }
    say("\nWhat to do next, the most urgent first:");
    for (number, line) in (1..).zip(next.iter().take(12)) {
        say(format!("{number:>3}. {line}"));
    }
    if next.len() > 12 {
        say(format!(
            "     and {} more: `status CHECK` shows one in full, `status --json` all",
            next.len() - 12
        ));
    }
}

/// What to do, in order: deviations by severity, then what nothing was seen of, then gaps.
fn next(findings: &Findings) -> Vec<String> {
    let mut checks: Vec<&CheckFinding> = findings
        .checks
        .iter()
        .filter(|check| {
            matches!(
                check.state,
                State::Deviations | State::NoEvidence | State::Gaps
            )
        })
        .collect();
    let worst = |check: &CheckFinding| check.deviations.iter().map(|one| one.severity).max();
    checks.sort_by(|a, b| {
        let by_state = b.state.cmp(&a.state);
        by_state
            .then(worst(b).cmp(&worst(a)))
            .then(a.check.cmp(&b.check))
    });
    checks.into_iter().map(advice).collect()
}

fn advice(check: &CheckFinding) -> String {
    let what = match check.state {
        State::Deviations => format!("{} deviations", check.deviations.len()),
        State::NoEvidence => check
            .notes
            .first()
            .cloned()
            .unwrap_or_else(|| "never judged".to_owned()),
        _ if !check.coverage.is_whole() => format!("covered {}", check.coverage.words()),
        _ => {
            let count: u64 = check.unobservable.values().sum();
            format!("{count} items could not be judged")
        }
    };
    format!(
        "{}: {what}. {}",
        check.check,
        check.remedy.replace('\n', " ")
    )
}

fn one(findings: &Findings, id: &str) -> Result<(), Stopped> {
    let control = findings
        .controls
        .iter()
        .find(|control| control.control == id);
    let wanted: Vec<&CheckFinding> = findings
        .checks
        .iter()
        .filter(|check| {
            check.check == id
                || control.is_some_and(|control| control.checks.contains(&check.check))
        })
        .collect();
    if control.is_none() && wanted.is_empty() {
        return Err(Stopped(format!(
            "there is no control or check {id}; `checks --controls` lists them"
        )));
    }
    if let Some(Finding {
        control,
        title,
        state,
        absent,
        ..
    }) = control
    {
        say(format!("{control}  {title}: {}", state.word()));
        for check in absent {
            say(format!("  {check}: no check yet"));
        }
    }
    wanted.into_iter().for_each(show);
    Ok(())
}

fn show(check: &CheckFinding) {
    say(format!(
        "\n{}  {}: {}",
        check.check,
        check.title,
        check.state.word()
    ));
    say(format!(
        "  coverage: {}; {} observations",
        check.coverage.words(),
        check.observations
    ));
    for gap in &check.coverage.gaps {
        say(format!("  gap: {} to {}", gap.from, gap.to));
    }
    if let Some(population) = &check.population {
        say(format!(
            "  population: {} items, {} of them judged in full; root {}",
            population.items, population.observed, population.root
        ));
        say(format!("  completeness: {}", population.completeness));
    }
    for (what, count) in &check.unobservable {
        say(format!("  unobservable: {count} x {what}"));
    }
    for one in &check.deviations {
        let since = one
            .since
            .map(|at| format!(" since {at}"))
            .unwrap_or_default();
        let until = one
            .until
            .map(|at| format!(" until {at}"))
            .unwrap_or_default();
        say(format!(
            "  {:?} {}  {}: {}{since}{until}",
            one.severity, one.code, one.item, one.text
        ));
    }
    for one in &check.excepted {
        say(format!(
            "  excepted by {}: {}  {}",
            one.exception, one.deviation.code, one.deviation.item
        ));
    }
    for note in &check.notes {
        say(format!("  note: {note}"));
    }
    say(format!("  to do: {}", check.remedy));
}
