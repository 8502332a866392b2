//! `vouchsafe self-test`: attacks the safeguards of an installation, on copies and made-up records, and counts facts
//! that only the installation knows. Its report is evidence.

mod access;
mod attacked;
mod gaps;
mod leaks;
mod log;
mod people;
mod sealing;
mod show;
mod somebody;
mod storage;
mod tokens;
mod walk;

use std::path::PathBuf;

use vouchsafe::audit::{Context, Event, Outcome, Stream};
use vouchsafe_evidence::selftest::{NotDone, Report};
use vouchsafe_installation::{Installation, now};

use crate::installation::DataFolder;
use crate::{Ended, block_on, output, principal};
use storage::Canary;

const EXAMPLES: &str = "\
Examples:
  vouchsafe self-test
  vouchsafe self-test --json > evidence/self-test.json
  vouchsafe self-test --canary Patient/ID --token-file ben.header --logs /var/log/vouchsafe/

No record is changed. The self-test attacks a copy of the audit log in a temporary folder, made-up
records under keys of their own, and the verifier of tokens with a key of its own. The log records
the self-test under the user who runs it.

With --canary, that record is read from the running service: decided and logged like any access. Its
values are then searched for in raw storage, and not kept. A database in PostgreSQL is searched in
a --dump (pg_dump --format=plain).

Exit code 1: a safeguard failed, or a requested part could not run. To use the report as evidence,
name it under [[self_test]] in evidence.toml; checks judge it.";

/// Attack the safeguards of an installation, and count its people, keys and entries, as evidence
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataFolder,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// A record whose values are searched for in raw storage
    #[arg(long, value_name = "TYPE/ID", requires = "token_file")]
    canary: Option<Canary>,
    /// File with the access token of a person who may read the record
    #[arg(long, value_name = "FILE", requires = "canary")]
    token_file: Option<PathBuf>,
    /// A plain dump of a database in PostgreSQL, or a folder of dumps; dumps are not unpacked
    #[arg(long = "dump", value_name = "PATH", requires = "canary")]
    dumps: Vec<PathBuf>,
    /// Logs of the service, or folders of them, to scan for PHI
    #[arg(long = "logs", value_name = "PATH")]
    logs: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    let report = block_on(async {
        let installation = args.data.open().await?;
        let report = report(args, &installation).await;
        installation.close().await;
        report
    })?;
    let found = Found {
        faults: show::faults(&report),
        gaps: gaps::gaps(&report, &args.asked()),
    };
    if args.json {
        output::say(serde_json::to_string_pretty(&report)?)?;
    } else {
        show::show(&report, &found)?;
    }
    Ok(match found.is_empty() {
        true => Ended::Well,
        false => Ended::Badly,
    })
}

impl Args {
    /// The parts that run only if an argument asks for them.
    fn asked(&self) -> Vec<&'static str> {
        let storage = self.canary.is_some().then_some("storage");
        let leaks = (!self.logs.is_empty()).then_some("leaks");
        storage.into_iter().chain(leaks).collect()
    }
}

/// Faults and gaps of a self-test.
struct Found {
    /// Safeguards that failed.
    faults: Vec<String>,
    /// Tests that should have run, and did not.
    gaps: Vec<String>,
}

impl Found {
    const fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.gaps.is_empty()
    }
}

async fn report(args: &Args, installation: &Installation) -> anyhow::Result<Report> {
    let at = now();
    let context = Context::default();
    let noted = Event {
        actor: Some(principal::actor().label()),
        ..Event::new(Stream::System, "self-test", Outcome::Permitted, &context)
    };
    let noted = installation.append(vec![noted.draft(at)]).await?;
    let mut not_done = Vec::new();
    let (log, seen) = match log::walk(installation, &noted).await {
        Ok(walked) => (Some(walked.log), walked.last_seen),
        Err(why) => {
            not_done.push(because("log", &why));
            (None, std::collections::BTreeMap::new())
        }
    };
    let identity = keep(
        "identity",
        people::identity(installation, &seen, at).await,
        &mut not_done,
    );
    let keys = keep("keys", people::keys(installation).await, &mut not_done);
    let seal = keep("seal", sealing::attack(installation).await, &mut not_done);
    let access = keep("access", access::matrix(installation), &mut not_done);
    let tokens = keep("tokens", tokens::attack(installation), &mut not_done);
    let storage = keep(
        "storage",
        storage::search(args, installation).await,
        &mut not_done,
    );
    let leaks = keep("leaks", leaks::scan(&args.logs), &mut not_done);
    Ok(Report {
        v: 1,
        program: concat!("vouchsafe/", env!("CARGO_PKG_VERSION")).to_owned(),
        at,
        installation: installation.tenant().to_string(),
        url: installation.settings().base_url(),
        access,
        tokens: tokens.unwrap_or_default(),
        identity,
        log,
        seal,
        keys: keys.unwrap_or_default(),
        storage,
        leaks,
        not_done,
    })
}

/// The result of a part; a part that could not run is noted with its reason.
fn keep<T>(part: &str, done: anyhow::Result<T>, not_done: &mut Vec<NotDone>) -> Option<T> {
    match done {
        Ok(done) => Some(done),
        Err(why) => {
            not_done.push(because(part, &why));
            None
        }
    }
}

fn because(part: &str, why: &anyhow::Error) -> NotDone {
    NotDone {
        part: part.to_owned(),
        why: why.to_string(),
    }
}
