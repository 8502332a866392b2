//! `vouchsafe demo`: an installation with a synthetic clinic, and one signed-in person for each role.

mod authenticator;
mod clinic;
mod people;
mod show;
mod stand;
mod stops;
mod tour;

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vouchsafe_installation::logging;
use vouchsafe_installation::now;
use vouchsafe_server::serve::{Ports, Running};

use crate::installation::DataFolder;
use crate::signals::{Kind, stop_on};
use crate::{Ended, block_on, output, told};
use clinic::Scene;
use people::Cast;
use stand::Stand;

const EXAMPLES: &str = "\
Examples:
  vouchsafe demo --once            show every safeguard at work, check it, and end
  vouchsafe demo                   the same to try yourself: prints curl lines, serves until Ctrl-C
  vouchsafe demo --json            addresses, tokens and ids for a script

A seeded generator makes up all people in the demo. Everything else is real: keys, encryption,
policies, audit log, TLS, passwords and one-time codes.";

/// Start everything with a synthetic clinic, and show what each role may do
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Seed of the generator: each seed gives another clinic
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Empty folder for the demo [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port of the data plane; 0 for any [default: 8443, or any if it is in use]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Send the requests, check the answers, and end
    #[arg(long)]
    once: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Interval of token renewal: tokens expire after 15 minutes.
const RENEW: Duration = Duration::from_secs(9 * 60);

pub(crate) fn run(args: Args) -> anyhow::Result<Ended> {
    block_on(demo(args))
}

async fn demo(args: Args) -> anyhow::Result<Ended> {
    // With the terminal that it was started at, a demo ends, too.
    let signals = [Kind::interrupt(), Kind::terminate(), Kind::hangup()];
    let stop = stop_on(signals, || {
        output::complain("stopping; a second signal ends at once");
    })?;
    let stand = Stand::make(args.data.clone(), args.port)?;
    let data = DataFolder::at(stand.folder());
    let mut settings = data.settings_to_serve()?;
    logging::start(settings.log_level);
    let ports = Ports::open(&mut settings).await;
    let ports = ports.map_err(|error| told(&error))?;
    let today = now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let opened = data
        .open_with(settings, Some(people::administrator()))
        .await?;
    let administrator = people::enrol_administrator(&opened).await?;
    let (installation, scene) = clinic::load(opened.installation, args.seed, today).await?;
    let mut cast = Cast::enrol(&installation, administrator, &scene).await?;
    let running = Running::on(ports, installation, stop.clone())
        .await
        .map_err(|error| told(&error))?;
    let serving = tokio::spawn(running.serve());
    let ended = play(&args, &data, &stand, (&mut cast, &scene), &stop).await;
    stop.cancel();
    let served = serving.await?;
    stand.clear()?;
    let ended = ended?;
    served.map_err(|error| told(&error))?;
    Ok(ended)
}

/// The demo itself, while the service runs.
async fn play(
    args: &Args,
    data: &DataFolder,
    stand: &Stand,
    (cast, scene): (&mut Cast, &Scene),
    stop: &CancellationToken,
) -> anyhow::Result<Ended> {
    // Opened beside the running service, as every other command does.
    let installation = data.open().await?;
    let ended = async {
        cast.sign_in(&installation, stand).await?;
        let guide = tour::Guide::new(&installation, stand, scene);
        match (args.once, args.json) {
            (true, _) => return tour::walk(&guide, cast, &installation, args.json).await,
            (false, true) => show::json(&guide, cast)?,
            (false, false) => show::text(&guide, cast)?,
        }
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(RENEW) => {
                    if let Err(error) = cast.sign_in(&installation, stand).await {
                        output::complain(&format!("tokens are not renewed: {error:#}"));
                    }
                }
            }
        }
        Ok(Ended::Well)
    }
    .await;
    // First close the installation, which uses the recorder; then stop the service, which stops the recorder.
    installation.close().await;
    ended
}
