//! Stores the newest checkpoint of the audit log as it is published, and verifies the whole log once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use vouchsafe_installation::logging::{Level, event};

use crate::shared::{Shared, Sound};

/// Interval of storing the newest checkpoint.
const EVERY: Duration = Duration::from_secs(5);

/// Verifies the log, and stores its newest checkpoint until the service stops.
pub(crate) async fn run(shared: &Shared) {
    verify(shared);
    let (mut known, mut failed) = (0, false);
    while shared.goes_on_after(EVERY).await {
        match shared.installation.remember_log(known).await {
            Ok(size) => (known, failed) = (size, false),
            // Logged once, until it works again.
            Err(_) if failed => {}
            Err(_) => {
                failed = true;
                let text = "the log's checkpoint could not be remembered; it is tried again";
                event(Level::Warn, text, &[]);
            }
        }
    }
}

/// Verifies the whole log once, in the background: a start has read its end, and no other code reads the older entries.
///
/// Damage there is logged and closes nothing: what is written from now on is not less sound by it.
fn verify(shared: &Shared) {
    let log = shared.installation.published_log();
    let found = Arc::clone(&shared.sound);
    // A thread that nobody waits for: it ends with the process, however long the log is.
    std::thread::spawn(move || {
        let Ok(log) = log else {
            found.store(Sound::No as u8, Ordering::Release);
            let text = "the audit log could not be verified; `vouchsafe audit verify` says why";
            return event(Level::Error, text, &[]);
        };
        let report = log.verify();
        let sound = report.is_sound();
        let known = if sound { Sound::Yes } else { Sound::No };
        found.store(known as u8, Ordering::Release);
        let (level, text) = match sound {
            true => (Level::Info, "the whole audit log was verified"),
            false => (
                Level::Error,
                "the audit log does not hold: keep its folder as it is; `vouchsafe audit verify` says what is wrong",
            ),
        };
        event(level, text, &[("entries", &report.entries)]);
        metrics::gauge!("vouchsafe_audit_log_sound").set(f64::from(u8::from(sound)));
    });
}
