//! `checks` and `completions`.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::output::{say, table};
use super::{Args, Ended, Stopped};
use crate::area::AREAS;
use crate::catalogue::{self, CheckOf};
use crate::check::Check;
use crate::git::Git;
use crate::own;

/// Lists the checks, their controls and what they read; or prints the definition of one. Those of evidence/checks/ are
/// among them
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
    /// List the types of evidence
    #[arg(long, conflicts_with_all = ["id", "controls"])]
    types: bool,
}

pub(super) fn run(checks: &Checks, folder: &Path) -> Result<Ended, Stopped> {
    // Outside of a repository there are those of the program alone.
    let all = match Git::at(folder) {
        Ok(git) => own::all_of(git.root())?,
        Err(_) => Check::all()?,
    };
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
            let named = control
                .checks_among(&all)
                .into_iter()
                .map(|check| match check {
                    CheckOf::Loaded(check) => check.id.clone(),
                    CheckOf::NotYet(id) => format!("{id} (no check yet)"),
                });
            let named: Vec<_> = named.collect();
            say(format!(
                "{}  {}\n    {}\n    {}",
                control.id,
                control.title,
                control.asks,
                named.join(", ")
            ));
        }
        return Ok(Ended::Well);
    }
    if checks.types {
        let types = AREAS.iter().flat_map(|area| area.types);
        let rows: Vec<_> = types
            .map(|known| [known.name.to_owned(), known.title.to_owned()])
            .collect();
        table(&rows).iter().for_each(say);
        return Ok(Ended::Well);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|check| [check.id.clone(), check.controls.join(" "), title(check)])
        .collect();
    table(&rows).iter().for_each(say);
    Ok(Ended::Well)
}

fn title(check: &Check) -> String {
    let proposed = if check.nprm {
        " (proposed rule of 2025)"
    } else {
        ""
    };
    format!("{}{proposed}", check.title)
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
