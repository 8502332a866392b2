//! The command `vouchsafe-evidence`: what `vouchsafe evidence` does, in a binary of its own.

use std::process::ExitCode;

use clap::Parser as _;
use vouchsafe_evidence::command;

fn main() -> ExitCode {
    command::run(&command::Args::parse())
}
