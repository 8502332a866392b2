//! The load driver: creates, reads and searches patients on a running server and checks every answer.
//!
//! Each client is one keep-alive connection with one request in flight (a closed loop). With `--beside` a second
//! server takes turns with the first, run by run, so that a ratio compares like with like on a machine whose speed
//! drifts. Only servers on this machine are driven.

mod answer;
mod drive;
mod machine;
mod patient;
mod report;
mod target;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::ValueEnum;
use reqwest::Url;
use serde::Serialize;

use drive::{Limit, Run};
use target::{Role, Target};

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p xtask -- load --base https://127.0.0.1:8443 --ca tls.pem --token-file token
  cargo run --release -p xtask -- load --base https://127.0.0.1:8443 --insecure --token-file token \\
      --beside https://127.0.0.1:8543 --runs 5 --json > load.json
  cargo run --release -p bare -- --database sqlite:/tmp/bare.db     the server to compare with";

/// Drives a running server on this machine and reports throughput and latency.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server, such as https://127.0.0.1:8443
    #[arg(long, value_parser = loopback)]
    base: Url,
    /// A second server to compare with, such as the one without safeguards
    #[arg(long, value_parser = loopback)]
    beside: Option<Url>,
    /// File with the access token for the first server
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Certificate (PEM) to trust; once for each server
    #[arg(long)]
    ca: Vec<PathBuf>,
    /// Trust any certificate: the servers are on this machine
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// What to measure, in this order; all four when not given
    #[arg(long, value_enum)]
    phase: Vec<Phase>,
    /// Connections, each with one request in flight
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    clients: u32,
    /// Seconds for each run of a phase [default: 10]
    #[arg(long, conflicts_with = "requests")]
    seconds: Option<u64>,
    /// Requests for each run of a phase, instead of a time
    #[arg(long)]
    requests: Option<u64>,
    /// Runs of each phase; medians are reported
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Patients to create beforehand, which reads and searches pick from
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pool: u32,
    /// Threads of the driver itself
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Phase {
    /// POST of a patient of about 1.5 KB.
    Create,
    /// GET by id.
    Read,
    /// POST _search by identifier.
    Search,
    /// Of 10 requests 7 reads, 2 searches, 1 create.
    Mixed,
}

/// Only this machine: the driver writes synthetic patients and may trust any certificate.
fn loopback(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the scheme must be http or https".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        return Ok(url);
    }
    Err("only servers on this machine are driven: localhost, 127.0.0.1 or [::1]".to_owned())
}

/// Runs all phases and prints the report; fails when any answer was wrong.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut builder = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .worker_threads(args.threads.into())
        .enable_all()
        .build()
        .context("runtime")?;
    let report = runtime.block_on(measure(args))?;
    report.print(args.json)?;
    Ok(match report.errors() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

async fn measure(args: &Args) -> anyhow::Result<report::Report> {
    let targets = targets(args)?;
    for target in &targets {
        let pool = Limit::Requests(args.pool.into());
        let run = drive::drive(target, Phase::Create, pool, args.clients).await;
        anyhow::ensure!(
            run.errors.is_empty(),
            "{} did not take the patients to begin with: {:?}",
            target.role,
            run.errors
        );
    }
    let limit = match args.requests {
        Some(requests) => Limit::Requests(requests),
        None => Limit::Time(Duration::from_secs(args.seconds.unwrap_or(10))),
    };
    let mut runs = Vec::new();
    for &phase in phases(args) {
        for target in &targets {
            drive::drive(target, phase, limit.warm_up(), args.clients).await;
        }
        for number in 0..args.runs {
            for target in in_turn(&targets, number) {
                let run = drive::drive(target, phase, limit, args.clients).await;
                note_progress(target.role, phase, number, &run);
                runs.push((target.role, phase, run));
            }
        }
    }
    Ok(report::Report::new(args, runs))
}

fn targets(args: &Args) -> anyhow::Result<Vec<Arc<Target>>> {
    let trust = target::Trust::new(&args.ca, args.insecure)?;
    let token = args
        .token_file
        .as_ref()
        .map(|file| std::fs::read_to_string(file).with_context(|| file.display().to_string()))
        .transpose()?;
    let token = token.as_deref().map(str::trim);
    let mut targets = vec![Arc::new(Target::new(
        Role::Base,
        &args.base,
        token,
        &trust,
        args.clients,
    )?)];
    if let Some(beside) = &args.beside {
        // Without the token: the other server has no business with it.
        let target = Target::new(Role::Beside, beside, None, &trust, args.clients)?;
        targets.push(Arc::new(target));
    }
    Ok(targets)
}

fn phases(args: &Args) -> &[Phase] {
    if args.phase.is_empty() {
        Phase::value_variants()
    } else {
        &args.phase
    }
}

/// The one that begins changes from run to run, so that neither always follows the other.
fn in_turn(targets: &[Arc<Target>], number: u32) -> Vec<&Arc<Target>> {
    let mut order: Vec<_> = targets.iter().collect();
    if number % 2 == 1 {
        order.reverse();
    }
    order
}

fn note_progress(role: Role, phase: Phase, number: u32, run: &Run) {
    use std::io::Write as _;
    // Progress is a courtesy: a closed terminal does not end a measurement.
    let _ = writeln!(
        std::io::stderr(),
        "run {}: {role} {phase:?}: {:.0}/s, {} wrong",
        number + 1,
        run.per_second(),
        run.error_count()
    );
    for sample in &run.samples {
        let _ = writeln!(std::io::stderr(), "  wrong: {sample}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_driven() {
        for good in [
            "https://127.0.0.1:8443",
            "http://localhost:1",
            "https://[::1]:2",
            "http://127.9.9.9",
        ] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for bad in [
            "https://example.org",
            "https://10.0.0.1",
            "ftp://localhost",
            "https://localhost.example.org",
            "x",
        ] {
            assert!(loopback(bad).is_err(), "{bad}");
        }
    }
}
