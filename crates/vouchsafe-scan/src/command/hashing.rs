//! `hash`: keyed hashes of values, for allowances.

use std::io::{self, BufRead as _, Read as _};
use std::path::PathBuf;

use super::Failed;
use super::output::{say, shown};
use crate::known::read_key;
use crate::settings::value_hash;

const EXAMPLES: &str = "\
Reads values from standard input, one a line, so that none is in the history of a shell.

Example:
  vouchsafe-scan hash --key /etc/scan.key < values.txt

Then, in vouchsafe-scan.toml:
  [known]
  key = \"/etc/scan.key\"

  [[allow]]
  value-hash = \"hmac-sha256:...\"
  reason = \"...\"";

/// The values of one run, at most.
const MOST_BYTES: u64 = 1 << 20;

/// Prints keyed hashes of values, for value-hash in an [[allow]]
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Hash {
    /// The file of the key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Prints a hash for each line of standard input.
pub(super) fn run(hash: &Hash) -> Result<u8, Failed> {
    let key =
        read_key(&hash.key).map_err(|error| Failed::File(shown(&hash.key), error.to_string()))?;
    for line in io::stdin().lock().take(MOST_BYTES).split(b'\n') {
        let line = line.map_err(|error| {
            Failed::Argument(format!("standard input cannot be read: {}", error.kind()))
        })?;
        let value = line.trim_ascii();
        if !value.is_empty() {
            say(&value_hash(&key, value));
        }
    }
    Ok(0)
}
