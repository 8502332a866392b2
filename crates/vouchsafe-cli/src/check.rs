//! `vouchsafe check`: the preflight, at a terminal.

use serde::Serialize;
use vouchsafe_installation::preflight::{self, Check, Report, Verdict};

use crate::installation::DataFolder;
use crate::{Ended, block_on, output};

const EXAMPLES: &str = "\
Examples:
  vouchsafe check
  vouchsafe check --data /var/lib/vouchsafe --json

It works beside a running service, reads the whole audit log, and exits with 1 when a safeguard
fails. Acts after a loss (`vouchsafe recover`, `serve --clock-is-right`) are warnings that it shows
for ever.";

/// Check every safeguard of an installation, with advice for each that fails
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Checked<'r> {
    passes: bool,
    checks: &'r [Check],
    /// The reason why the installation could not be opened; then nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    let report = block_on(async {
        let installation = args.data.open().await?;
        let mut report = preflight::run(&installation).await;
        report.checks.push(preflight::whole_log(&installation));
        installation.close().await;
        Ok(report)
    });
    let report = match report {
        // A program reads the same object, whether the installation opens or not.
        Err(error) if args.json => {
            output::say_json(&Checked {
                passes: false,
                checks: &[],
                error: Some(format!("{error:#}")),
            })?;
            return Ok(Ended::Badly);
        }
        report => report?,
    };
    if args.json {
        output::say_json(&Checked {
            passes: report.passes(),
            checks: &report.checks,
            error: None,
        })?;
    } else {
        show(&report)?;
        output::say(match report.passes() {
            true => "every safeguard works: PHI routes may open",
            false => "a safeguard does not work: PHI routes stay closed",
        })?;
    }
    Ok(match report.passes() {
        true => Ended::Well,
        false => Ended::Badly,
    })
}

/// Prints a report: one line for each check, with the advice below it.
pub(crate) fn show(report: &Report) -> anyhow::Result<()> {
    let rows: Vec<[String; 4]> = report
        .checks
        .iter()
        .map(|check| {
            let verdict = match check.verdict {
                Verdict::Pass => "pass",
                Verdict::Fail => "FAIL",
                Verdict::Warn => "warn",
            };
            [verdict, check.name, check.control, &check.finding].map(str::to_owned)
        })
        .collect();
    for (line, check) in output::table(&rows).into_iter().zip(&report.checks) {
        output::say(format_args!("  {line}"))?;
        if let Some(remedy) = check.remedy {
            output::say(format_args!("        {remedy}"))?;
        }
    }
    Ok(())
}
