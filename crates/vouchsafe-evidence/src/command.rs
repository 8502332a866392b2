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
use jiff::Timestamp;

pub use crate::github::command::Args as GithubArgs;
pub use crate::gitlab::command::Args as GitlabArgs;
pub use crate::register::BaaArgs;

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
    #[command(subcommand)]
    Collect(Collect),
    Probe(crate::probe::command::Args),
    Baa(BaaArgs),
    Answer(answering::Answering),
    Watch(watching::Watch),
    Head(head::Head),
    Checks(checks::Checks),
    Completions(checks::Completions),
}

/// Saves what others know: pages of a forge
#[derive(Debug, Subcommand)]
pub enum Collect {
    /// Saves what GitHub says of a repository: pages of reviews, checks, rules and pushes
    Github(Box<GithubArgs>),
    /// Saves what GitLab says of a project: merge requests, approvals, jobs, protected branches and pushes
    Gitlab(Box<GitlabArgs>),
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
        Verb::Collect(args) => return collect(args),
        Verb::Probe(args) => return crate::probe::command::run(args, project),
        Verb::Baa(args) => return baa(args),
        Verb::Init(init) => init::run(init, project),
        Verb::Run(run) => running::run(run, project),
        Verb::Status(status) => status::run(status, project),
        Verb::Pack(pack) => packing::run(pack, project),
        Verb::Verify(verify) => verifying::run(verify),
        Verb::Sample(sample) => sampling::run(sample),
        Verb::Answer(answering) => answering::run(answering),
        Verb::Watch(watch) => watching::run(watch, project),
        Verb::Head(head) => head::run(head, project),
        Verb::Checks(checks) => checks::run(checks, project),
        Verb::Completions(completions) => checks::complete(completions),
    };
    match ended {
        Ok(_) if output::lost() => {
            output::complain("error: the output could not be written");
            ExitCode::FAILURE
        }
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Err(Stopped(error)) => {
            output::complain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs `collect`.
#[must_use]
pub fn collect(args: &Collect) -> ExitCode {
    match args {
        Collect::Github(args) => crate::github::command::run(args),
        Collect::Gitlab(args) => crate::gitlab::command::run(args),
    }
}

/// Runs `baa`.
#[must_use]
pub fn baa(args: &BaaArgs) -> ExitCode {
    let (mut out, mut errors) = (std::io::stdout().lock(), std::io::stderr().lock());
    // A reader that went away has seen enough.
    let code = crate::register::run_baa(args, Timestamp::now(), &mut out, &mut errors);
    code.map_or(ExitCode::SUCCESS, ExitCode::from)
}
