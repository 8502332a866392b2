//! `pack`: one archive for the auditor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::open::{Appended, Opened};
use super::output::{Progress, say};
use super::{Ended, Stopped};
use crate::key;
use crate::pack::{Making, make, settle};
use crate::window::Window;

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence pack --from 2026-01-01 --to 2026-06-30 -o pack.zip

The findings and the manifest of each population are appended to the log before the pack is written: an auditor's seed
comes after that, so that neither side can steer a sample.";

/// Writes an archive with findings, populations, raw evidence, proofs and a signed manifest
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Pack {
    /// The first day of the period
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The last day of the period
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// The archive; it is replaced whole
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The signing key [default: the variable VOUCHSAFE_EVIDENCE_KEY, else the file that init wrote]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(pack: &Pack, folder: &Path) -> Result<Ended, Stopped> {
    let window = Window::days(pack.from, pack.to)?;
    let mut progress = Progress::new(pack.quiet);
    // The pack is written when others see its log: not of one that another run was quicker than.
    let (opened, appended) = Opened::publishing(folder, |opened, _| {
        let signer = key::load(pack.key_file.as_deref(), &opened.key, opened.project.root())?;
        let mut writer = opened.place.writer(signer)?;
        let settled = settle(&making(opened, window), &mut writer, |step| {
            progress.step(step)
        })?;
        Ok(Appended {
            writer,
            message: format!("Findings of {window}"),
            what: settled,
        })
    })?;
    let Appended { writer, what, .. } = appended;
    let made = make(
        &making(&opened, window),
        what,
        &writer,
        &pack.output,
        |step| {
            progress.step(step);
        },
    )?;
    progress.end();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for control in &made.findings.controls {
        *states.entry(control.state.word()).or_default() += 1;
    }
    let states: Vec<_> = states
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    say(format!(
        "{}: {} files, {} entries of the log; controls: {}",
        pack.output.display(),
        made.files,
        made.size,
        states.join(", ")
    ));
    say(format!(
        "To verify it: vouchsafe evidence verify {} --key '{}'",
        pack.output.display(),
        opened.key
    ));
    Ok(Ended::Well)
}

const fn making(opened: &Opened, window: Window) -> Making<'_> {
    Making {
        project: &opened.project,
        key: &opened.key,
        window,
    }
}
