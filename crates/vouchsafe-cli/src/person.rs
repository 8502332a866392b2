//! `vouchsafe person`: people, their factors, their rights and the records that represent them.

mod add;
mod enrol;
mod look;
mod records;
mod rights;
mod sign_in;

use anyhow::Context as _;
use clap::Subcommand;
use vouchsafe::audit::Context;
use vouchsafe::ids::PersonId;
use vouchsafe_identity::{AdminError, Invitation, Prepared};
use vouchsafe_installation::Installation;

use crate::installation::DataFolder;
use crate::serve::enrolment_link;
use crate::{Ended, block_on, output, told};

/// Add people, give and end their rights, enrol, sign in
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    List(look::ListArgs),
    Show(look::ShowArgs),
    Link(enrol::LinkArgs),
    Enrol(enrol::Args),
    SignIn(sign_in::Args),
    Give(rights::GiveArgs),
    End(rights::EndArgs),
    Connect(records::ConnectArgs),
    Disconnect(records::DisconnectArgs),
    Disable(look::DisableArgs),
}

pub(crate) fn run(args: Args) -> anyhow::Result<Ended> {
    block_on(async {
        match args.command {
            Command::Add(args) => add::run(args).await,
            Command::List(args) => look::list(args).await,
            Command::Show(args) => look::show(args).await,
            Command::Link(args) => enrol::link(args).await,
            Command::Enrol(args) => enrol::run(args).await,
            Command::SignIn(args) => sign_in::run(args).await,
            Command::Give(args) => rights::give(args).await,
            Command::End(args) => rights::end(args).await,
            Command::Connect(args) => records::connect(args).await,
            Command::Disconnect(args) => records::disconnect(args).await,
            Command::Disable(args) => look::disable(args).await,
        }?;
        Ok(Ended::Well)
    })
}

/// The person with this e-mail address or id.
async fn find(installation: &Installation, who: &str) -> anyhow::Result<PersonId> {
    if let Ok(id) = who.parse() {
        return Ok(id);
    }
    let found = installation
        .identity()
        .find_person(installation.tenant(), who)
        .await;
    found.map_err(|error| told(&error))?.with_context(|| {
        format!("there is no person {who}; `vouchsafe person list` shows who there is")
    })
}

/// Records a change in the log, then makes it.
pub(crate) async fn change<T>(
    installation: &Installation,
    prepared: Result<Prepared<'_, T>, AdminError>,
) -> anyhow::Result<T> {
    let prepared = prepared.map_err(|error| told(&error))?;
    let changed = installation.change(prepared, &Context::default()).await;
    changed.map_err(|error| told(&error))
}

/// Opens an installation for a piece of work, and closes it whatever the result.
async fn with<T>(
    data: &DataFolder,
    work: impl AsyncFnOnce(&Installation) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let installation = data.open().await?;
    let done = work(&installation).await;
    installation.close().await;
    done
}

/// Shows a one-time link to the person who will pass it on.
fn show_link(
    installation: &Installation,
    data: &DataFolder,
    invitation: &Invitation,
    json: bool,
) -> anyhow::Result<()> {
    let link = enrolment_link(&installation.settings().base_url(), invitation);
    if json {
        return output::say_json(&serde_json::json!({
            "person": invitation.person,
            "link": link,
            "expires": invitation.expires_at.to_string(),
        }));
    }
    output::say(format_args!(
        "Hand this one-time link to them alone; it ends at {:.0}:\n  {link}\nor at a terminal:\n  \
         vouchsafe person enrol {}{}",
        invitation.expires_at,
        crate::installation::quoted(&link),
        data.argument(),
    ))
}
