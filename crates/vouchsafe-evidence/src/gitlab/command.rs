//! `vouchsafe evidence collect gitlab`.

use std::process::ExitCode;

use super::project::GITLAB;
use super::{Options, Project, collect, plan};
use crate::forge::access::{AccessError, Variables, environment};
use crate::forge::command::{CollectArgs, Command, Refused};

/// Where a job has address and token. The token of the job itself may not ask, so it is another variable.
const VARIABLES: Variables = Variables {
    api: "CI_API_V4_URL",
    token: "GITLAB_TOKEN",
    own: GITLAB,
};

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence collect gitlab --repository group/name --dry-run
  vouchsafe-evidence collect gitlab --repository group/name --token-file ~/.gitlab-token
  vouchsafe-evidence collect gitlab --repository group/sub/name --api https://gitlab.example/api/v4 --token-file token";

/// Saves what GitLab says of a project: pages of merge requests, approvals, jobs, protected branches and pushes, to be judged offline.
///
/// The token is read from --token-file, or from GITLAB_TOKEN where --api is the forge that it is for. It is never printed
/// or stored, and sent to that forge only. A second start with the same folder goes on where the first one ended. Exit
/// code 1: something is missing or of another shape, and the summary says what; 2: nothing was collected.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project
    #[arg(long, value_name = "GROUP/NAME")]
    repository: String,
    #[command(flatten)]
    collect: CollectArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let command = Command {
        name: "gitlab",
        variables: VARIABLES,
        plan: plan::plan,
        collect,
    };
    command.run(options(args), &args.collect)
}

fn options(args: &Args) -> Result<Options, Refused> {
    let project = Project::parse(&args.repository).map_err(AccessError::Api)?;
    args.collect.options(project, VARIABLES, &environment)
}
