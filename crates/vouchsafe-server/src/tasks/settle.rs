//! Settles open writes, and reloads the signing keys.

use std::time::Duration;

use jiff::SignedDuration;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::now;

use crate::shared::Shared;

/// Interval of settling open writes.
const EVERY: Duration = Duration::from_secs(60);

/// Until the service stops, settles writes without an outcome: those that answered 503, or that another process began.
pub(crate) async fn run(shared: &Shared) {
    let installation = &shared.installation;
    let timeout = installation.settings().request_timeout_seconds;
    let seconds = i64::try_from(timeout.saturating_mul(3)).unwrap_or(i64::MAX);
    let age = SignedDuration::from_secs(seconds);
    while shared.goes_on_after(EVERY).await {
        // If the log or the database is unavailable, the next run tries again.
        if let Ok(settled @ 1..) = installation.engine().settle(age).await {
            let text = "writes that were cut off were settled";
            event(Level::Info, text, &[("count", &settled)]);
        }
        // Retired keys must be refused on every replica.
        let _ = installation.identity().reload_signing_keys(now()).await;
    }
}
