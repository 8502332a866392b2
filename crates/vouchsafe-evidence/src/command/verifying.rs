//! `verify`: anywhere, offline.

use std::fs;
use std::path::PathBuf;

use vouchsafe_tlog::NoteVerifier;

use super::output::{Progress, say};
use super::{Ended, Stopped};
use crate::pack::{Kept, Verified, verify};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence verify pack.zip
  vouchsafe-evidence verify pack.zip --key 'github.com/o/r/evidence+1f2e...' --head kept.head

Key and head come from what you kept, never from the pack. Without them the output says what is not excluded.

Exit codes: 0 everything came out as the pack says; 1 something did not; 2 wrong arguments.";

/// Verifies a pack: signatures, proofs, and every check again on the raw evidence
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    /// The pack
    pack: PathBuf,
    /// The public key of the log, or a file that holds it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// An earlier head of the log that you kept
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Public keys of witnesses whose cosignature counts
    #[arg(long = "witness", value_name = "KEY")]
    witnesses: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(arguments: &Verify) -> Result<Ended, Stopped> {
    let read = |path: &PathBuf| {
        fs::read(path).map_err(|error| Stopped(format!("{}: {error}", path.display())))
    };
    let witnesses = arguments.witnesses.iter().map(|text| parse_key(text));
    let kept = Kept {
        key: arguments.key.as_deref().map(parse_key).transpose()?,
        head: arguments.head.as_ref().map(read).transpose()?,
        witnesses: witnesses.collect::<Result<_, _>>()?,
    };
    let mut progress = Progress::new(arguments.quiet);
    let verified = verify(&arguments.pack, &kept, |step| progress.step(step))?;
    progress.end();
    if arguments.json {
        say(serde_json::to_string_pretty(&verified)?);
    } else {
        tell(&verified);
    }
    Ok(if verified.faults.is_empty() {
        Ended::Well
    } else {
        Ended::Badly
    })
}

/// A key as it is printed, or the file that holds it.
pub(super) fn parse_key(text: &str) -> Result<NoteVerifier, Stopped> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let content = fs::read_to_string(text).map_err(|_| {
        Stopped("--key is neither a public key (NAME+ID+KEY) nor a file with one".to_owned())
    })?;
    Ok(content.trim().parse()?)
}

fn tell(verified: &Verified) {
    for step in &verified.steps {
        say(format!("ok      {step}"));
    }
    for fault in &verified.faults {
        say(format!("WRONG   {fault}"));
    }
    for open in &verified.not_excluded {
        say(format!("open    not excluded: {open}"));
    }
    if verified.faults.is_empty() {
        say(
            "\nThe pack is what its log gives. Read report.html or findings.json for what that is.",
        );
    } else {
        say(format!("\nNOT VERIFIED: {} faults.", verified.faults.len()));
    }
}
