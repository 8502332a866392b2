//! `vouchsafe evidence collect github`.

use std::process::ExitCode;

use super::{GITHUB, Options, Repository, collect, plan};
use crate::forge::access::{AccessError, Variables, environment};
use crate::forge::command::{CollectArgs, Command, Refused};

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
    #[command(flatten)]
    collect: CollectArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let command = Command {
        name: "github",
        variables: VARIABLES,
        plan: plan::plan,
        collect,
    };
    command.run(options(args, &environment), &args.collect)
}

fn options(args: &Args, variable: &dyn Fn(&str) -> Option<String>) -> Result<Options, Refused> {
    let repository = Repository::parse(&args.repository).map_err(AccessError::Api)?;
    args.collect.options(repository, VARIABLES, variable)
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
