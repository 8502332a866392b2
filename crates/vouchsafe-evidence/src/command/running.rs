//! `run`: collects, judges, signs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::json;
use vouchsafe_tlog::NoteSigner;

use super::open::Opened;
use super::output::{Progress, say};
use super::{Ended, Stopped};
use crate::check::Check;
use crate::engine::{self, Ran};
use crate::inputs::Index;
use crate::judgement::{Deviation, Outcome, Record};
use crate::key;
use crate::store::{Folder, Log, Writer};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence run --dry-run                  every read and call, and the permission that it takes
  vouchsafe-evidence run                            exit code 1 when a check deviates
  vouchsafe-evidence run --fail-on new              in CI: only for deviations that the run before did not have
  vouchsafe-evidence run --temporary                for pull requests, which have no secrets: judged, not kept

It makes no call over the network, but to what the rows [[probe...]] of evidence.toml name. Pages of a forge are saved
before it, by `collect github`.";

/// Collects evidence, performs every check, and signs the log
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Run {
    /// Print what would be read and called, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// When to exit with 1
    #[arg(long, value_enum, default_value_t = FailOn::Any, value_name = "WHEN")]
    fail_on: FailOn,
    /// Print the outcomes as JSON
    #[arg(long)]
    json: bool,
    /// Keep nothing: judge in a log of its own that is gone afterwards, for runs that may not have the signing key
    #[arg(long, conflicts_with_all = ["dry_run", "key_file"])]
    temporary: bool,
    /// The signing key [default: the variable VOUCHSAFE_EVIDENCE_KEY, else the file that init wrote]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum FailOn {
    /// When a check deviates
    Any,
    /// When a check deviates where the run before did not
    New,
    /// Never for deviations
    Nothing,
}

pub(super) fn run(run: &Run, folder: &Path) -> Result<Ended, Stopped> {
    let opened = Opened::at(folder)?;
    if run.dry_run {
        return Ok(plan(&opened, run.json));
    }
    let checks = Check::all()?;
    let mut progress = Progress::new(run.quiet);
    if run.temporary {
        return temporary(run, &opened, &checks, progress);
    }
    let signer = key::load(run.key_file.as_deref(), &opened.key, opened.project.root())?;
    let place = opened.place.folder();
    let mut writer = Writer::open(place.path(), signer)?;
    let ran = engine::run(
        &opened.project,
        place,
        &mut writer,
        &checks,
        &opened.key,
        |step| progress.step(step),
    )?;
    progress.end();
    opened
        .place
        .publish(&format!("Evidence of {}", opened.project.now))?;
    conclude(run, &ran, &opened.log()?, &checks)
}

/// A run in a log of its own, which is gone afterwards.
fn temporary(
    run: &Run,
    opened: &Opened,
    checks: &[Check],
    mut progress: Progress,
) -> Result<Ended, Stopped> {
    let folder = tempfile::tempdir()?;
    let signer = NoteSigner::generate(opened.key.name().clone())?;
    let key = signer.verifier().clone();
    let place = Folder::new(folder.path());
    let mut writer = Writer::create(folder.path(), signer)?;
    let ran = engine::run(&opened.project, &place, &mut writer, checks, &key, |step| {
        progress.step(step);
    })?;
    progress.end();
    let log = Log::open(Arc::new(place), &key, &[])?;
    conclude(run, &ran, &log, checks)
}

fn conclude(run: &Run, ran: &Ran, log: &Log, checks: &[Check]) -> Result<Ended, Stopped> {
    let outcomes = outcomes(log, &Index::of(log)?, checks)?;
    if run.json {
        tell_json(ran, &outcomes);
    } else {
        tell(ran, &outcomes);
    }
    let fails = match run.fail_on {
        FailOn::Any => outcomes.iter().any(|one| one.outcome == Outcome::Fail),
        FailOn::New => outcomes.iter().any(|one| one.new > 0),
        FailOn::Nothing => false,
    };
    Ok(if fails { Ended::Badly } else { Ended::Well })
}

fn plan(opened: &Opened, as_json: bool) -> Ended {
    let plan = engine::plan(&opened.project);
    if as_json {
        let plan: Vec<_> = plan
            .iter()
            .map(|(name, calls)| json!({"collector": name, "calls": calls}))
            .collect();
        say(json!(plan));
        return Ended::Well;
    }
    for (name, calls) in plan {
        say(format!("{name}:"));
        for call in calls {
            say(format!(
                "  {}  (permission: {})",
                call.what, call.permission
            ));
        }
    }
    say(
        "\nNothing was read, called or written. `run` makes no call over the network but those that are named above.",
    );
    Ended::Well
}

