//! The report: each run, medians over runs, ratios between the two servers.

use std::{
    collections::BTreeMap,
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use super::{Args, Phase, drive::Run, machine::Machine, target::Role};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Seconds since the epoch at the end of the measurement.
    at_unix_seconds: u64,
    machine: Machine,
    settings: Settings,
    results: Vec<Result>,
    /// First server against second, per phase; empty without a second.
    ratios: Vec<Ratio>,
}

#[derive(Debug, Serialize)]
struct Settings {
    base: String,
    beside: Option<String>,
    clients: u32,
    driver_threads: u16,
    runs: u32,
    pool: u32,
    seconds: Option<u64>,
    requests: Option<u64>,
    /// An optimised build of the driver; debug builds measure themselves.
    driver_optimised: bool,
}

#[derive(Debug, Serialize)]
struct Result {
    target: Role,
    phase: Phase,
    median: Figures,
    runs: Vec<Figures>,
    errors: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Serialize)]
struct Figures {
    requests: f64,
    seconds: f64,
    per_second: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// Busy time of all processors for each request: server, database and driver together.
    machine_cpu_ms_per_request: f64,
    driver_cpu_ms_per_request: f64,
    /// Time that the host gave to others, of all processors.
    steal_ms: f64,
}

/// Medians over runs of the ratio within one run: throughput above 1 and latencies below 1 favour the first server.
#[derive(Debug, Serialize)]
struct Ratio {
    phase: Phase,
    throughput: f64,
    throughput_least: f64,
    throughput_most: f64,
    p50: f64,
    p99: f64,
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    fn of(run: &Run) -> Self {
        let requests = run.latencies_us.len() as f64;
        let each = |ms: u64| ms as f64 / requests.max(1.0);
        Self {
            requests,
            seconds: run.elapsed.as_secs_f64(),
            per_second: run.per_second(),
            p50_ms: run.percentile_ms(50),
            p95_ms: run.percentile_ms(95),
            p99_ms: run.percentile_ms(99),
            max_ms: run.percentile_ms(100),
            machine_cpu_ms_per_request: each(run.cpu.busy_ms),
            driver_cpu_ms_per_request: each(run.cpu.driver_ms),
            steal_ms: run.cpu.steal_ms as f64,
        }
    }

    fn median(of: &[Self]) -> Self {
        let over = |figure: fn(&Self) -> f64| median(of.iter().map(figure).collect());
        Self {
            requests: over(|f| f.requests),
            seconds: over(|f| f.seconds),
            per_second: over(|f| f.per_second),
            p50_ms: over(|f| f.p50_ms),
            p95_ms: over(|f| f.p95_ms),
            p99_ms: over(|f| f.p99_ms),
            max_ms: over(|f| f.max_ms),
            machine_cpu_ms_per_request: over(|f| f.machine_cpu_ms_per_request),
            driver_cpu_ms_per_request: over(|f| f.driver_cpu_ms_per_request),
            steal_ms: over(|f| f.steal_ms),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    }
}

impl Report {
    /// Sums up `runs`, in the order in which they were made.
    pub(super) fn new(args: &Args, runs: Vec<(Role, Phase, Run)>) -> Self {
        let results = results(runs);
        Self {
            at_unix_seconds: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| time.as_secs()),
            machine: Machine::this(),
            settings: Settings {
                base: args.base.to_string(),
                beside: args.beside.as_ref().map(ToString::to_string),
                clients: args.clients,
                driver_threads: args.threads,
                runs: args.runs,
                pool: args.pool,
                seconds: args.seconds,
                requests: args.requests,
                driver_optimised: !cfg!(debug_assertions),
            },
            ratios: ratios(&results),
            results,
        }
    }

    /// How many answers were wrong in all runs.
    pub(super) fn errors(&self) -> u64 {
        self.results
            .iter()
            .flat_map(|result| result.errors.values())
            .sum()
    }

