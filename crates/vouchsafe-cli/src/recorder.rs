//! `vouchsafe recorder`: the process that owns the audit log; `serve` starts it.

use std::path::PathBuf;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use vouchsafe_ledger::recorder::{self, RecorderConfig};

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
    // Warnings only: every command that works on an installation may have started it.
    let ours =
        Targets::new().with_target("vouchsafe", tracing_subscriber::filter::LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(ours).with(lines).init();
    let config = RecorderConfig::new(&args.dir, &args.socket);
    recorder::run(&config, std::io::stdin())
        .map_err(|error| told(&error).context("the recorder ended"))?;
    Ok(Ended::Well)
}
