//! `vouchsafe evidence collect github`.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{GITHUB, Options, Repository, collect, plan};
use crate::forge::access::{AccessArgs, AccessError, Variables, environment};
use crate::forge::{CollectError, Limits};
use crate::project::Project;

/// Where a workflow has address and token.
pub(crate) const VARIABLES: Variables = Variables {
    api: "GITHUB_API_URL",
    token: "GITHUB_TOKEN",
    own: GITHUB,
};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence collect github --repository owner/name --dry-run
  vouchsafe-evidence collect github --repository owner/name --token-file ~/.github-token
  vouchsafe-evidence collect github --repository owner/name --api https://ghe.example/api/v3 --token-file token";

/// Saves what GitHub says of a repository: pages of reviews, checks, rules and pushes, to be judged offline.
///
/// The token is read from --token-file, or from GITHUB_TOKEN where --api is the forge that GITHUB_TOKEN is for. It is
/// never printed or stored, and sent to that forge only. A second start with the same folder goes on where the first
/// one ended. Exit code 1: something is missing or of another shape, and the summary says what; 2: nothing was collected.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The repository
    #[arg(long, value_name = "OWNER/NAME")]
    repository: String,
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
enum Refused {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Collect(#[from] CollectError),
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    match try_run(args) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("collect github: {error}"));
            ExitCode::from(2)
        }
    }
}

fn try_run(args: &Args) -> Result<ExitCode, Refused> {
    let options = options(args, &environment)?;
    if args.dry_run {
        print(&plan::plan(&options)?);
        return Ok(ExitCode::SUCCESS);
    }
    if options.token.is_none() {
        tell("no token (--token-file or GITHUB_TOKEN): 60 calls an hour, and public pages only");
    }
    let summary = collect(&options, &mut tell)?;
    print(&summary.to_string());
    Ok(if summary.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the arguments, the environment and the settings of the project come to.
fn options(args: &Args, variable: &dyn Fn(&str) -> Option<String>) -> Result<Options, Refused> {
    let (api, token) = args.access.open(VARIABLES, variable)?;
    let project = Project::open(&args.clone, Timestamp::now()).ok();
    let settings = project.as_ref().map(|project| &project.settings);
    let branches = match settings {
        Some(settings) if args.branch.is_empty() => settings.change.branches.clone(),
        _ => args.branch.clone(),
    };
    Ok(Options {
        repository: Repository::parse(&args.repository).map_err(AccessError::Api)?,
        api,
        token,
        clone: args.clone.clone(),
        branches,
        since: args
            .since
            .or(settings.map(|settings| settings.project.since)),
        out: args.out.clone(),
        again: args.again,
        limits: Limits {
            wait: Duration::from_secs(args.max_wait_seconds),
            ..Limits::default()
        },
    })
}

fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::forge::ApiError;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn options_of(more: &[&str], variables: &[(&str, &str)]) -> Result<Options, Refused> {
        let line = ["x", "--repository", "o/r", "--clone", "/nonexistent"]
            .iter()
            .chain(more);
        let variable = |name: &str| {
            let mut known = variables.iter().filter(|(known, _)| *known == name);
            known.next().map(|(_, value)| (*value).to_owned())
        };
        options(&Line::try_parse_from(line).unwrap().args, &variable)
    }

    const TOKEN: (&str, &str) = ("GITHUB_TOKEN", "canary-of-the-token");

    #[test]
    fn the_token_of_one_forge_is_not_sent_to_another() {
        options_of(&[], &[TOKEN]).unwrap();
        let elsewhere = ["--api", "https://git.example/api/v3"];
        assert!(matches!(
            options_of(&elsewhere, &[TOKEN]),
            Err(Refused::Access(AccessError::OtherForge(..)))
        ));
        let own = ("GITHUB_API_URL", "https://git.example/api/v3");
        let options = options_of(&[], &[TOKEN, own]).unwrap();
        assert_eq!(options.api.to_string(), "https://git.example/api/v3");
        let github = ["--api", GITHUB];
        assert!(matches!(
            options_of(&github, &[TOKEN, own]),
            Err(Refused::Access(AccessError::OtherForge(..)))
        ));
        assert!(!format!("{options:?}").contains("canary"));
    }

    #[test]
    fn plain_http_takes_a_flag_that_says_so_and_a_loopback_address() {
        let plain = ["--api", "http://127.0.0.1:1"];
        assert!(matches!(
            options_of(&plain, &[]),
            Err(Refused::Access(AccessError::Api(ApiError::PlainText)))
        ));
        let flag = "--danger-plain-http-to-loopback";
        options_of(&[plain[0], plain[1], flag], &[]).unwrap();
        let far = ["--api", "http://192.0.2.1", flag];
        assert!(matches!(
            options_of(&far, &[]),
            Err(Refused::Access(AccessError::Api(ApiError::PlainText)))
        ));
    }

    #[test]
    fn help_does_not_print_the_environment() {
        let command = <Line as clap::CommandFactory>::command();
        assert!(
            command
                .get_arguments()
                .all(|argument| argument.get_env().is_none())
        );
    }
}
