//! The command `vouchsafe-scan`: what `vouchsafe scan` does, in a binary of its own.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    vouchsafe_scan::command::run(&vouchsafe_scan::command::Args::parse())
}
