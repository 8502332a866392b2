//! `vouchsafe person add`.

use vouchsafe_identity::{Approval, NewPerson};
use vouchsafe_installation::now;

use super::rights::Rights;
use super::{change, show_link, with};
use crate::installation::DataFolder;
use crate::output;
use crate::principal::actor;

const EXAMPLES: &str = "\
Examples:
  vouchsafe person add 'Ada Example' ada@example.org --role clinician --days 90 --reason 'new hire'
  vouchsafe person add Ben ben@example.org --role front-desk --until 2027-06-30 --reason 'stands in'

The log records the user who runs this command as the grantor of the rights.";

/// Add a named person with their first rights; prints their one-time enrolment link
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The person's name
    name: String,
    /// The person's e-mail address, which is their login
    email: String,
    #[command(flatten)]
    rights: Rights,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    with(&args.data, async |installation| {
        let now = now();
        let new = NewPerson {
            name: args.name.clone(),
            login: args.email.clone(),
            rights: args.rights.specs(installation, now)?,
        };
        let approval = Approval::by(actor());
        let identity = installation.identity();
        let prepared = identity
            .add_person(installation.tenant(), &new, &approval, now)
            .await;
        let invitation = change(installation, prepared).await?;
        if !args.json {
            output::say(format_args!(
                "{} is added, as {}.",
                args.name, invitation.person
            ))?;
        }
        show_link(installation, &args.data, &invitation, args.json)
    })
    .await
}
