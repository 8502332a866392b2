//! `run`: collects, judges, signs.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;
use vouchsafe_tlog::NoteSigner;

use super::open::{Appended, Opened};
use super::output::{Progress, say};
use super::{Ended, Stopped};
use crate::check::Check;
use crate::engine::{self, Ran};
use crate::inputs::Index;
use crate::judgement::{Deviation, Judgement, Outcome, Record};
use crate::key;
use crate::own;
use crate::place::{Place, keys};
use crate::project::Project;
use crate::report;
use crate::store::{Log, Writer};
use crate::witness::{self, Heads};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence run --dry-run                  every read and call, and the permission that it takes
  vouchsafe-evidence run                            exit code 1 when a check deviates
  vouchsafe-evidence run --fail-on new              in CI: only for deviations that the run before did not have
  vouchsafe-evidence run --temporary                for pull requests, which have no secrets: judged, not kept
  vouchsafe-evidence run --sarif found.sarif        also as SARIF, for code scanning

It makes no call over the network, but to the place of the log, to what the rows [[probe...]] of evidence.toml name and
to the witnesses that [[witness]] names. Pages of a forge are saved before it, by `collect github`.

A witness that does not cosign never fails the run: the reason is printed, and the next run asks again and records it
(log.witnessed).";

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
    /// Write deviations and gaps to this file as SARIF 2.1.0, for code scanning
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    sarif: Option<PathBuf>,
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
    let project = Project::open(folder, Timestamp::now())?;
    if run.dry_run {
        return Ok(plan(&project, run.json));
    }
    let checks = own::all_of(project.root())?;
    if let Some(path) = &run.sarif {
        // A place that cannot be is named before the work, not after it; and an empty file is left to nobody.
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        if path.is_dir() || parent.is_some_and(|parent| !parent.is_dir()) {
            return Err(Stopped(format!(
                "{}: no file can be written there",
                path.display()
            )));
        }
    }
    let mut progress = Progress::new(run.quiet);
    if run.temporary {
        // The place of the log is not opened: such a run has no credentials for it either.
        return temporary(run, &project, &checks, progress);
    }
    let (opened, appended) = Opened::publishing(folder, |opened, heads| {
        let signer = key::load(run.key_file.as_deref(), &opened.key, opened.project.root())?;
        let mut writer = opened.place.writer(signer)?;
        let (project, key) = (&opened.project, &opened.key);
        let ran = engine::run(project, &mut writer, &checks, key, heads, |step| {
            progress.step(step);
        })?;
        progress.end();
        Ok(Appended {
            writer,
            message: format!("Evidence of {}", opened.project.now),
            what: ran,
        })
    })?;
    conclude(run, &appended.what, &opened.log()?, &checks)
}

/// A run in a log of its own, which is gone afterwards.
fn temporary(
    run: &Run,
    project: &Project,
    checks: &[Check],
    mut progress: Progress,
) -> Result<Ended, Stopped> {
    let folder = tempfile::tempdir()?;
    let (key, _) = keys(project)?;
    let signer = NoteSigner::generate(key.name().clone())?;
    let key = signer.verifier().clone();
    let mut writer = Writer::create(folder.path(), signer)?;
    let heads = Heads::default();
    let ran = engine::run(project, &mut writer, checks, &key, &heads, |step| {
        progress.step(step);
    })?;
    progress.end();
    let log = Log::open(writer.files(), &key, &[])?;
    conclude(run, &ran, &log, checks)
}

fn conclude(run: &Run, ran: &Ran, log: &Log, checks: &[Check]) -> Result<Ended, Stopped> {
    let outcomes = outcomes(log, &Index::of(log)?, checks)?;
    if let Some(path) = &run.sarif {
        let judged = outcomes.iter().map(|one| (one.check, &one.judgement));
        let sarif = report::sarif(&judged.collect::<Vec<_>>()).to_string();
        fs::write(path, sarif).map_err(|error| Stopped(format!("{}: {error}", path.display())))?;
    }
    if run.json {
        tell_json(ran, &outcomes);
    } else {
        tell(ran, &outcomes);
    }
    let fails = match run.fail_on {
        FailOn::Any => outcomes
            .iter()
            .any(|one| one.judgement.outcome == Outcome::Fail),
        FailOn::New => outcomes.iter().any(|one| one.new > 0),
        FailOn::Nothing => false,
    };
    Ok(if fails { Ended::Badly } else { Ended::Well })
}

fn plan(project: &Project, as_json: bool) -> Ended {
    let mut plan = engine::plan(project);
    plan.push(("log", Place::plan(project)));
    let witnesses = &project.settings.witnesses;
    plan.push(("witness", witness::plan(witnesses)));
    plan.retain(|(_, calls)| !calls.is_empty());
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
struct CheckOutcome<'c> {
    check: &'c Check,
    judgement: Judgement,
    /// Deviations that the run before did not have.
    new: usize,
}

fn outcomes<'c>(
    log: &Log,
    index: &Index,
    checks: &'c [Check],
) -> Result<Vec<CheckOutcome<'c>>, Stopped> {
    checks
        .iter()
        .map(|check| outcome(log, index, check))
        .collect()
}

fn outcome<'c>(log: &Log, index: &Index, check: &'c Check) -> Result<CheckOutcome<'c>, Stopped> {
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
    let deviations = now.judgement.deviations.iter();
    Ok(CheckOutcome {
        check,
        new: deviations.filter(|one| !known(one)).count(),
        judgement: now.judgement,
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

fn tell(ran: &Ran, outcomes: &[CheckOutcome<'_>]) {
    for one in outcomes {
        let judgement = &one.judgement;
        let (id, title) = (&one.check.id, &one.check.title);
        let mut line = format!("{:<8}  {id}  {title}", word(judgement.outcome));
        let mut facts = Vec::new();
        if let Some(population) = &judgement.population {
            facts.push(format!("{} items", population.items.len()));
        }
        let deviations = judgement.deviations.len();
        if deviations > 0 {
            facts.push(format!("{deviations} deviations, {} new", one.new));
        }
        if !judgement.excepted.is_empty() {
            facts.push(format!("{} excepted", judgement.excepted.len()));
        }
        if !judgement.unobservable.is_empty() {
            facts.push(format!("{} unobservable", judgement.unobservable.len()));
        }
        if !facts.is_empty() {
            line.push_str(&format!(" ({})", facts.join("; ")));
        }
        say(line);
        for deviation in judgement.deviations.iter().take(5) {
            say(format!(
                "            {}  {}: {}",
                deviation.code, deviation.item, deviation.text
            ));
        }
        if deviations > 5 {
            say(format!("            and {} more", deviations - 5));
        }
        if matches!(judgement.outcome, Outcome::Error | Outcome::NotApplicable) {
            for note in judgement.notes.iter().take(3) {
                say(format!("            {note}"));
            }
        }
    }
    say(format!(
        "\n{} entries of evidence, {} that could not be collected; the log has {} entries. `vouchsafe evidence status` says what to do next.",
        ran.collected, ran.failed, ran.size
    ));
}

fn tell_json(ran: &Ran, outcomes: &[CheckOutcome<'_>]) {
    let checks: Vec<_> = outcomes
        .iter()
        .map(|one| {
            let judgement = &one.judgement;
            let items = judgement.population.as_ref();
            json!({
                "check": one.check.id,
                "outcome": judgement.outcome,
                "items": items.map(|population| population.items.len()),
                "deviations": judgement.deviations,
                "new": one.new,
                "excepted": judgement.excepted.len(),
                "unobservable": judgement.unobservable.len(),
                "notes": judgement.notes,
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
