//! `vouchsafe self-test`: tries the safeguards of an installation by attack, on copies and made-up records, and counts what
//! only it can see. Its report is evidence.

mod access;
mod leaks;
mod log;
mod people;
mod sealing;
mod somebody;
mod storage;
mod tokens;

use std::path::PathBuf;

use vouchsafe::audit::{Context, Event, Outcome, Stream};
use vouchsafe_evidence::selftest::{NotDone, Report};
use vouchsafe_server::service::{Service, now};

use crate::installation::DataFolder;
use crate::{Ended, block_on, output};

const EXAMPLES: &str = "\
Examples:
  vouchsafe self-test
  vouchsafe self-test --json > evidence/self-test.json
  vouchsafe self-test --canary Patient/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77 --token-file ben.header --logs /var/log/vouchsafe/

No record is changed: the audit log is attacked as a copy in a temporary folder, sealing on a made-up record under keys made
for it, the verifier of tokens with a key of its own. The log notes that it was done. With --canary it reads that record from
the running service, which is decided and logged like any access, and looks for what stood in it in raw storage; the values
are kept nowhere. `[[self_test]]` in evidence.toml takes the report as evidence, and checks judge it.";

/// Try the safeguards of an installation by attack, and count its people, keys and entries, as evidence
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataFolder,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// A record whose values are looked for in raw storage
    #[arg(long, value_name = "TYPE/ID", requires = "token_file")]
    canary: Option<String>,
    /// The token of somebody who may read it
    #[arg(long, value_name = "FILE", requires = "canary")]
    token_file: Option<PathBuf>,
    /// A dump of the databases, where they are not in the data folder
    #[arg(long = "dump", value_name = "FILE", requires = "canary")]
    dumps: Vec<PathBuf>,
    /// Logs of the service, or folders of them, that are scanned for PHI
    #[arg(long = "logs", value_name = "PATH")]
    logs: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Ended> {
    let report = block_on(async {
        let service = args.data.open().await?;
        let report = report(args, &service).await;
        service.close().await;
        report
    })?;
    let faults = faults(&report);
    if args.json {
        output::say(serde_json::to_string_pretty(&report)?)?;
    } else {
        show(&report, &faults)?;
    }
    Ok(if faults.is_empty() {
        Ended::Well
    } else {
        Ended::Badly
    })
}

async fn report(args: &Args, service: &Service) -> anyhow::Result<Report> {
    let at = now();
    let context = Context::default();
    let noted = Event::new(Stream::System, "self-test", Outcome::Permitted, &context);
    service.append(&[noted.draft(at)]).await?;
    let mut not_done = Vec::new();
    let walked = log::walk(&service.folder);
    let (log, seen) = match walked {
        Ok(walked) => (Some(walked.log), walked.last_seen),
        Err(why) => {
            not_done.push(because("log", &why));
            (None, std::collections::BTreeMap::new())
        }
    };
    let identity = keep(
        "identity",
        people::identity(service, &seen, at).await,
        &mut not_done,
    );
    let keys = keep("keys", people::keys(service).await, &mut not_done);
    let seal = keep("seal", sealing::attack(service).await, &mut not_done);
    let access = keep("access", access::matrix(service), &mut not_done);
    let tokens = keep("tokens", tokens::attack(service), &mut not_done);
    let storage = keep(
        "storage",
        storage::search(args, service).await,
        &mut not_done,
    );
    let leaks = keep("leaks", leaks::scan(&args.logs), &mut not_done);
    Ok(Report {
        v: 1,
        program: concat!("vouchsafe/", env!("CARGO_PKG_VERSION")).to_owned(),
        at,
        installation: service.tenant().to_string(),
        url: service.settings.base_url(),
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

/// What was tried; what could not be is noted with its reason.
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

/// What is wrong, in words. How much it matters is for the checks.
fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(access) = &report.access {
        for (count, whom) in [
            (access.allowed_without_role, "without a role"),
            (access.allowed_elsewhere, "in another tenant"),
            (
                access.allowed_out_of_time,
                "after the end of session or right",
            ),
        ] {
            if count > 0 {
                faults.push(format!("policies allow {count} asks {whom}"));
            }
        }
    }
    let refused = report.tokens.iter();
    for token in refused.filter(|token| token.refused == (token.fault == "valid")) {
        faults.push(format!(
            "the verifier judges a token wrongly: {}",
            token.fault
        ));
    }
    if let Some(log) = &report.log {
        if !log.sound {
            faults.push("the audit log does not hold".to_owned());
        }
        if log.without_actor > 0 {
            faults.push(format!(
                "{} entries name not exactly one actor",
                log.without_actor
            ));
        }
    }
    let sealed = report.seal.iter().flat_map(|seal| &seal.attacks);
    let copied = report.log.iter().flat_map(|log| &log.attacks);
    for attack in sealed
        .chain(copied)
        .filter(|attack| attack.seen < attack.tried)
    {
        faults.push(format!(
            "{}: seen {} of {}",
            attack.attack, attack.seen, attack.tried
        ));
    }
    if report.seal.as_ref().is_some_and(|seal| !seal.opens) {
        faults.push("a sealed record does not open".to_owned());
    }
    for (file, hits) in report.storage.iter().flat_map(|storage| &storage.hits) {
        faults.push(format!(
            "{file}: {hits} values of the record stand in it in clear"
        ));
    }
    for (class, count) in report.leaks.iter().flat_map(|leaks| &leaks.found) {
        faults.push(format!("{count} values in logs look like {class}"));
    }
    faults
}

fn show(report: &Report, faults: &[String]) -> anyhow::Result<()> {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    if let Some(access) = &report.access {
        let allowed: u64 = access.allowed.values().sum();
        let without =
            access.allowed_without_role + access.allowed_elsewhere + access.allowed_out_of_time;
        let text = format!(
            "{} asks, {allowed} allowed, {without} without a right",
            access.asks
        );
        row("access", text);
    }
    let refused = report.tokens.iter().filter(|token| token.refused).count();
    row("tokens", format!("{refused} with good signatures refused"));
    if let Some(identity) = &report.identity {
        row(
            "people",
            format!("{} who are not disabled", identity.people.len()),
        );
    }
    if let Some(log) = &report.log {
        row(
            "log",
            format!(
                "{} entries, {} about records",
                log.entries, log.about_records
            ),
        );
    }
    let attacks = report.log.iter().flat_map(|log| &log.attacks);
    for attack in attacks.chain(report.seal.iter().flat_map(|seal| &seal.attacks)) {
        row(
            "attack",
            format!(
                "{}: seen {} of {}",
                attack.attack, attack.seen, attack.tried
            ),
        );
    }
    row("keys", format!("{} listed", report.keys.len()));
    if let Some(storage) = &report.storage {
        let text = format!(
            "{} values looked for in {} bytes",
            storage.values, storage.bytes
        );
        row("storage", text);
    }
    if let Some(leaks) = &report.leaks {
        row(
            "logs",
            format!("{} lines of {} files", leaks.lines, leaks.files),
        );
    }
    for one in &report.not_done {
        row("NOT TRIED", format!("{}: {}", one.part, one.why));
    }
    for fault in faults {
        row("FINDING", fault.clone());
    }
    for line in output::table(&rows) {
        output::say(format_args!("  {line}"))?;
    }
    output::say("checks judge it: `vouchsafe self-test --json`, and [[self_test]] in evidence.toml")
}
