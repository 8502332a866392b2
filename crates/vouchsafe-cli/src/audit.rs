//! `vouchsafe audit`: the stored log, its verification, and who saw a patient.

mod show;
mod verify;
mod who_saw;

use std::path::PathBuf;

use clap::Subcommand;
use vouchsafe_installation::folder::Folder;
use vouchsafe_ledger::reader::Log;
use vouchsafe_tlog::NoteVerifier;

use crate::installation::DataFolder;
use crate::{Ended, told};

pub(crate) use who_saw::show as show_who_saw;

/// Read and verify the audit log, report who saw a patient
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Args),
    Verify(verify::Args),
    WhoSaw(who_saw::Args),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    match &args.command {
        Command::Show(args) => show::run(args),
        Command::Verify(args) => verify::run(args),
        Command::WhoSaw(args) => who_saw::run(args),
    }
}

/// The arguments that select the log.
#[derive(Debug, clap::Args)]
struct LogArgs {
    #[command(flatten)]
    data: DataFolder,
    /// A copy of a log's folder, instead of the data folder's; needs --key
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
    /// The log's verifier key, as noted elsewhere [default: the key that the data folder pinned at the first start]
    #[arg(long, value_name = "VKEY")]
    key: Option<NoteVerifier>,
}

impl LogArgs {
    fn open(&self) -> anyhow::Result<Log> {
        let opened = match (&self.log, &self.key) {
            (Some(folder), Some(key)) => Log::open_with(folder, key.clone()),
            // An attacker who altered a copy can have replaced the key beside it, too.
            (Some(_), None) => anyhow::bail!(
                "a copy is read under a key that did not come with it: give --key what `vouchsafe audit verify` says \
                 on the service's host, or what you noted at the first start"
            ),
            (None, Some(key)) => Log::open_with(&self.data.folder()?.audit(), key.clone()),
            (None, None) => return open(&self.data.folder()?),
        };
        opened.map_err(|error| told(&error))
    }
}

/// The log of an installation, verified with the key that was pinned at its first start.
pub(crate) fn open(folder: &Folder) -> anyhow::Result<Log> {
    let pinned = folder.pinned().map_err(|error| told(&error))?;
    let Some(pinned) = pinned.and_then(|pinned| pinned.log) else {
        anyhow::bail!(
            "{} is no data folder of Vouchsafe: name another by --data, or a copy of a log by --log",
            folder.path().display()
        );
    };
    let key: NoteVerifier = pinned
        .parse()
        .map_err(|_| anyhow::anyhow!("the pinned key in installation.json is damaged"))?;
    Log::open_with(&folder.audit(), key).map_err(|error| told(&error))
}