    /// Prints it to standard output.
    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        let head = [
            "target", "phase", "req/s", "p50 ms", "p99 ms", "cpu ms", "driver", "wrong",
        ];
        let [target, phase, rest @ ..] = head;
        write!(out, "{target:<7} {phase:<7}")?;
        for name in rest {
            write!(out, " {name:>9}")?;
        }
        writeln!(out)?;
        for Result {
            target,
            phase,
            median,
            runs: _,
            errors,
        } in &self.results
        {
            let Figures {
                per_second,
                p50_ms,
                p99_ms,
                machine_cpu_ms_per_request: cpu,
                driver_cpu_ms_per_request: driver,
                ..
            } = median;
            let wrong: u64 = errors.values().sum();
            let (target, phase) = (target.to_string(), format!("{phase:?}").to_lowercase());
            writeln!(
                out,
                "{target:<7} {phase:<7} {per_second:>9.0} {p50_ms:>9.2} {p99_ms:>9.2} {cpu:>9.3} {driver:>9.3} {wrong:>9}"
            )?;
        }
        for Ratio {
            phase,
            throughput,
            throughput_least,
            throughput_most,
            p50,
            p99,
        } in &self.ratios
        {
            let phase = format!("{phase:?}").to_lowercase();
            writeln!(
                out,
                "ratio   {phase:<7} throughput {throughput:.2} ({throughput_least:.2} to {throughput_most:.2}), p50 {p50:.2}, p99 {p99:.2}"
            )?;
        }
        Ok(())
    }
}

fn results(runs: Vec<(Role, Phase, Run)>) -> Vec<Result> {
    let mut results: Vec<Result> = Vec::new();
    for (target, phase, run) in runs {
        let figures = Figures::of(&run);
        let known = results
            .iter_mut()
            .find(|result| (result.target, result.phase) == (target, phase));
        match known {
            Some(result) => {
                result.runs.push(figures);
                for (kind, count) in run.errors {
                    *result.errors.entry(kind).or_default() += count;
                }
            }
            None => results.push(Result {
                target,
                phase,
                median: figures.clone(),
                runs: vec![figures],
                errors: run.errors,
            }),
        }
    }
    for result in &mut results {
        result.median = Figures::median(&result.runs);
    }
    results.sort_by_key(|result| (result.phase, result.target));
    results
}

fn ratios(results: &[Result]) -> Vec<Ratio> {
    let bases = results.iter().filter(|result| result.target == Role::Base);
    bases
        .filter_map(|base| {
            let beside = results
                .iter()
                .find(|other| other.target == Role::Beside && other.phase == base.phase)?;
            Some(ratio(base, beside))
        })
        .collect()
}

fn ratio(base: &Result, beside: &Result) -> Ratio {
    let over = |figure: fn(&Figures) -> f64| -> Vec<f64> {
        let pairs = base.runs.iter().zip(&beside.runs);
        pairs
            .map(|(ours, theirs)| figure(ours) / figure(theirs).max(1e-9))
            .collect()
    };
    let throughput = over(|f| f.per_second);
    Ratio {
        phase: base.phase,
        throughput_least: throughput.iter().copied().fold(f64::INFINITY, f64::min),
        throughput_most: throughput.iter().copied().fold(0.0, f64::max),
        throughput: median(throughput),
        p50: median(over(|f| f.p50_ms)),
        p99: median(over(|f| f.p99_ms)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn run(answers: u64, latency_us: u64) -> Run {
        Run {
            latencies_us: (0..answers).map(|_| latency_us).collect(),
            elapsed: Duration::from_secs(1),
            ..Run::default()
        }
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn ratios_compare_runs_of_the_same_turn() {
        let results = results(vec![
            (Role::Base, Phase::Read, run(50, 2_000)),
            (Role::Beside, Phase::Read, run(100, 1_000)),
            (Role::Base, Phase::Read, run(80, 3_000)),
            (Role::Beside, Phase::Read, run(100, 1_000)),
            (Role::Base, Phase::Create, run(1, 1)),
        ]);
        let ratios = ratios(&results);
        assert_eq!(ratios.len(), 1);
        let ratio = ratios.first().unwrap();
        assert_eq!((ratio.throughput_least, ratio.throughput_most), (0.5, 0.8));
        assert!((ratio.throughput - 0.65).abs() < 1e-9);
        assert!((ratio.p50 - 2.5).abs() < 1e-9);
    }
}
