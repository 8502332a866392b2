//! Writes that were left open are settled, and signing keys that were retired are forgotten.

use std::time::Duration;

use jiff::SignedDuration;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::now;

use crate::shared::Shared;

/// Interval of settling the writes that were left open.
const EVERY: Duration = Duration::from_secs(60);

/// Settles, until the service stops, what writes left open: those whose answer was 503, or that another process began.
pub(crate) async fn run(shared: &Shared) {
    let installation = &shared.installation;
    let timeout = installation.settings().request_timeout_seconds;
    let seconds = i64::try_from(timeout.saturating_mul(3)).unwrap_or(i64::MAX);
    let age = SignedDuration::from_secs(seconds);
    while shared.goes_on_after(EVERY).await {
        // When the log or the database is away, there is a next time.
        if let Ok(settled @ 1..) = installation.engine().settle(age).await {
            let text = "writes that were cut off were settled";
            event(Level::Info, text, &[("count", &settled)]);
        }
        // Keys that were retired must stop to count, on every replica.
        let _ = installation.identity().reload_signing_keys(now()).await;
    }
}
