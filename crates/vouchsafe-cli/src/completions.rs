//! `vouchsafe completions`.

use clap::Command;
use clap_complete::Shell;

use crate::{Ended, command, output};

const EXAMPLES: &str = "\
Examples:
  vouchsafe completions bash > ~/.local/share/bash-completion/completions/vouchsafe
  vouchsafe completions zsh > ~/.zfunc/_vouchsafe";

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    let mut script = Vec::new();
    let all = command();
    // Hidden commands, which people do not start themselves, are left out.
    let offered = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut command = Command::new("vouchsafe")
        .args(all.get_arguments())
        .subcommands(offered);
    clap_complete::generate(args.shell, &mut command, "vouchsafe", &mut script);
    output::say(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Ended::Well)
}
