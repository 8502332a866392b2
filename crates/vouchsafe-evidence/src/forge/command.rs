//! What the commands that collect from a forge have in common.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::access::{AccessArgs, AccessError, Variables};
use super::{CollectError, Limits, Options, Summary};
use crate::project::Project;

/// What is collected, and how.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CollectArgs {
    /// The folder of pages
    #[arg(long, value_name = "DIR", default_value = "evidence/pages")]
    out: PathBuf,
    /// The first day of the period [default: that of evidence/evidence.toml, or all of the history]
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// A protected branch; may be given more than once [default: those of evidence/evidence.toml, or the forge's default]
    #[arg(long, value_name = "NAME")]
    branch: Vec<String>,
    /// The local clone, whose first-parent commits are asked about
    #[arg(long, value_name = "DIR", default_value = ".")]
    clone: PathBuf,
    #[command(flatten)]
    access: AccessArgs,
    /// Print every call, the permission that it takes and what stays UNOBSERVABLE; call nobody
    #[arg(long)]
    dry_run: bool,
    /// Ask again for pages that are settled
    #[arg(long)]
    again: bool,
    /// How long a limit of the forge is waited for at a time
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    max_wait_seconds: u64,
}

/// Why the command did not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Collect(#[from] CollectError),
}

/// Collects, and tells how far it is.
type Collect<R> = fn(&Options<R>, &mut dyn FnMut(&str)) -> Result<Summary, CollectError>;

/// A forge, as its command has it.
#[derive(Debug)]
pub(crate) struct Command<R> {
    /// What it is called: `github`.
    pub(crate) name: &'static str,
    pub(crate) variables: Variables,
    pub(crate) plan: fn(&Options<R>) -> Result<String, CollectError>,
    pub(crate) collect: Collect<R>,
}

impl<R> Command<R> {
    /// Runs the command. Exit code 1: something is missing; 2: nothing was collected.
    pub(crate) fn run(&self, options: Result<Options<R>, Refused>, args: &CollectArgs) -> ExitCode {
        match options.and_then(|options| self.try_run(&options, args)) {
            Ok(code) => code,
            Err(error) => {
                tell(&format!("collect {}: {error}", self.name));
                ExitCode::from(2)
            }
        }
    }

    fn try_run(&self, options: &Options<R>, args: &CollectArgs) -> Result<ExitCode, Refused> {
        if args.dry_run {
            print(&(self.plan)(options)?);
            return Ok(ExitCode::SUCCESS);
        }
        if options.token.is_none() {
            tell(&format!(
                "no token (--token-file or {}): few calls, and public pages only",
                self.variables.token
            ));
        }
        let summary = (self.collect)(options, &mut tell)?;
        print(&summary.to_string());
        Ok(if summary.is_whole() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl CollectArgs {
    /// What the arguments, the environment and the settings of the project come to.
    pub(crate) fn options<R>(
        &self,
        repository: R,
        variables: Variables,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Options<R>, Refused> {
        let (api, token) = self.access.open(variables, variable)?;
        let project = Project::open(&self.clone, Timestamp::now()).ok();
        let settings = project.as_ref().map(|project| &project.settings);
        let branches = match settings {
            Some(settings) if self.branch.is_empty() => settings.change.branches.clone(),
            _ => self.branch.clone(),
        };
        Ok(Options {
            repository,
            api,
            token,
            clone: self.clone.clone(),
            branches,
            since: self
                .since
                .or(settings.map(|settings| settings.project.since)),
            out: self.out.clone(),
            again: self.again,
            limits: Limits {
                wait: Duration::from_secs(self.max_wait_seconds),
                ..Limits::default()
            },
        })
    }
}

fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
