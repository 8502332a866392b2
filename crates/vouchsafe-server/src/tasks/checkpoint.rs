//! Stores the newest checkpoint of the audit log as it is published, and verifies the whole log once.

use std::time::Duration;

use vouchsafe_installation::Installation;
use vouchsafe_installation::logging::{Level, event};

use crate::shared::Shared;

/// Interval of storing the newest checkpoint.
const EVERY: Duration = Duration::from_secs(5);

/// Verifies the log, and stores its newest checkpoint until the service stops.
pub(crate) async fn run(shared: &Shared) {
    verify(&shared.installation);
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
/// Damage is logged and closes no route: it does not make new entries less trustworthy.
fn verify(installation: &Installation) {
    let log = installation.published_log();
    // A thread that nobody waits for: it ends with the process, however long the log is.
    std::thread::spawn(move || {
        let Ok(log) = log else {
            let text = "the audit log could not be verified; `vouchsafe audit verify` says why";
            return event(Level::Error, text, &[]);
        };
        let report = log.verify();
        let sound = report.is_sound();
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
