//! `vouchsafe recover`: an installation goes on after a loss, and says so for ever.

use clap::Subcommand;
use serde_json::json;
use vouchsafe_installation::recovery::{Lost, Recovery};

use crate::installation::DataFolder;
use crate::{Ended, block_on, output};

const LOG_EXAMPLES: &str = "\
Examples:
  mv .vouchsafe/audit /mnt/evidence/audit-2026-11-30
  vouchsafe recover log --reason 'disk of the log was lost on 30 November'

The log that is gone, or that the recorder refuses, is replaced by an empty one with new keys. Its
folder is moved away first, and kept: what it recorded is in it alone, and can be verified under its
own key.";

const DATABASE_EXAMPLES: &str = "\
Examples:
  vouchsafe recover database --reason 'restored from the backup of 29 November, no newer one'

The database is older than the audit log: writes that the log has as committed are not in it. They
are lost with this; restore the database as it was last instead, wherever there is such a copy.";

/// Go on after a loss, with a reason that `check` and `audit verify` show for ever
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a new audit log in the place of one that is gone or refused
    #[command(after_help = LOG_EXAMPLES)]
    Log(With),
    /// Accept a records database that lacks writes which the audit log has
    #[command(after_help = DATABASE_EXAMPLES)]
    Database(With),
}

#[derive(Debug, clap::Args)]
struct With {
    #[command(flatten)]
    data: DataFolder,
    /// Why, for whoever reads it later: no patient's data
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A reason is one line that says something.
fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let length = text.chars().count();
    let fits = (3..=300).contains(&length) && !text.contains(|c: char| c.is_control());
    fits.then(|| text.to_owned())
        .ok_or("a reason is a line of 3 to 300 characters")
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    let (lost, with) = match &args.command {
        Command::Log(with) => (Lost::Log, with),
        Command::Database(with) => (Lost::Database, with),
    };
    let done = block_on(async {
        let settings = with.data.settings()?;
        let recovering = with.data.recover(settings, None, (lost, &with.reason));
        let installation = recovering.await?.installation;
        let done = installation.recoveries().last().cloned();
        installation.close().await;
        Ok(done)
    })?;
    let done = done.ok_or_else(|| anyhow::anyhow!("nothing was recorded"))?;
    match with.json {
        true => output::say_json(&json!({ "recovered": done }))?,
        false => show(&done)?,
    }
    Ok(Ended::Well)
}

fn show(done: &Recovery) -> anyhow::Result<()> {
    output::say(done.told())?;
    output::say(
        "`vouchsafe check` and `vouchsafe audit verify` show it from now on. The service can be started.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_on_one_line() {
        assert_eq!(reason(" disk lost "), Ok("disk lost".to_owned()));
        for text in ["", "  ", "no", "two\nlines", &"x".repeat(301)] {
            assert!(reason(text).is_err(), "{text}");
        }
    }
}
