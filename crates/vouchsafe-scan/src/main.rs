//! The command `vouchsafe-scan`: what `vouchsafe scan` does, in a binary of its own.

use std::process::ExitCode;

use clap::Parser as _;
use vouchsafe_scan::command;

fn main() -> ExitCode {
    match command::Args::try_parse() {
        Ok(args) => command::run(&args),
        Err(error) => command::refused(&error),
    }
}
