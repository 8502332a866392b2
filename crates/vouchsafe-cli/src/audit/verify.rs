//! `vouchsafe audit verify`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use vouchsafe_ledger::reader::{Log, Recovered, Report};

use super::LogArgs;
use crate::{Ended, output, told};

const EXAMPLES: &str = "\
Examples:
  vouchsafe audit verify
  vouchsafe audit verify --log /mnt/copy/log --key 'log.example.org/phi+4f...'
  cp .vouchsafe/audit/log/checkpoint /mnt/elsewhere/$(date +%F).checkpoint
  vouchsafe audit verify --seen /mnt/elsewhere/*.checkpoint

The command needs neither the service nor its keys. It reads the log's files, hashes every entry,
and checks the checkpoint's signature, all tiles, all times, and that no source's entries are
missing. A log that was rewritten as a whole verifies, too, unless you kept a checkpoint of it: keep
one a day where the operators of the service cannot write. The exit code is 1 if a check fails.";

/// Verify the whole audit log: signature, tiles, entries, times and counters
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// Checkpoints of this log that were kept elsewhere: the log must begin with all of their entries
    #[arg(long, value_name = "FILE", num_args = 1..)]
    seen: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A checkpoint that was kept elsewhere, and the reason why the log does not continue it.
struct Seen<'a> {
    file: &'a Path,
    broken: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let log = args.log.open()?;
    let seen = args.seen.iter().map(|file| compare(&log, file));
    let seen: Vec<Seen<'_>> = seen.collect::<anyhow::Result<_>>()?;
    let report = log.verify();
    let sound = report.is_sound() && seen.iter().all(|seen| seen.broken.is_none());
    match args.json {
        true => show_json(&report, &seen, sound)?,
        false => show(&report, &seen, sound)?,
    }
    Ok(match sound {
        true => Ended::Well,
        false => Ended::Badly,
    })
}

fn compare<'a>(log: &Log, file: &'a Path) -> anyhow::Result<Seen<'a>> {
    let note = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let broken = log
        .extends(&note)
        .err()
        .map(|error| told(&error).to_string());
    Ok(Seen { file, broken })
}

fn show(report: &Report, seen: &[Seen<'_>], sound: bool) -> anyhow::Result<()> {
    let rows = [
        ("log", report.origin.clone()),
        ("key", report.vkey.clone()),
        ("entries", report.entries.to_string()),
        ("root", report.root.to_string()),
        ("sources", report.sources.to_string()),
        ("open intents", report.unsettled.len().to_string()),
    ];
    for line in output::table(&rows.map(|(name, value)| [name.to_owned(), value])) {
        output::say(line)?;
    }
    if let Some((first, last)) = report.recorded {
        output::say(format_args!("recorded      {first:.0} to {last:.0}"))?;
    }
    for Seen { file, broken } in seen {
        let file = file.display();
        output::say(match broken {
            None => format!("begins with   all that {file} had"),
            Some(broken) => format!("FINDING  {file}: {broken}"),
        })?;
    }
    for Recovered {
        index,
        recorded,
        operation,
        actor,
    } in &report.recovered
    {
        output::say(format_args!(
            "RECOVERY entry {index}, {recorded:.0}: {operation} by {actor}; `vouchsafe check` says why"
        ))?;
    }
    for finding in &report.findings {
        output::say(format_args!("FINDING  {finding}"))?;
    }
    if report.more_findings > 0 {
        output::say(format_args!("... and {} more", report.more_findings))?;
    }
    let (seconds, rate) = (report.took.as_secs_f64(), report.rate());
    output::say(match sound {
        true => format!("verified in {seconds:.2} s ({rate:.0} entries/s): everything holds"),
        false => {
            "the log does not hold: keep this folder as it is, and compare it with a backup or \
                  with checkpoints that were kept elsewhere"
                .to_owned()
        }
    })
}

fn show_json(report: &Report, seen: &[Seen<'_>], sound: bool) -> anyhow::Result<()> {
    let seen = seen.iter().map(|seen| {
        let file = seen.file.display().to_string();
        json!({"file": file, "holds": seen.broken.is_none(), "why_not": seen.broken})
    });
    let recovered = report.recovered.iter().map(|found| {
        json!({
            "entry": found.index,
            "recorded": found.recorded.to_string(),
            "operation": found.operation,
            "actor": found.actor,
        })
    });
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    output::say_json(&json!({
        "sound": sound,
        "seen": seen.collect::<Vec<_>>(),
        "origin": report.origin,
        "vkey": report.vkey,
        "entries": report.entries,
        "root": report.root.to_string(),
        "sources": report.sources,
        "unsettled": report.unsettled,
        "first_recorded": report.recorded.map(|(first, _)| first.to_string()),
        "last_recorded": report.recorded.map(|(_, last)| last.to_string()),
        "recovered": recovered.collect::<Vec<_>>(),
        "findings": findings,
        "more_findings": report.more_findings,
        "seconds": report.took.as_secs_f64(),
        "entries_per_second": report.rate(),
    }))
}
