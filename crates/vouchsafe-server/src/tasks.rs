//! The background tasks, which run until the service stops, one file each.

mod certificate;
mod checkpoint;
mod preflight;
mod refusals;
mod settle;
mod sweep;
mod vitals;

use crate::shared::Shared;

/// Runs all of them until the service stops.
pub(crate) async fn all(shared: &Shared) {
    tokio::join!(
        preflight::run(shared),
        settle::run(shared),
        sweep::run(shared),
        checkpoint::run(shared),
        refusals::run(shared),
        vitals::run(shared),
        certificate::run(shared),
    );
}
