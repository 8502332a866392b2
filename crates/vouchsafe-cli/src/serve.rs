//! `vouchsafe serve`: the service, in the foreground.

use serde_json::json;
use vouchsafe_identity::Invitation;
use vouchsafe_installation::logging::{self, Level, event};
use vouchsafe_installation::recovery::Lost;
use vouchsafe_installation::{Administrator, Opened};
use vouchsafe_server::serve::{Ports, Running};

use crate::installation::{DataFolder, quoted};
use crate::principal::default_administrator;
use crate::signals::{Kind, hangups, stop_on};
use crate::{Ended, block_on, check, output, told};

const EXAMPLES: &str = "\
Examples:
  vouchsafe serve
  vouchsafe serve --administrator 'Ada Example <ada@example.org>'
  VOUCHSAFE_DATA_LISTEN=0.0.0.0:8443 vouchsafe serve --data /var/lib/vouchsafe

The first start makes the installation: keys, audit log, certificate, policies, databases, and a
one-time link by which the first administrator enrols. Settings are read from DIR/vouchsafe.toml
and from VOUCHSAFE_... variables. Ctrl-C or SIGTERM stops it once running requests have ended. The
files of the certificate are looked at each minute, and at SIGHUP.";

/// Start the service; in an empty folder, create an installation first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataFolder,
    /// First administrator, if this is the first start [default: the user who runs the command]
    #[arg(long, value_name = "NAME <EMAIL>")]
    administrator: Option<Administrator>,
    /// Start although the clock is far from the last entry of the audit log: behind it, or more than
    /// 31 days ahead. It is recorded, and `check` and `audit verify` show it for ever
    #[arg(long)]
    clock_is_right: bool,
    /// Print addresses and the enrolment link as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Ended> {
    block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<Ended> {
    let mut settings = args.data.settings_to_serve()?;
    logging::start(settings.log_level);
    let stop = stop_on([Kind::interrupt(), Kind::terminate()], || {
        event(Level::Info, "stopping: running requests end first", &[]);
    })?;
    let mut hangups = hangups()?;
    // First of all: when a port is taken, nothing is made.
    let ports = Ports::open(&mut settings).await;
    let ports = ports.map_err(|error| told(&error))?;
    let base = settings.base_url();
    let administrator = args.administrator.unwrap_or_else(default_administrator);
    let named = format!("{} <{}>", administrator.name, administrator.email);
    let who = Some(administrator);
    let opened = match args.clock_is_right {
        true => {
            let lost = (Lost::Clock, "the clock is right (--clock-is-right)");
            args.data.recover(settings, who, lost).await?
        }
        false => args.data.open_with(settings, who).await?,
    };
    let Opened {
        installation,
        invitation,
        settled,
    } = opened;
    let invitation = invitation.map(|invitation| (named, invitation));
    let running = match Running::on(ports, installation, stop).await {
        Ok(running) => running,
        Err(error) => {
            if let Some((named, invitation)) = invitation {
                // The link is shown only once, so a failed output must be an error.
                invite(&named, &invitation, &base, &args.data)?;
            }
            return Err(told(&error));
        }
    };
    // A closed standard output does not stop the service.
    let _ = match args.json {
        true => announce_json(&running, &base, (invitation.as_ref(), settled), &args.data),
        false => announce(&running, &base, (invitation.as_ref(), settled), &args.data),
    };
    let certificate = running.certificate();
    let looking = tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            event(
                Level::Info,
                "SIGHUP: looking at the certificate's files",
                &[],
            );
            certificate.notify_one();
        }
    });
    let served = running.serve().await;
    looking.abort();
    served.map(|()| Ended::Well).map_err(|error| told(&error))
}

/// The enrolment link of a person. The token is in its fragment, which browsers do not send.
pub(crate) fn enrolment_link(base: &str, invitation: &Invitation) -> String {
    format!("{base}/auth/enrol#{}", invitation.token.expose())
}

fn invite(
    named: &str,
    invitation: &Invitation,
    base: &str,
    data: &DataFolder,
) -> anyhow::Result<()> {
    let link = enrolment_link(base, invitation);
    output::say(format_args!(
        "\nFirst start. {named} is the first administrator, and enrols once, before {:.0}:\n  \
         {link}\nor at a terminal:\n  vouchsafe person enrol {}{}",
        invitation.expires_at,
        quoted(&link),
        data.argument(),
    ))
}

fn announce(
    running: &Running,
    base: &str,
    (invitation, settled): (Option<&(String, Invitation)>, usize),
    data: &DataFolder,
) -> anyhow::Result<()> {
    let installation = running.installation();
    let operations = running
        .operations_address()
        .map(|address| address.to_string());
    output::say(format_args!(
        "vouchsafe {} serves",
        env!("CARGO_PKG_VERSION")
    ))?;
    let rows = [
        ("records", format!("{base}/fhir/R4")),
        ("sign-in", format!("{base}/auth/sign-in")),
        (
            "probes, metrics",
            format!("https://{}/readyz", operations.unwrap_or_default()),
        ),
        (
            "certificate",
            installation.tls().certificate.display().to_string(),
        ),
        ("its SHA-256", installation.tls().fingerprint.clone()),
        (
            "data folder",
            installation.folder().path().display().to_string(),
        ),
    ];
    for line in output::table(&rows.map(|(name, value)| [name.to_owned(), value])) {
        output::say(format_args!("  {line}"))?;
    }
    if settled > 0 {
        output::say(format_args!(
            "  {settled} writes that were cut off are settled"
        ))?;
    }
    if let Some((named, invitation)) = invitation {
        invite(named, invitation, base, data)?;
    }
    let report = running.report();
    output::say("\nSafeguards:")?;
    check::show(&report)?;
    output::say(match report.passes() {
        true => "PHI routes are open. Ctrl-C stops.",
        false => "PHI routes open as soon as every safeguard works. Ctrl-C stops.",
    })
}

fn announce_json(
    running: &Running,
    base: &str,
    (invitation, settled): (Option<&(String, Invitation)>, usize),
    data: &DataFolder,
) -> anyhow::Result<()> {
    let installation = running.installation();
    let report = running.report();
    output::say_json(&json!({
        "base": base,
        "fhir": format!("{base}/fhir/R4"),
        "operations": running.operations_address().map(|address| format!("https://{address}")),
        "cacert": installation.tls().certificate,
        "fingerprint": installation.tls().fingerprint,
        "data": data.folder()?.path(),
        "settled": settled,
        "enrolment": invitation.map(|(_, invitation)| enrolment_link(base, invitation)),
        "passes": report.passes(),
        "checks": report.checks,
    }))
}
