//! `vouchsafe recorder`: the process that owns the audit log; `serve` starts it.

use std::path::PathBuf;

use vouchsafe::access::BundleHash;
use vouchsafe_installation::logging;
use vouchsafe_installation::settings::LogLevel;
use vouchsafe_ledger::Gap;
use vouchsafe_ledger::recorder::{self, RecorderConfig};

use crate::signals::outlive_them;
use crate::{Ended, told};

/// Runs the recorder of an audit log until standard input closes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of the audit log
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Path of the socket to listen on
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// Log level of the service that started it
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LogLevel,
    /// Hash of a policy bundle that entries may name; entries with another bundle are refused
    #[arg(long = "bundle", value_name = "HASH", value_parser = bundle_hash)]
    bundles: Vec<BundleHash>,
    /// Start although the clock is far from the last entry
    #[arg(long)]
    clock_is_right: bool,
}

fn bundle_hash(text: &str) -> Result<BundleHash, &'static str> {
    text.parse()
        .map_err(|_| "a bundle's hash is 64 digits, 0-9 and a-f")
}

/// The answer to a clock far from the log.
const fn gap(clock_is_right: bool) -> Gap {
    match clock_is_right {
        true => Gap::Confirmed,
        false => Gap::Refused,
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    logging::start_recorder(args.log_level);
    // Signals are ignored: the service still has its last entries to write when it is asked to stop.
    outlive_them()?;
    let config = RecorderConfig {
        gap: gap(args.clock_is_right),
        bundles: args.bundles.clone(),
        ..RecorderConfig::new(&args.dir, &args.socket)
    };
    recorder::run(&config, std::io::stdin())
        .map_err(|error| told(&error).context("the recorder ended"))?;
    Ok(Ended::Well)
}
