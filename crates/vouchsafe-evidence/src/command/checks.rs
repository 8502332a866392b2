//! `checks` and `completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::output::{say, table};
use super::{Args, Ended, Stopped};
use crate::catalogue;
use crate::check::Check;

/// Lists the checks, their controls and what they read; or prints the definition of one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  vouchsafe-evidence checks\n  vouchsafe-evidence checks change.reviewed\n  vouchsafe-evidence checks --controls"
)]
pub(super) struct Checks {
    /// Print the definition of this check, with its cases
    id: Option<String>,
    /// List the controls, and the checks for each
    #[arg(long, conflicts_with = "id")]
    controls: bool,
}

pub(super) fn run(checks: &Checks) -> Result<Ended, Stopped> {
    let all = Check::all()?;
    if let Some(id) = &checks.id {
        let known = all.iter().find(|check| check.id == *id);
        let check = known.ok_or_else(|| {
            let ids: Vec<_> = all.iter().map(|check| check.id.as_str()).collect();
            Stopped(format!(
                "there is no check {id}; there are: {}",
                ids.join(", ")
            ))
        })?;
        say(&check.text);
        return Ok(Ended::Well);
    }
    if checks.controls {
        for control in catalogue::controls()? {
            let has = |id: &String| all.iter().any(|check| check.id == *id);
            let named = control.checks.iter().map(|id| {
                if has(id) {
                    id.clone()
                } else {
                    format!("{id} (no check yet)")
                }
            });
            let named: Vec<_> = named.collect();
            say(format!(
                "{}  {}\n    {}",
                control.id,
                control.title,
                named.join(", ")
            ));
        }
        return Ok(Ended::Well);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|check| {
            [
                check.id.clone(),
                check.controls.join(" "),
                check.title.clone(),
            ]
        })
        .collect();
    table(&rows).iter().for_each(say);
    Ok(Ended::Well)
}

/// Prints a script that completes the arguments of this command in a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  vouchsafe-evidence completions bash > /etc/bash_completion.d/vouchsafe-evidence"
)]
pub(super) struct Completions {
    shell: Shell,
}

pub(super) fn complete(completions: &Completions) -> Result<Ended, Stopped> {
    let mut script = Vec::new();
    let mut command = Args::command();
    clap_complete::generate(
        completions.shell,
        &mut command,
        "vouchsafe-evidence",
        &mut script,
    );
    say(String::from_utf8_lossy(&script).trim_end());
    Ok(Ended::Well)
}
