//! The command `vouchsafe`: starts the service, and administers an installation at a terminal.

mod audit;
mod check;
mod completions;
mod demo;
mod door;
mod hardening;
mod import;
mod installation;
mod output;
mod person;
mod principal;
mod recorder;
mod recover;
mod self_test;
mod serve;
mod signals;
mod token_file;

use std::pin::Pin;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "\
Examples:
  vouchsafe demo --once                  see every safeguard at work, on synthetic data
  vouchsafe serve                        create an installation in ./.vouchsafe and serve it
  vouchsafe import records/              load FHIR bundles and NDJSON
  vouchsafe person add 'Ada Example' ada@example.org --role clinician --days 90 --reason 'new hire'
  vouchsafe audit verify                 check the whole audit log
  vouchsafe scan logs/                   find PHI and secrets in logs and dumps of any service
  vouchsafe evidence init --ci github    collect evidence for SOC 2 and HIPAA, in any repository

Exit codes: 0 done; 1 not done, or something was found; 2 wrong arguments.";

/// A record service for protected health information, with every safeguard on
#[derive(Debug, Parser)]
#[command(name = "vouchsafe", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(demo::Args),
    Check(check::Args),
    Recover(recover::Args),
    SelfTest(self_test::Args),
    Import(import::Args),
    Person(person::Args),
    Audit(audit::Args),
    #[command(name = "scan")]
    Scan(Box<vouchsafe_scan::command::Args>),
    #[command(name = "evidence")]
    Evidence(Box<vouchsafe_evidence::command::Args>),
    #[command(name = "collect", subcommand)]
    Collect(vouchsafe_evidence::command::Collect),
    #[command(name = "baa")]
    Baa(vouchsafe_evidence::command::BaaArgs),
    Completions(completions::Args),
    #[command(hide = true)]
    Recorder(recorder::Args),
}

/// The result of a command that ran.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    /// No fault was found.
    Well,
    /// The command ran and found a fault.
    Badly,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        // Only the location is logged: a panic's message may quote the input that caused it.
        let place = info
            .location()
            .map_or_else(String::new, ToString::to_string);
        output::complain(&format!(
            "error: this is a bug, at {place}; please report it"
        ));
    }));
    if let Err(error) = hardening::keep_to_itself() {
        output::complain(&format!(
            "error: this system does not let a process keep its memory to itself ({}); allow prctl and setrlimit",
            error.kind()
        ));
        return ExitCode::from(1);
    }
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        // A scanned path may contain a patient's name: a wrong argument is not repeated.
        Err(error)
            if error.use_stderr()
                && std::env::args_os()
                    .nth(1)
                    .is_some_and(|verb| verb == "scan") =>
        {
            return vouchsafe_scan::command::refused(&error);
        }
        Err(error) => error.exit(),
    };
    let ended = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Check(args) => check::run(&args),
        Command::Recover(args) => recover::run(&args),
        Command::SelfTest(args) => self_test::run(&args),
        Command::Import(args) => import::run(args),
        Command::Person(args) => person::run(args),
        Command::Audit(args) => audit::run(&args),
        // The scan has exit codes of its own, and needs no installation.
        Command::Scan(args) => return vouchsafe_scan::command::run(&args),
        Command::Evidence(args) => return vouchsafe_evidence::command::run(&args),
        Command::Collect(args) => return vouchsafe_evidence::command::collect(&args),
        Command::Baa(args) => return vouchsafe_evidence::command::baa(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Recorder(args) => recorder::run(&args),
    };
    vouchsafe_installation::logging::flush();
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        // The reader has closed the pipe: `vouchsafe audit show | head`.
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

/// The complete command. The examples of the small binaries are shown with this program's name.
fn command() -> clap::Command {
    Cli::command()
        .mut_subcommand("scan", |scan| {
            renamed(scan, "vouchsafe-scan", "vouchsafe scan")
        })
        .mut_subcommand("evidence", |evidence| {
            renamed(evidence, "vouchsafe-evidence", "vouchsafe evidence")
        })
}

/// A command and its subcommands, with another name in their examples.
fn renamed(command: clap::Command, from: &str, to: &str) -> clap::Command {
    let help = command.get_after_help().map(ToString::to_string);
    let command = match help {
        Some(help) => command.after_help(help.replace(&format!("{from} "), &format!("{to} "))),
        None => command,
    };
    command.mut_subcommands(|below| renamed(below, from, to))
}

/// Runs a command that waits for files, processes and networks.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // Boxed: the runtime's code for a future is compiled three times, and for a pointer it is small.
    let work: Pin<Box<dyn Future<Output = anyhow::Result<T>> + '_>> = Box::pin(work);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| told(&error))?
        .block_on(work)
}

/// An error of ours in its own words, which already include those of its sources.
fn told(error: &impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_declared_without_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn walk(command: &clap::Command, bare: &mut Vec<String>) {
            let leaf = command.get_subcommands().next().is_none();
            if leaf && !command.is_hide_set() && command.get_after_help().is_none() {
                bare.push(command.get_name().to_owned());
            }
            for below in command.get_subcommands() {
                walk(below, bare);
            }
        }
        let mut bare = Vec::new();
        walk(&Cli::command(), &mut bare);
        assert!(bare.is_empty(), "without examples: {bare:?}");
    }
}
