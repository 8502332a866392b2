//! The certificate's files are looked at each minute, and when somebody asks for it.

use std::time::Duration;

use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::now;
use vouchsafe_installation::tls::Look;

use crate::shared::Shared;

const EVERY: Duration = Duration::from_secs(60);

/// Looks until the service stops. A pair that cannot be used is told, and the one before it stays.
pub(crate) async fn run(shared: &Shared) {
    let refused = metrics::gauge!("vouchsafe_certificate_refused");
    refused.set(0.0);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.certificate.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        let found = shared.installation.certificate().look(now()).await;
        match found {
            Look::Same => continue,
            Look::Replaced => {
                refused.set(0.0);
                event(Level::Info, "the certificate was replaced", &[]);
            }
            Look::Refused(error) => {
                refused.set(1.0);
                let text = "the new certificate is not used, the one before it stays";
                event(Level::Error, text, &[("error", &error)]);
            }
        }
        // What the preflight says of the certificate has changed.
        shared.recheck.notify_one();
    }
}
