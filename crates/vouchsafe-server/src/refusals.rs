//! Counts of unauthenticated refusals, which are logged every ten seconds.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vouchsafe::audit::Context;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::now;
use vouchsafe_ledger::refusals::{Aggregator, Counted};

/// The counts of one process.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Aggregator>);

impl Refusals {
    /// Counts a refusal of an unauthenticated request, with a fixed word as its reason.
    pub(crate) fn count(&self, from: &Context, reason: &'static str) {
        metrics::counter!("vouchsafe_refusals_total", "reason" => reason).increment(1);
        let text = "refused before it was known who asks";
        event(Level::Debug, text, &[("reason", &reason)]);
        let network = from.network.as_deref().unwrap_or_default();
        self.lock().count(network, reason, now());
    }

    /// The counts whose windows have ended.
    pub(crate) fn take(&self) -> Vec<Counted> {
        self.lock().take(now())
    }

    /// All counts.
    pub(crate) fn take_all(&self) -> Vec<Counted> {
        self.lock().take_all()
    }

    /// Returns counts that could not be logged.
    pub(crate) fn put_back(&self, counts: Vec<Counted>) {
        self.lock().put_back(counts, now());
    }

    fn lock(&self) -> MutexGuard<'_, Aggregator> {
        // Counting cannot leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
