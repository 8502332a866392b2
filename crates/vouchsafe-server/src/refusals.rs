//! Refusals of strangers: counted, and written down every ten seconds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vouchsafe::audit::Draft;
use vouchsafe_ledger::refusals::{Aggregator, Counted};

use crate::logging::{Level, event};
use crate::service::{Service, now};

/// The counts of one process.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Aggregator>);

impl Refusals {
    /// Counts a refusal of somebody who is not authenticated.
    pub(crate) fn count(&self, network: &str, reason: &'static str) {
        metrics::counter!("vouchsafe_refusals_total", "reason" => reason).increment(1);
        event(
            Level::Debug,
            "refused before it was known who asks",
            &[("reason", &reason)],
        );
        self.lock().count(network, reason, now());
    }

    /// Writes counts down as their windows end, and what is left when the service stops.
    pub(crate) async fn run(&self, service: &Service, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            let counts = match stop.is_cancelled() {
                true => self.lock().take_all(),
                false => self.lock().take(now()),
            };
            self.write(service, counts).await;
        }
    }

    async fn write(&self, service: &Service, counts: Vec<Counted>) {
        if counts.is_empty() {
            return;
        }
        let drafts: Vec<Draft> = counts.iter().map(|counted| counted.draft(now())).collect();
        if let Err(error) = service.append(drafts).await {
            event(
                Level::Warn,
                "refusals not written down yet",
                &[("error", &error)],
            );
            self.lock().put_back(counts, now());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Aggregator> {
        // Counting cannot leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
