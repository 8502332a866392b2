//! One run: a phase, for a time or a number of requests, by all clients of a target.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use tokio::task::JoinSet;

use super::{Phase, answer::Wrong, machine::Cpu, patient::Random, target::Target};

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// No request starts after this time.
    Time(Duration),
    /// This many requests.
    Requests(u64),
}

impl Limit {
    /// A tenth of it, which is not counted.
    pub(super) fn warm_up(self) -> Self {
        match self {
            Self::Time(time) => Self::Time(time / 10),
            Self::Requests(requests) => Self::Requests(requests.div_ceil(10)),
        }
    }
}

/// What a run measured.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Time of each right answer in microseconds, ascending.
    pub(super) latencies_us: Vec<u64>,
    /// Wrong answers by kind.
    pub(super) errors: BTreeMap<String, u64>,
    /// The first few wrong answers in words.
    pub(super) samples: Vec<String>,
    /// How long the run took.
    pub(super) elapsed: Duration,
    /// Processor time of machine and driver during the run.
    pub(super) cpu: Cpu,
}

impl Run {
    /// Right answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub(super) fn per_second(&self) -> f64 {
        self.latencies_us.len() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// How many answers were wrong.
    pub(super) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// The latency in milliseconds that `percent` of the answers were not slower than (nearest rank).
    #[expect(
        clippy::cast_precision_loss,
        reason = "a latency stays far below 2^52 us"
    )]
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies_us.len() * percent).div_ceil(100);
        let latency = self.latencies_us.get(rank.saturating_sub(1));
        latency.map_or(0.0, |&us| us as f64 / 1_000.0)
    }

    fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        for (kind, count) in other.errors {
            *self.errors.entry(kind).or_default() += count;
        }
        self.samples.extend(other.samples);
        self.samples.truncate(3);
    }
}

/// Drives `target` with its first `clients` clients until the limit.
pub(super) async fn drive(target: &Arc<Target>, phase: Phase, limit: Limit, clients: u32) -> Run {
    let before = Cpu::now();
    let started = Instant::now();
    let tickets = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for client in target.clients().iter().take(clients as usize) {
        let worker = Worker {
            target: Arc::clone(target),
            client: client.clone(),
            tickets: Arc::clone(&tickets),
        };
        tasks.spawn(worker.work(phase, limit, started));
    }
    let mut run = Run::default();
    while let Some(part) = tasks.join_next().await {
        match part {
            Ok(part) => run.add(part),
            Err(_) => *run.errors.entry("client stopped".to_owned()).or_default() += 1,
        }
    }
    run.elapsed = started.elapsed();
    run.cpu = Cpu::now().since(&before);
    run.latencies_us.sort_unstable();
    run
}

struct Worker {
    target: Arc<Target>,
    client: Client,
    tickets: Arc<AtomicU64>,
}

impl Worker {
    async fn work(self, phase: Phase, limit: Limit, started: Instant) -> Run {
        let mut run = Run::default();
        loop {
            let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
            let over = match limit {
                Limit::Time(time) => started.elapsed() >= time,
                Limit::Requests(requests) => ticket >= requests,
            };
            if over {
                return run;
            }
            let sent = Instant::now();
            let outcome = self.request(phase, ticket).await;
            let took = sent.elapsed();
            match outcome {
                Ok(()) => run
                    .latencies_us
                    .push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
                Err(wrong) => self.note(&mut run, &wrong).await,
            }
        }
    }

    async fn request(&self, phase: Phase, ticket: u64) -> Result<(), Wrong> {
        let mut random = Random::new(ticket);
        let pick = random.below(u64::MAX);
        let kind = match phase {
            Phase::Mixed => match ticket % 10 {
                0 => Phase::Create,
                1 | 2 => Phase::Search,
                _ => Phase::Read,
            },
            other => other,
        };
        match kind {
            Phase::Create => self.target.create(&self.client).await,
            Phase::Search => self.target.search(&self.client, pick).await,
            Phase::Read | Phase::Mixed => self.target.read(&self.client, pick).await,
        }
    }

    async fn note(&self, run: &mut Run, wrong: &Wrong) {
        *run.errors.entry(wrong.to_string()).or_default() += 1;
        if run.samples.len() < 3 {
            run.samples.push(wrong.to_string());
        }
        // A server that refuses or is gone would be asked thousands of times a second.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::load::target::{Role, Trust};

    #[test]
    fn percentiles_are_nearest_ranks() {
        let run = Run {
            latencies_us: (1..=100).map(|ms| ms * 1_000).collect(),
            ..Run::default()
        };
        assert_eq!((run.percentile_ms(50), run.percentile_ms(99)), (50.0, 99.0));
        assert_eq!(Run::default().percentile_ms(50), 0.0);
    }

    /// A server that gives the same answer to every request.
    async fn server(answer: &'static str) -> reqwest::Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 8192];
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        reqwest::Url::parse(&format!("http://{address}")).unwrap()
    }

    async fn errors_of(answer: &'static str, phase: Phase) -> BTreeMap<String, u64> {
        let base = server(answer).await;
        let target = Target::new(Role::Base, &base, None, &Trust::Only(Vec::new()), 1).unwrap();
        drive(&Arc::new(target), phase, Limit::Requests(2), 1)
            .await
            .errors
    }

    #[tokio::test]
    async fn a_wrong_answer_is_counted_and_not_timed() {
        let refused = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        let expected = BTreeMap::from([("status 403".to_owned(), 2)]);
        assert_eq!(errors_of(refused, Phase::Create).await, expected);
        let other = "HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\n{\"id\":\"a\"}";
        let errors = errors_of(other, Phase::Create).await;
        assert_eq!(errors.values().sum::<u64>(), 2, "{errors:?}");
        assert!(
            errors.keys().all(|kind| kind.ends_with("differs")),
            "{errors:?}"
        );
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_an_error() {
        let base = reqwest::Url::parse("http://127.0.0.1:1").unwrap();
        let target = Target::new(Role::Base, &base, None, &Trust::Only(Vec::new()), 1).unwrap();
        let run = drive(&Arc::new(target), Phase::Create, Limit::Requests(1), 1).await;
        let kinds: Vec<&String> = run.errors.keys().collect();
        assert!(
            matches!(kinds.as_slice(), [kind] if kind.starts_with("no answer: ")),
            "{kinds:?}"
        );
    }
}
