//! Log, databases and keys are asked several times a second: readiness does not wait for a request that fails.

use std::sync::Arc;
use std::time::Duration;

use vouchsafe_installation::logging::{Level, event};

use crate::shared::Shared;

/// Between two looks, and how long an answer may take: together less than a second.
const EVERY: Duration = Duration::from_millis(250);
const WITHIN: Duration = Duration::from_millis(650);

/// Asks until the service stops.
pub(crate) async fn run(shared: &Shared) {
    while shared.goes_on_after(EVERY).await {
        let failing = shared.installation.pulse(WITHIN).await;
        let before = shared.failing.swap(Arc::new(failing.clone()));
        for name in failing.iter().filter(|name| !before.contains(name)) {
            let text = "something that the service stands on does not answer: it is not ready";
            event(Level::Warn, text, &[("check", name)]);
        }
        if shared.is_doubtful() {
            shared.doubt.notify_one();
        }
    }
}
