//! `vouchsafe audit who-saw`: the accesses to a patient's records, with the names of people.

use vouchsafe::ids::RecordId;
use vouchsafe_installation::who_saw::{Seen, who_saw};

use crate::installation::DataFolder;
use crate::token_file::TokenArgs;
use crate::{Ended, block_on, output, told};

const EXAMPLES: &str = "\
Examples:
  vouchsafe person sign-in otto@example.org --token-file otto.header
  vouchsafe audit who-saw 9d0f5b7a-52c5-4b0e-8a41-2b6f7f0a3c55 --token-file otto.header
  VOUCHSAFE_TOKEN=... vouchsafe audit who-saw PATIENT --json

The command takes the role auditor or privacy-officer, and is itself logged before it answers. It
reads the whole log, up to and including its own entry.";

/// Show who saw a patient's records: when, which data, for which purpose, with which outcome
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The Patient, by id or as `Patient/ID`
    #[arg(value_parser = patient)]
    patient: RecordId,
    #[command(flatten)]
    token: TokenArgs,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn patient(text: &str) -> Result<RecordId, &'static str> {
    let id = text.strip_prefix("Patient/").unwrap_or(text);
    id.parse()
        .map_err(|_| "give the id of the Patient record, a UUID, or Patient/ID")
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let token = args.token.token()?;
    let seen = block_on(async {
        let installation = args.data.open().await?;
        let seen = who_saw(&installation, &token, args.patient).await;
        installation.close().await;
        seen.map_err(|error| told(&error))
    })?;
    match args.json {
        true => output::say_json(&seen)?,
        false => show(&seen)?,
    }
    Ok(Ended::Well)
}

/// Prints the accesses as a table.
pub(crate) fn show(seen: &Seen) -> anyhow::Result<()> {
    let rows: Vec<[String; 7]> = seen
        .accesses
        .iter()
        .map(|access| {
            let who = match access.roles.is_empty() {
                true => access.name.clone(),
                false => format!("{} ({})", access.name, access.roles.join(", ")),
            };
            [
                access.recorded.clone(),
                who,
                access.operation.clone(),
                access.about.clone(),
                access.outcome.clone(),
                access.purpose.clone().unwrap_or_default(),
                access.classes.join(","),
            ]
        })
        .collect();
    output::table(&rows).iter().try_for_each(output::say)?;
    output::say(format_args!(
        "{} entries about Patient/{}, of all {} entries of the log {} (root {}).\n\
         That this was asked is entry {}.",
        seen.accesses.len(),
        seen.patient,
        seen.entries,
        seen.origin,
        seen.root,
        seen.asked,
    ))
}
