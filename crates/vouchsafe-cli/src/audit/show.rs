//! `vouchsafe audit show`: entries as stored. Ids are tokens, detail stays sealed.

use serde::Serialize;
use serde_json::value::RawValue;
use vouchsafe_installation::entry::Entry;
use vouchsafe_ledger::reader::LogEntry;

use super::LogArgs;
use crate::{Ended, output, told};

const EXAMPLES: &str = "\
Examples:
  vouchsafe audit show                        the last 50 entries
  vouchsafe audit show --from 0 --limit 20
  vouchsafe audit show --stream identity --json | head

People and services are shown by their ids, patients and records by keyed tokens. Turning tokens
back into ids takes a right, and is logged: `vouchsafe audit who-saw`. With --json, every line is
an object.";

/// Show entries of the audit log as stored
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// Index of the first entry [default: --limit entries before the end]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Show at most this number of entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Show only entries of this stream of the log
    #[arg(long, value_name = "STREAM", value_parser = ["phi", "identity", "system"])]
    stream: Option<String>,
    /// Print each entry as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'e> {
    index: u64,
    recorded: String,
    source: String,
    counter: u64,
    entry: &'e RawValue,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let log = args.log.open()?;
    match args.from {
        Some(from) => {
            let entries = log.entries(from).map_err(|error| told(&error))?;
            let mut left = args.limit;
            for entry in entries {
                if left == 0 {
                    break;
                }
                let entry = entry.map_err(|error| told(&error))?;
                left -= usize::from(show(&entry, args)?);
            }
        }
        None => {
            for entry in last(&log, args)? {
                show(&entry, args)?;
            }
        }
    }
    Ok(Ended::Well)
}

/// The requested number of last entries. Entries of one stream may be anywhere in the log, so all entries are read.
fn last(log: &vouchsafe_ledger::reader::Log, args: &Args) -> anyhow::Result<Vec<LogEntry>> {
    let from = match args.stream {
        None => log.size().saturating_sub(args.limit as u64),
        Some(_) => 0,
    };
    let mut kept = std::collections::VecDeque::new();
    for entry in log.entries(from).map_err(|error| told(&error))? {
        let entry = entry.map_err(|error| told(&error))?;
        if args.is_wanted(&Entry::read(entry.index, &entry.json)?) {
            kept.push_back(entry);
        }
        if kept.len() > args.limit {
            kept.pop_front();
        }
    }
    Ok(kept.into())
}

impl Args {
    fn is_wanted(&self, entry: &Entry) -> bool {
        self.stream
            .as_ref()
            .is_none_or(|stream| *stream == entry.stream)
    }
}

/// Prints an entry if it was requested.
fn show(log_entry: &LogEntry, args: &Args) -> anyhow::Result<bool> {
    let entry = Entry::read(log_entry.index, &log_entry.json)?;
    if !args.is_wanted(&entry) {
        return Ok(false);
    }
    if args.json {
        output::say_json(&Line {
            index: log_entry.index,
            recorded: log_entry.recorded.to_string(),
            source: log_entry.source.to_string(),
            counter: log_entry.counter,
            entry: serde_json::from_str(&log_entry.json)?,
        })?;
        return Ok(true);
    }
    let mut line = format!(
        "{:>6}  {:.3}  {:8}  {:18}  {:10}  {}",
        log_entry.index,
        log_entry.recorded,
        entry.stream,
        entry.operation,
        entry.ended(),
        entry.actor,
    );
    let parts = [
        ("", Some(entry.about()).filter(|about| !about.is_empty())),
        ("subject ", entry.subject.clone()),
        ("count ", entry.count.map(|count| count.to_string())),
        (
            "",
            Some(entry.classes.join(",")).filter(|classes| !classes.is_empty()),
        ),
        ("", entry.purpose.clone()),
    ];
    for (label, part) in parts {
        line.extend(part.map(|part| format!("  {label}{part}")));
    }
    output::say(line)?;
    Ok(true)
}
