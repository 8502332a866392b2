//! `vouchsafe person add`.

use vouchsafe_identity::{Approval, NewPerson};
use vouchsafe_server::service::now;

use super::rights::Rights;
use super::{change, show_link, with};
use crate::installation::DataFolder;
use crate::output;
use crate::principal::actor;

const EXAMPLES: &str = "\
Examples:
  vouchsafe person add 'Ada Example' ada@example.org --role clinician --days 90 --reason 'new hire'
  vouchsafe person add Ben ben@example.org --role front-desk --until 2027-06-30 --reason 'stands in'

Whoever runs this is written down as the one who gave the rights.";

/// Add a named person with their first rights; prints their one-time enrolment link
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Their name
    name: String,
    /// Their e-mail address, which is their login
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
    with(&args.data, async |service| {
        let now = now();
        let new = NewPerson {
            name: args.name.clone(),
            login: args.email.clone(),
            rights: args.rights.specs(service, now)?,
        };
        let approval = Approval::by(actor());
        let identity = &service.identity;
        let prepared = identity
            .add_person(service.tenant(), &new, &approval, now)
            .await;
        let invitation = change(service, prepared).await?;
        if !args.json {
            output::say(format_args!(
                "{} is added, as {}.",
                args.name, invitation.person
            ))?;
        }
        show_link(service, &args.data, &invitation, args.json)
    })
    .await
}
