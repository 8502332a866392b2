//! `answer`: an auditor's own list of requests.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::output::{complain, say};
use super::{Ended, Stopped};
use crate::answer::{answer, as_csv, counts};
use crate::finding::Findings;
use crate::pack::Archive;
use crate::store::Files as _;

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence answer requests.csv --pack pack.zip > answers.csv
  vouchsafe-evidence answer requests.csv --pack pack.zip --column 'Evidence requested' --json

The list has a header line. Requests are understood by their words; one that is not understood is said to be so, and is
to be answered by hand. `verify` the pack first: this command takes its findings as they stand.";

/// Writes beside each request of an auditor's list what a pack holds, what it does not, and where
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Answering {
    /// The list, as CSV
    requests: PathBuf,
    /// The pack
    #[arg(long, value_name = "FILE")]
    pack: PathBuf,
    /// The column with the requests [default: the one named request, item or description]
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Answering) -> Result<Ended, Stopped> {
    let list = fs::read(&arguments.requests)
        .map_err(|error| Stopped(format!("{}: {error}", arguments.requests.display())))?;
    let archive = Arc::new(Archive::open(&arguments.pack)?);
    let findings: Findings = serde_json::from_slice(&archive.read("findings.json")?)?;
    let answers = answer(&list, arguments.column.as_deref(), &findings)
        .map_err(|error| Stopped(format!("{}: {error}", arguments.requests.display())))?;
    if arguments.json {
        say(serde_json::to_string_pretty(&answers)?);
    } else {
        say(as_csv(&answers).trim_end());
    }
    let counts: Vec<_> = counts(&answers)
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    complain(&format!(
        "{} requests: {}",
        answers.len(),
        counts.join(", ")
    ));
    Ok(Ended::Well)
}
