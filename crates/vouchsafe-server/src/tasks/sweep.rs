//! At the start and every hour, deletes rows that have no more effect, in small batches. The audit log keeps their
//! history.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use vouchsafe_installation::logging::{Level, LogSafe, event};
use vouchsafe_installation::{Installation, now};

use crate::shared::Shared;

/// Interval of sweeps.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Maximum number of rows of a kind in one statement, so that its locks are short.
const BATCH: u32 = 500;
/// Maximum number of batches in one run; the rest waits for the next run.
const BATCHES: u32 = 400;
/// How long a retry with the same idempotency key is not done twice.
const IDEMPOTENCY_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Sweeps until the service stops.
pub(crate) async fn run(shared: &Shared) {
    loop {
        if sweep(&shared.installation, &shared.stop).await.is_err() {
            event(
                Level::Warn,
                "rows that are over could not be deleted; it is tried again in an hour",
                &[],
            );
        }
        if !shared.goes_on_after(EVERY).await {
            return;
        }
    }
}

/// The database failed; its own requests report the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Failed;

async fn sweep(installation: &Installation, stop: &CancellationToken) -> Result<(), Failed> {
    let at = now();
    // If one database fails, the other is swept all the same.
    let identity = identity(installation, at, Batches::new(stop)).await;
    let records = records(installation, at, stop).await;
    identity.and(records)
}

async fn identity(
    installation: &Installation,
    at: Timestamp,
    mut batches: Batches,
) -> Result<(), Failed> {
    while batches.next() {
        let swept = installation.identity().sweep(at, BATCH).await;
        let kinds = swept.map_err(|_| Failed)?.kinds();
        count(&kinds);
        batches.took(kinds.into_iter().map(|(_, rows)| rows).max());
    }
    Ok(())
}

async fn records(
    installation: &Installation,
    at: Timestamp,
    stop: &CancellationToken,
) -> Result<(), Failed> {
    if stop.is_cancelled() {
        return Ok(());
    }
    let over = at.saturating_sub(IDEMPOTENCY_KEPT);
    let over = over.unwrap_or(Timestamp::MIN);
    let forgotten = installation.engine().store().forget(over).await;
    count(&[("idempotency-keys", forgotten.map_err(|_| Failed)?)]);
    Ok(())
}

/// The batches of one run: until one is not full, the service stops, or the maximum is reached.
#[derive(Debug)]
struct Batches {
    stop: CancellationToken,
    left: u32,
}

impl Batches {
    fn new(stop: &CancellationToken) -> Self {
        Self {
            stop: stop.clone(),
            left: BATCHES,
        }
    }

    /// Whether there is another batch.
    fn next(&mut self) -> bool {
        let goes_on = self.left > 0 && !self.stop.is_cancelled();
        self.left = self.left.saturating_sub(1);
        goes_on
    }

    /// Reports the number of rows that the batch deleted of its largest kind.
    fn took(&mut self, rows: Option<u64>) {
        if rows.is_none_or(|rows| rows < u64::from(BATCH)) {
            self.left = 0;
        }
    }
}

/// Counts the deleted rows; no content of them is kept.
fn count(kinds: &[(&'static str, u64)]) {
    let deleted = || kinds.iter().filter(|(_, rows)| *rows > 0);
    for (kind, rows) in deleted() {
        metrics::counter!("vouchsafe_swept_rows_total", "kind" => *kind).increment(*rows);
    }
    let fields: Vec<(&'static str, &dyn LogSafe)> = deleted()
        .map(|(kind, rows)| (*kind, rows as &dyn LogSafe))
        .collect();
    if !fields.is_empty() {
        event(Level::Info, "rows that were over are deleted", &fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_the_first_batch_that_is_not_full() {
        let mut batches = Batches::new(&CancellationToken::new());
        for rows in [BATCH, BATCH, BATCH - 1] {
            assert!(batches.next());
            batches.took(Some(rows.into()));
        }
        assert!(!batches.next());
    }

    #[test]
    fn a_run_is_bounded() {
        let mut batches = Batches::new(&CancellationToken::new());
        for _ in 0..BATCHES {
            assert!(batches.next());
            batches.took(Some(BATCH.into()));
        }
        assert!(!batches.next());
    }

    #[test]
    fn a_run_stops_with_the_service() {
        let stop = CancellationToken::new();
        let mut batches = Batches::new(&stop);
        assert!(batches.next());
        stop.cancel();
        assert!(!batches.next());
    }
}
