//! `verify`: anywhere, offline.

use std::fs;
use std::path::PathBuf;

use vouchsafe_tlog::NoteVerifier;

use super::output::{Progress, say};
use super::{Ended, Stopped};
use crate::change::compare::{Difference, Sameness};
use crate::forge::Limits;
use crate::forge::access::{AccessArgs, environment};
use crate::github::command::VARIABLES;
use crate::pack::{Kept, Verified, verify};
use crate::refetch::{Refetched, Terms, refetch};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence verify pack.zip
  vouchsafe-evidence verify pack.zip --key 'github.com/o/r/evidence+1f2e...' --head kept.head
  vouchsafe-evidence verify pack.zip --refetch 25 --seed 'a seed of the auditor' --repository owner/name --token-file token

With --refetch, sampled changes are compared with what the forge says today, under your own token; the seed is chosen after the
pack was made. Nothing else calls anybody. A refusal, or a limit of the forge, is never a match.

Key and head come from what you kept, never from the pack. Without them the output says what is not excluded.

Exit codes: 0 everything came out as the pack says; 1 something did not, or could not be compared; 2 wrong arguments.";

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
    /// Compare N sampled changes with the forge
    #[arg(long, value_name = "N", requires = "seed", value_parser = clap::value_parser!(u32).range(1..))]
    refetch: Option<u32>,
    /// The auditor's seed, by which the changes are sampled as by `sample`
    #[arg(long, requires = "refetch")]
    seed: Option<String>,
    /// The repository that is asked about [default: the one that the pack names]
    #[arg(long, value_name = "OWNER/NAME", requires = "refetch")]
    repository: Option<String>,
    #[command(flatten)]
    access: AccessArgs,
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
    let mut verified = verify(&arguments.pack, &kept, |step| progress.step(step))?;
    // What is not what was signed is compared with nothing.
    if let (Some(size), true) = (arguments.refetch, verified.faults.is_empty()) {
        progress.step("asking the forge");
        let again = compared(arguments, kept.key.as_ref(), size)?;
        if again.named_by_pack {
            verified.not_excluded.push(format!(
                "another repository: the pack says that it is {}, and no --repository was given",
                again.repository
            ));
        }
        verified.refetched = Some(again);
    }
    progress.end();
    if arguments.json {
        say(serde_json::to_string_pretty(&verified)?);
    } else {
        tell(&verified);
    }
    let same = verified.refetched.as_ref().is_none_or(Refetched::is_same);
    Ok(if verified.faults.is_empty() && same {
        Ended::Well
    } else {
        Ended::Badly
    })
}

fn compared(
    arguments: &Verify,
    key: Option<&NoteVerifier>,
    size: u32,
) -> Result<Refetched, Stopped> {
    let (api, token) = arguments.access.open(VARIABLES, &environment)?;
    Ok(refetch(Terms {
        pack: &arguments.pack,
        key,
        seed: arguments.seed.as_deref().unwrap_or_default(),
        size: usize::try_from(size)?,
        repository: arguments.repository.as_deref(),
        api,
        token,
        limits: Limits::default(),
    })?)
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

fn tell_again(again: &Refetched) {
    say(format!(
        "\n{} of {} changes, compared with {} at {}:",
        again.changes.len(),
        again.of,
        again.repository,
        again.api
    ));
    for one in &again.changes {
        let pull = one.pull.map_or_else(
            || "no pull request".to_owned(),
            |number| format!("pull request {number}"),
        );
        match (one.result, &one.why) {
            (Sameness::Match, _) => say(format!("match   {} ({pull})", one.commit)),
            (Sameness::Differs, _) => say(format!("DIFFERS {} ({pull})", one.commit)),
            (Sameness::NotCompared, why) => say(format!(
                "open    {} ({pull}) could not be compared: {}",
                one.commit,
                why.as_deref().unwrap_or("no reason was given")
            )),
        }
        for Difference { what, pack, forge } in &one.differences {
            say(format!(
                "          {what}: the pack says {pack}; the forge says {forge}"
            ));
        }
    }
    if let Some(why) = &again.stopped {
        say(format!("open    no more was asked: {why}"));
    }
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
    if let Some(again) = &verified.refetched {
        tell_again(again);
    }
    if verified.faults.is_empty() {
        say(
            "\nThe pack is what its log gives. Read report.html or findings.json for what that is.",
        );
    } else {
        say(format!("\nNOT VERIFIED: {} faults.", verified.faults.len()));
    }
}
