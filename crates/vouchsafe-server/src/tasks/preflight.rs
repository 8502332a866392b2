//! Runs the preflight repeatedly, and opens or closes PHI routes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::preflight;

use crate::shared::Shared;

/// Preflight interval.
const RECHECK: Duration = Duration::from_secs(60 * 60);
/// Preflight interval while it fails, and the shortest interval.
const RETRY: Duration = Duration::from_secs(2);

/// Runs the preflight until the service stops.
pub(crate) async fn run(shared: &Shared) {
    let mut ran = Instant::now();
    loop {
        let pause = match shared.open.load(Ordering::Acquire) {
            true => RECHECK,
            false => RETRY,
        };
        let doubted = async {
            shared.doubt.notified().await;
            // However many requests fail, it runs no more often than this.
            tokio::time::sleep_until(ran + RETRY).await;
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.recheck.notified() => {}
            () = doubted => {}
            () = tokio::time::sleep(pause) => {}
        }
        if !shared.open.load(Ordering::Acquire) && !may_pass_now(shared).await {
            continue;
        }
        let signs = shared.signs_now();
        let report = preflight::run(&shared.installation).await;
        ran = Instant::now();
        let passes = report.passes();
        if passes {
            shared.signs.store(signs, Ordering::Release);
        }
        if shared.open.swap(passes, Ordering::AcqRel) != passes {
            let message = match passes {
                true => "every safeguard works: PHI routes are open",
                false => "a safeguard does not work: PHI routes are closed",
            };
            event(Level::Warn, message, &[]);
        }
        shared.report.store(Arc::new(report));
    }
}

/// Waiting for the first administrator must not fill the log with failed checks.
async fn may_pass_now(shared: &Shared) -> bool {
    let only_administrator = {
        let report = shared.report.load();
        let mut failing = report.failing();
        failing
            .next()
            .is_some_and(|check| check.name == "administrator")
            && failing.next().is_none()
    };
    let identity = shared.installation.identity();
    !only_administrator
        || identity
            .first_administrator_enrolled()
            .await
            .unwrap_or(false)
}
