//! `completions`: scripts that complete arguments in a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::output::say;

/// Prints a script that completes arguments in a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  vouchsafe-scan completions bash > /etc/bash_completion.d/vouchsafe-scan"
)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(completions: &Completions) -> u8 {
    let mut script = Vec::new();
    let mut command = super::Args::command();
    clap_complete::generate(
        completions.shell,
        &mut command,
        "vouchsafe-scan",
        &mut script,
    );
    say(String::from_utf8_lossy(&script).trim_end());
    0
}
