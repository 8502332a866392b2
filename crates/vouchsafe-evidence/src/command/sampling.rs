//! `sample`: items that neither side can steer.

use std::path::PathBuf;

use super::output::say;
use super::verifying::parse_key;
use super::{Ended, Stopped};
use crate::finding::csv;
use crate::pack::sample;

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence sample pack.zip --check change.reviewed --seed 'a seed of the auditor' --size 25

The seed is the auditor's, and is chosen after the pack was made. The sample is the first items in the order of
HMAC-SHA256(seed, id of the item); anybody with the seed draws the same one.";

/// Draws a sample from a population of a pack, as CSV
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sample {
    /// The pack
    pack: PathBuf,
    /// The check whose population is sampled
    #[arg(long, value_name = "ID")]
    check: String,
    /// The auditor's seed
    #[arg(long)]
    seed: String,
    /// Number of items
    #[arg(long, default_value_t = 25)]
    size: usize,
    /// The public key of the log, or a file that holds it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(super) fn run(arguments: &Sample) -> Result<Ended, Stopped> {
    let key = arguments.key.as_deref().map(parse_key).transpose()?;
    let sampled = sample(
        &arguments.pack,
        &arguments.check,
        &arguments.seed,
        arguments.size,
        key.as_ref(),
    )
    .map_err(Stopped)?;
    super::output::complain(&format!(
        "{} of {} items; the population was fixed by entry {} of the log",
        sampled.items.len(),
        sampled.of,
        sampled.fixed_by
    ));
    let items: Vec<_> = sampled.items.into_iter().map(|(_, item)| item).collect();
    say(csv(&items).trim_end());
    Ok(Ended::Well)
}
