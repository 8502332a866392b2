//! Durable appends by 1, 8, 64 and 256 callers, compared with the disk's own `fdatasync` within the same minutes.
//!
//! The recorder is a process of its own, as in production; each caller has one append of one entry in flight.
//! Criterion's time is the mean latency of one append. Percentiles and rates are printed at the end, with the rate at
//! which the written log is verified.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a bench is a program of its own: it stops at the first surprise, and prints"
)]

use std::ffi::OsStr;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use criterion::Criterion;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use uuid::Uuid;
use vouchsafe::audit::{AuditLog, Context, Draft, Event, Outcome, Stream};
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_ledger::reader::Log;
use vouchsafe_ledger::recorder::{self, RecorderConfig};

const CALLERS: [u64; 4] = [1, 8, 64, 256];

fn main() {
    let mut args = std::env::args_os().skip(1);
    if args.next().as_deref() == Some(OsStr::new("--recorder")) {
        let (Some(dir), Some(socket)) = (args.next(), args.next()) else {
            return;
        };
        recorder::run(&RecorderConfig::new(dir, socket), std::io::stdin()).unwrap();
        return;
    }
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let folder = tempfile::TempDir::new().unwrap();
    let mut raw = Latencies::new("fdatasync of 4 KiB");
    criterion.bench_function("fdatasync of 4 KiB", |bencher| {
        let file = preallocated(&folder.path().join("raw"));
        bencher.iter_custom(|iterations| fdatasync(&file, iterations, &mut raw));
    });
    let mut lines = vec![raw];

    let (dir, socket) = (folder.path().join("log"), folder.path().join("run/s"));
    let identity = recorder::init(&dir, "log.example.org/bench").unwrap();
    let mut process = start(&dir, &socket);
    let runtime = Runtime::new().unwrap();
    let client = RecorderClient::connect(&socket, identity.recorder, Uuid::new_v4(), None);
    let client = runtime.block_on(client).unwrap();
    for callers in CALLERS {
        let name = format!("append at {callers} callers");
        let mut latencies = Latencies::new(&name);
        criterion.bench_function(&name, |bencher| {
            bencher.iter_custom(|iterations| {
                runtime.block_on(appends(&client, callers, iterations, &mut latencies))
            });
        });
        lines.push(latencies);
    }
    drop(client);
    drop(process.stdin.take());
    process.wait().unwrap();
    criterion.final_summary();
    lines.iter_mut().for_each(Latencies::print);
    let report = Log::open(&dir).unwrap().verify();
    assert!(report.is_sound(), "{report:?}");
    println!(
        "verified {} entries at {:.0} entries/s",
        report.entries,
        report.rate()
    );
}

fn start(dir: &Path, socket: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--recorder").arg(dir).arg(socket);
    let process = command.stdin(Stdio::piped()).spawn().unwrap();
    while !socket.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    // Bound, and about to listen.
    std::thread::sleep(Duration::from_millis(50));
    process
}

/// A file like a segment of the write-ahead log: written once from end to end.
fn preallocated(path: &Path) -> File {
    let file = File::create(path).unwrap();
    file.write_all_at(&vec![0; 32 << 20], 0).unwrap();
    file.sync_all().unwrap();
    file
}

fn fdatasync(file: &File, iterations: u64, latencies: &mut Latencies) -> Duration {
    let block = [1; 4096];
    let start = Instant::now();
    let mut total = Duration::ZERO;
    for iteration in 0..iterations {
        let start = Instant::now();
        file.write_all_at(&block, iteration % 8192 * 4096).unwrap();
        file.sync_data().unwrap();
        let took = start.elapsed();
        latencies.all.push(took);
        total += took;
    }
    latencies.elapsed += start.elapsed();
    total
}

/// Runs this number of appends by this number of callers; returns the sum of their latencies.
async fn appends(
    client: &RecorderClient,
    callers: u64,
    iterations: u64,
    latencies: &mut Latencies,
) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let client = client.clone();
            let share = iterations / callers + u64::from(caller < iterations % callers);
            tokio::spawn(async move {
                let mut took = Vec::new();
                for _ in 0..share {
                    let draft = vec![draft()];
                    let start = Instant::now();
                    black_box(client.append(draft).await.unwrap());
                    took.push(start.elapsed());
                }
                took
            })
        })
        .collect();
    let mut total = Duration::ZERO;
    for task in tasks {
        for took in task.await.unwrap() {
            total += took;
            latencies.all.push(took);
        }
    }
    latencies.elapsed += start.elapsed();
    total
}

fn draft() -> Draft {
    let context = Context {
        request: Some(vouchsafe::ids::RequestId::random()),
        network: Some("dG9rZW4gb2YgYSBwcmVmaXg".to_owned()),
    };
    let mut event = Event::new(Stream::Phi, "read", Outcome::Permitted, &context);
    event.tenant = Some(vouchsafe::ids::TenantId::random());
    event.count = Some(1);
    event.draft(Timestamp::now())
}

/// Every latency of one measurement.
struct Latencies {
    name: String,
    all: Vec<Duration>,
    elapsed: Duration,
}

impl Latencies {
    fn new(name: &str) -> Self {
        let (name, all) = (name.to_owned(), Vec::new());
        let elapsed = Duration::ZERO;
        Self { name, all, elapsed }
    }

    fn print(&mut self) {
        self.all.sort_unstable();
        let at = |part: f64| {
            let place = ((self.all.len() as f64 * part) as usize).min(self.all.len() - 1);
            self.all[place].as_secs_f64() * 1e3
        };
        if self.all.is_empty() {
            return;
        }
        println!(
            "{:<24} p50 {:>7.3} ms  p99 {:>7.3} ms  p99.9 {:>7.3} ms  {:>9.0}/s  ({} samples)",
            self.name,
            at(0.5),
            at(0.99),
            at(0.999),
            self.all.len() as f64 / self.elapsed.as_secs_f64(),
            self.all.len(),
        );
    }
}
