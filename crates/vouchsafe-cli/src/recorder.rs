//! `vouchsafe recorder`: the process that owns the audit log; `serve` starts it.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use vouchsafe_ledger::recorder::{self, RecorderConfig};
use vouchsafe_server::logging;

use crate::{Ended, told};

/// Runs the recorder of an audit log until standard input closes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The audit log's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    // At a terminal its lines would stand between those of the command that started it; what
    // ends it is told either way.
    if !std::io::stderr().is_terminal() {
        logging::start();
    }
    let config = RecorderConfig::new(&args.dir, &args.socket);
    recorder::run(&config, std::io::stdin())
        .map_err(|error| told(&error).context("the recorder ended"))?;
    Ok(Ended::Well)
}
