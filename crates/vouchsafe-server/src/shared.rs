//! The state that listeners and tasks of a service share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::StatusCode;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe::session::Principal;
use vouchsafe_database::failover_signs;
use vouchsafe_identity::NetworkPrefix;
use vouchsafe_installation::Installation;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::preflight::{self, Report};

use crate::listener::DRAIN;
use crate::places::Room;
use crate::refusals::Refusals;

/// The state that the listeners share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) installation: Installation,
    /// Whether PHI routes are open.
    pub(crate) open: AtomicBool,
    /// Number of failover signs before the last preflight that passed.
    pub(crate) signs: AtomicU64,
    pub(crate) report: ArcSwap<Report>,
    /// Asks for a preflight at once.
    pub(crate) recheck: Notify,
    /// Asks for a preflight soon: something failed.
    pub(crate) doubt: Notify,
    pub(crate) refusals: Refusals,
    /// Places of unauthenticated clients.
    pub(crate) strangers: Room<NetworkPrefix>,
    /// Places of callers.
    pub(crate) callers: Room<Principal>,
    /// Requests that run to their end, even if their clients hang up.
    pub(crate) requests: TaskTracker,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    /// After a first preflight, which opens PHI routes if it passes.
    pub(crate) async fn new(
        installation: Installation,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, BuildError> {
        let signs = AtomicU64::new(failover_signs());
        let report = preflight::run(&installation).await;
        Ok(Arc::new(Self {
            open: AtomicBool::new(report.passes()),
            signs,
            report: ArcSwap::from_pointee(report),
            recheck: Notify::new(),
            doubt: Notify::new(),
            refusals: Refusals::default(),
            strangers: Room::of_strangers(),
            callers: Room::of_callers(installation.settings()),
            requests: TaskTracker::new(),
            metrics: metrics_handle()?,
            stop,
            installation,
        }))
    }

    /// Whether requests for PHI can probably be answered: the last preflight passed, and no database failed over since.
    pub(crate) fn is_ready(&self) -> bool {
        let changed = self.signs.load(Ordering::Acquire) != failover_signs();
        if changed {
            self.doubt.notify_one();
        }
        self.open.load(Ordering::Acquire) && !changed
    }

    /// Waits for this time; returns whether the service continues, that is, was not told to stop meanwhile.
    pub(crate) async fn goes_on_after(&self, time: Duration) -> bool {
        let stopped = tokio::time::timeout(time, self.stop.cancelled()).await;
        stopped.is_err()
    }

    /// Waits for the requests whose clients have hung up, at most as long as for the others.
    pub(crate) async fn end_requests(&self) {
        self.requests.close();
        if tokio::time::timeout(DRAIN, self.requests.wait())
            .await
            .is_err()
        {
            event(Level::Warn, "requests without a client were cut off", &[]);
        }
    }

    /// Asks for a preflight if a dependency failed: readiness must not wait for the next one.
    pub(crate) fn heed(&self, answered: StatusCode) {
        if answered == StatusCode::SERVICE_UNAVAILABLE && self.open.load(Ordering::Acquire) {
            self.doubt.notify_one();
        }
    }
}

/// One metrics recorder for the process, however often a service is started in it.
fn metrics_handle() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder()?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}