/// What a check came to in this run.
struct CheckOutcome {
    check: String,
    title: String,
    outcome: Outcome,
    deviations: Vec<Deviation>,
    /// Deviations that the run before did not have.
    new: usize,
    excepted: usize,
    unobservable: usize,
    items: Option<usize>,
    notes: Vec<String>,
}

fn outcomes(log: &Log, index: &Index, checks: &[Check]) -> Result<Vec<CheckOutcome>, Stopped> {
    checks
        .iter()
        .map(|check| outcome(log, index, check))
        .collect()
}

fn outcome(log: &Log, index: &Index, check: &Check) -> Result<CheckOutcome, Stopped> {
    let all = index.observations(&check.id);
    let record = |back: usize| -> Result<Option<Record>, Stopped> {
        let Some(noted) = all.iter().rev().nth(back) else {
            return Ok(None);
        };
        Ok(Some(serde_json::from_slice(&log.content_at(noted.index)?)?))
    };
    let now = record(0)?.ok_or_else(|| Stopped(format!("{} was not judged", check.id)))?;
    let before = record(1)?;
    let known = |one: &&Deviation| {
        before.as_ref().is_some_and(|before| {
            let mut all = before.judgement.deviations.iter();
            all.any(|old| old.item == one.item && old.code == one.code)
        })
    };
    let judgement = now.judgement;
    Ok(CheckOutcome {
        check: check.id.clone(),
        title: check.title.clone(),
        outcome: judgement.outcome,
        new: judgement
            .deviations
            .iter()
            .filter(|one| !known(one))
            .count(),
        deviations: judgement.deviations,
        excepted: judgement.excepted.len(),
        unobservable: judgement.unobservable.len(),
        items: judgement
            .population
            .map(|population| population.items.len()),
        notes: judgement.notes,
    })
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Excepted => "excepted",
        Outcome::Fail => "FAIL",
        Outcome::Error => "gap",
        Outcome::NotApplicable => "n/a",
    }
}

fn tell(ran: &Ran, outcomes: &[CheckOutcome]) {
    for one in outcomes {
        let mut line = format!("{:<8}  {}  {}", word(one.outcome), one.check, one.title);
        let mut facts = Vec::new();
        if let Some(items) = one.items {
            facts.push(format!("{items} items"));
        }
        if !one.deviations.is_empty() {
            facts.push(format!(
                "{} deviations, {} new",
                one.deviations.len(),
                one.new
            ));
        }
        if one.excepted > 0 {
            facts.push(format!("{} excepted", one.excepted));
        }
        if one.unobservable > 0 {
            facts.push(format!("{} unobservable", one.unobservable));
        }
        if !facts.is_empty() {
            line.push_str(&format!(" ({})", facts.join("; ")));
        }
        say(line);
        for deviation in one.deviations.iter().take(5) {
            say(format!(
                "            {}  {}: {}",
                deviation.code, deviation.item, deviation.text
            ));
        }
        if one.deviations.len() > 5 {
            say(format!("            and {} more", one.deviations.len() - 5));
        }
        if matches!(one.outcome, Outcome::Error | Outcome::NotApplicable) {
            for note in one.notes.iter().take(3) {
                say(format!("            {note}"));
            }
        }
    }
    say(format!(
        "\n{} entries of evidence, {} that could not be collected; the log has {} entries. `vouchsafe evidence status` says what to do next.",
        ran.collected, ran.failed, ran.size
    ));
}

fn tell_json(ran: &Ran, outcomes: &[CheckOutcome]) {
    let checks: Vec<_> = outcomes
        .iter()
        .map(|one| {
            json!({
                "check": one.check,
                "outcome": one.outcome,
                "items": one.items,
                "deviations": one.deviations,
                "new": one.new,
                "excepted": one.excepted,
                "unobservable": one.unobservable,
                "notes": one.notes,
            })
        })
        .collect();
    say(json!({
        "collected": ran.collected,
        "failed": ran.failed,
        "size": ran.size,
        "checks": checks,
    }));
}
