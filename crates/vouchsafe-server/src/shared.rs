//! The state that listeners and tasks of a service share.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
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
    /// The signs of failovers and of a failing log that came before the last preflight that passed.
    pub(crate) signs: AtomicU64,
    /// What did not answer when it was asked last, a moment ago.
    pub(crate) failing: ArcSwap<Vec<&'static str>>,
    /// What the verification of the whole log found.
    pub(crate) sound: Arc<AtomicU8>,
    pub(crate) report: ArcSwap<Report>,
    /// Asks for a preflight at once.
    pub(crate) recheck: Notify,
    /// Asks for a preflight soon: something failed.
    pub(crate) doubt: Notify,
    /// Asks for a look at the files of the certificate.
    pub(crate) certificate: Arc<Notify>,
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

/// What is known of the whole log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Sound {
    /// It is being verified.
    Unknown = 0,
    Yes = 1,
    No = 2,
}

impl Shared {
    /// After a first preflight, which opens PHI routes if it passes.
    pub(crate) async fn new(
        installation: Installation,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, BuildError> {
        let signs = AtomicU64::new(signs(&installation));
        let report = preflight::run(&installation).await;
        Ok(Arc::new(Self {
            open: AtomicBool::new(report.passes()),
            signs,
            report: ArcSwap::from_pointee(report),
            recheck: Notify::new(),
            doubt: Notify::new(),
            certificate: Arc::default(),
            failing: ArcSwap::default(),
            sound: Arc::new(AtomicU8::new(Sound::Unknown as u8)),
            refusals: Refusals::default(),
            strangers: Room::of_strangers(),
            callers: Room::of_callers(installation.settings()),
            requests: TaskTracker::new(),
            metrics: metrics_handle()?,
            stop,
            installation,
        }))
    }

    /// Whether requests for PHI are likely to be answered: the last preflight passed, no database has changed and the log has
    /// not failed since, and each of them answered a moment ago.
    pub(crate) fn is_ready(&self) -> bool {
        let doubtful = self.is_doubtful();
        if doubtful {
            self.doubt.notify_one();
        }
        self.open.load(Ordering::Acquire) && !doubtful
    }

    /// Whether something that the service stands on failed since the last preflight that passed, or fails now.
    pub(crate) fn is_doubtful(&self) -> bool {
        let changed = self.signs.load(Ordering::Acquire) != self.signs_now();
        changed || !self.failing.load().is_empty() || !self.installation.log().is_connected()
    }

    /// The signs so far that a database or the log does not work.
    pub(crate) fn signs_now(&self) -> u64 {
        signs(&self.installation)
    }

    /// Whether the whole log was verified, and does not hold.
    pub(crate) fn log_is_unsound(&self) -> bool {
        self.sound.load(Ordering::Acquire) == Sound::No as u8
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

fn signs(installation: &Installation) -> u64 {
    failover_signs().wrapping_add(installation.log().signs())
}

/// One recorder of metrics for the process, however often a service is started in it.
fn metrics_handle() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder()?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}
