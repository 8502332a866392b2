//! `head`: what an auditor keeps.

use std::path::Path;

use super::open::Opened;
use super::{Ended, Stopped, output};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence head > kept.head               the signed head of the log
  vouchsafe-evidence head --key                     the public key of the log, to compare

Whoever keeps the key and a head can show later that nothing in front of that head was changed or left out.";

/// Prints the signed head of the log, for an auditor to keep
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Head {
    /// Print the public key of the log instead
    #[arg(long)]
    key: bool,
}

pub(super) fn run(head: &Head, folder: &Path) -> Result<Ended, Stopped> {
    let opened = Opened::at(folder)?;
    if head.key {
        output::say(&opened.key);
        return Ok(Ended::Well);
    }
    let log = opened.log()?;
    output::say(String::from_utf8_lossy(log.note()).trim_end());
    Ok(Ended::Well)
}
