//! Logs counts of refusals when their windows end.

use std::time::Duration;

use vouchsafe::audit::Draft;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::now;
use vouchsafe_ledger::refusals::Counted;

use crate::shared::Shared;

/// Logs counts when their windows end, and the remaining ones when the service stops.
pub(crate) async fn run(shared: &Shared) {
    while !shared.stop.is_cancelled() {
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let counts = match shared.stop.is_cancelled() {
            true => shared.refusals.take_all(),
            false => shared.refusals.take(),
        };
        write(shared, counts).await;
    }
}

async fn write(shared: &Shared, counts: Vec<Counted>) {
    if counts.is_empty() {
        return;
    }
    let drafts: Vec<Draft> = counts.iter().map(|counted| counted.draft(now())).collect();
    if let Err(error) = shared.installation.append(drafts).await {
        let text = "refusals not written down yet";
        event(Level::Warn, text, &[("error", &error)]);
        shared.refusals.put_back(counts);
    }
}
