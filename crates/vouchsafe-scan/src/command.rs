//! The command: `vouchsafe scan`, and the binary `vouchsafe-scan`.

mod arguments;
mod completing;
mod filtering;
mod hashing;
mod learning;
mod names;
mod output;
mod place;
mod scanning;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::class::{Class, Confidence};
pub use arguments::refused;

/// What is typed, and what it returns.
pub const EXAMPLES: &str = "\
Examples:
  vouchsafe-scan logs/                               every file below, packed ones too
  kubectl logs deploy/api | vouchsafe-scan -         standard input
  vouchsafe-scan --format sarif -o scan.sarif .      for code scanning
  vouchsafe-scan --write-baseline . && vouchsafe-scan --baseline .    only what is new fails
  service 2>&1 | vouchsafe-scan --filter             masks a stream, line by line
  vouchsafe-scan init                                a commented vouchsafe-scan.toml
  vouchsafe-scan learn --key /etc/scan.key --new-key -o /etc/known.values patients.csv

No character of a value is shown, in no format. A file or folder with the name of a command: ./init, ./settings.

Exit codes: 0 all was read, and nothing (new) was found; 1 something was found, or could not be read;
2 wrong arguments or settings. A reader that goes away (| head) changes none of them.
With --filter: 0 the input ended, or the reader went away; 1 the stream could not be read or written.";

/// Finds identifiers of patients (the 18 of HIPAA Safe Harbor) and secrets in logs, dumps and streams, and masks them.
#[derive(Debug, Parser)]
#[command(name = "vouchsafe-scan", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    scan: Scan,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Writes a commented vouchsafe-scan.toml to the working folder
    #[command(after_help = "Examples:\n  vouchsafe-scan init")]
    Init,
    /// Prints all settings there are, with comments
    #[command(after_help = "Examples:\n  vouchsafe-scan settings | less")]
    Settings,
    Learn(learning::Learn),
    Hash(hashing::Hash),
    Completions(completing::Completions),
}

/// What is read, what is looked for, and how it is told.
#[derive(Debug, clap::Args)]
struct Scan {
    /// Files and folders to scan; - for standard input
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    paths: Vec<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "filter")]
    format: Format,
    /// Write the report to this file, not to standard output; it is replaced whole
    #[arg(long, short, value_name = "FILE", conflicts_with = "filter")]
    output: Option<PathBuf>,
    /// Report findings of this confidence or more: low, medium, high [default: that of the settings, else medium]
    #[arg(long, value_name = "LEVEL", value_parser = confidence)]
    minimum_confidence: Option<Confidence>,
    /// Classes not to look for, such as name,date
    #[arg(long, value_name = "CLASS", value_delimiter = ',', value_parser = class)]
    without: Vec<Class>,
    /// Look for these classes only, whatever the settings say
    #[arg(long, value_name = "CLASS", value_delimiter = ',', value_parser = class, conflicts_with = "without")]
    only: Vec<Class>,
    /// The settings [default: vouchsafe-scan.toml in the working folder, if it is there]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Use no settings, also when vouchsafe-scan.toml is there
    #[arg(long, conflicts_with = "settings")]
    no_settings: bool,
    /// Paths not to read, beside those of the settings: target/**
    #[arg(long, value_name = "GLOB", conflicts_with = "filter")]
    exclude: Vec<String>,
    /// Fail only for findings that this file does not have [default file: vouchsafe-scan.baseline.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = crate::baseline::FILE, conflicts_with = "filter")]
    baseline: Option<PathBuf>,
    /// Write the classes, places and counts of what was found to this file, for --baseline of later runs; exit code 0
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = crate::baseline::FILE, conflicts_with_all = ["filter", "baseline"])]
    write_baseline: Option<PathBuf>,
    /// Read with this many threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64), conflicts_with = "filter")]
    jobs: Option<u16>,
    /// Show no progress
    #[arg(long, short, conflicts_with = "filter")]
    quiet: bool,
    /// Mask standard input and write it to standard output, line by line
    #[arg(long)]
    filter: bool,
    /// With --filter: lose lines, and count them, while nobody reads; without, the writer waits
    #[arg(long, requires = "filter", conflicts_with = "paths")]
    drop: bool,
    /// With --filter: keep counters in this file, in the text format of Prometheus
    #[arg(
        long,
        value_name = "FILE",
        requires = "filter",
        conflicts_with = "paths"
    )]
    metrics: Option<PathBuf>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One object, of the schema vouchsafe-scan/1.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A page: one file that loads nothing.
    Html,
}

fn class(name: &str) -> Result<Class, String> {
    Class::parse(name).ok_or_else(|| {
        let names = Class::ALL.map(Class::name).join(", ");
        format!("not a class; the classes are {names}")
    })
}

fn confidence(name: &str) -> Result<Confidence, String> {
    Confidence::parse(name).ok_or_else(|| "low, medium or high".to_owned())
}

/// Why the command could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// A file that was named.
    #[error("{0}: {1}")]
    File(String, String),
    /// An argument.
    #[error("{0}")]
    Argument(String),
    /// The filter.
    #[error("{0}")]
    Filter(crate::filter::FilterError),
    /// The report could not be written.
    #[error("the report cannot be written: {0}")]
    Report(std::io::ErrorKind),
}

/// What the command returns when arguments or settings are wrong.
const WRONG: u8 = 2;

impl Verb {
    fn run(&self) -> Result<u8, Failed> {
        match self {
            Self::Init => alone("init").and_then(|()| scanning::init()),
            Self::Settings => alone("settings").map(|()| scanning::print_settings()),
            Self::Learn(learn) => learning::run(learn),
            Self::Hash(hash) => hashing::run(hash),
            Self::Completions(completions) => Ok(completing::run(completions)),
        }
    }
}

/// Refuses a command that could have been meant as a path: a scan that was asked for must not end as anything else.
fn alone(verb: &str) -> Result<(), Failed> {
    match Path::new(verb).exists() {
        true => Err(Failed::Argument(format!(
            "{verb} is a command, and a path here; ./{verb} scans it"
        ))),
        false => Ok(()),
    }
}

/// Runs the command and returns its exit code.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    crate::filter::quiet_panics();
    let done = match &args.verb {
        Some(verb) => verb.run(),
        None if args.scan.filter => filtering::run(&args.scan),
        None => scanning::run(&args.scan),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failed) => {
            output::complain(&format!("error: {failed}"));
            ExitCode::from(match failed {
                Failed::Filter(_) | Failed::Report(_) => 1,
                Failed::File(..) | Failed::Argument(_) => WRONG,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_declared_without_contradiction() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_contradicts_is_refused() {
        for wrong in [
            &["scan"][..],
            &["scan", "--filter", "x"],
            &["scan", "--drop", "x"],
            &["scan", "--drop"],
            &["scan", "--metrics", "m", "x"],
            &["scan", "--without", "nam", "x"],
            &["scan", "--baseline", "--write-baseline", "x"],
            &["scan", "--jobs", "0", "x"],
        ] {
            assert!(Args::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
        assert!(Args::try_parse_from(["scan", "--baseline", "x"]).is_ok());
        assert!(Args::try_parse_from(["scan", "--filter", "--drop"]).is_ok());
    }
}
