//! `vouchsafe audit verify`.

use serde_json::json;
use vouchsafe_ledger::reader::Report;

use super::LogArgs;
use crate::{Ended, output};

const EXAMPLES: &str = "\
Examples:
  vouchsafe audit verify
  vouchsafe audit verify --log /mnt/copy/log --key 'log.example.org/phi+4f...'

It needs neither the service nor its keys: it reads the log's files, hashes every entry, and checks
the checkpoint's signature, all tiles, all times, and that no source's entries are missing. Exits
with 1 when something does not hold.";

/// Verify the whole audit log: signature, tiles, entries, times and counters
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let report = args.log.open()?.verify();
    match args.json {
        true => show_json(&report)?,
        false => show(&report)?,
    }
    Ok(match report.is_sound() {
        true => Ended::Well,
        false => Ended::Badly,
    })
}

fn show(report: &Report) -> anyhow::Result<()> {
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
    for finding in &report.findings {
        output::say(format_args!("FINDING  {finding}"))?;
    }
    if report.more_findings > 0 {
        output::say(format_args!("... and {} more", report.more_findings))?;
    }
    let (seconds, rate) = (report.took.as_secs_f64(), report.rate());
    output::say(match report.is_sound() {
        true => format!("verified in {seconds:.2} s ({rate:.0} entries/s): everything holds"),
        false => {
            "the log does not hold: keep this folder as it is, and compare it with a backup or \
                  with checkpoints that were kept elsewhere"
                .to_owned()
        }
    })
}

fn show_json(report: &Report) -> anyhow::Result<()> {
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    output::say_json(&json!({
        "sound": report.is_sound(),
        "origin": report.origin,
        "vkey": report.vkey,
        "entries": report.entries,
        "root": report.root.to_string(),
        "sources": report.sources,
        "unsettled": report.unsettled,
        "first_recorded": report.recorded.map(|(first, _)| first.to_string()),
        "last_recorded": report.recorded.map(|(_, last)| last.to_string()),
        "findings": findings,
        "more_findings": report.more_findings,
        "seconds": report.took.as_secs_f64(),
        "entries_per_second": report.rate(),
    }))
}
