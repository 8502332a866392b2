//! The command: `vouchsafe evidence`, and the binary `vouchsafe-evidence`.

mod answering;
mod checks;
mod head;
mod init;
mod open;
mod output;
mod packing;
mod running;
mod sampling;
mod status;
mod verifying;
mod watching;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What is typed first, and what it returns.
pub const EXAMPLES: &str = "\
The first hour, in any git repository:
  vouchsafe-evidence init --ci github     commented registers in evidence/, a key, a workflow
  vouchsafe-evidence run                  reads git, lock files, manifests, registers; judges; signs
  vouchsafe-evidence status               per control: held, deviations, gaps; what to do next
  vouchsafe-evidence pack --from 2026-01-01 --to 2026-06-30 -o pack.zip
  vouchsafe-evidence verify pack.zip      anywhere, offline: performs every check again

For the auditor, at the beginning of the period:
  vouchsafe-evidence head > kept.head     the key and the head of the log, to keep elsewhere

Exit codes: 0 done; 1 deviations or faults were found, or it could not be done; 2 wrong arguments.";

/// Evidence that SOC 2 and HIPAA controls held, from any git repository: collected, judged, logged, packed, verified.
#[derive(Debug, Parser)]
#[command(name = "vouchsafe-evidence", version, after_help = EXAMPLES)]
pub struct Args {
    /// The project: a folder in its git repository
    #[arg(
        long,
        short = 'C',
        global = true,
        value_name = "DIR",
        default_value = "."
    )]
    project: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Init),
    Run(running::Run),
    Status(status::Status),
    Pack(packing::Pack),
    Verify(verifying::Verify),
    Sample(sampling::Sample),
    Answer(answering::Answering),
    Watch(watching::Watch),
    Head(head::Head),
    Checks(checks::Checks),
    Completions(checks::Completions),
}

/// How a command ended, when it did what it was asked to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    /// All is well.
    Well,
    /// It ran, and found something wrong.
    Badly,
}

/// Why a command ended early, for people.
#[derive(Debug)]
struct Stopped(String);

impl<E: std::error::Error> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let project = args.project.as_path();
    let ended = match &args.verb {
        Verb::Init(init) => init::run(init, project),
        Verb::Run(run) => running::run(run, project),
        Verb::Status(status) => status::run(status, project),
        Verb::Pack(pack) => packing::run(pack, project),
        Verb::Verify(verify) => verifying::run(verify),
        Verb::Sample(sample) => sampling::run(sample),
        Verb::Answer(answering) => answering::run(answering),
        Verb::Watch(watch) => watching::run(watch, project),
        Verb::Head(head) => head::run(head, project),
        Verb::Checks(checks) => checks::run(checks),
        Verb::Completions(completions) => checks::complete(completions),
    };
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Err(Stopped(error)) => {
            output::complain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
