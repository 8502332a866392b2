//! Serving: listeners, the preflight that opens them for PHI, and the orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::StatusCode;
use jiff::SignedDuration;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vouchsafe_database::failover_signs;

use crate::listener::{self, ListenError};
use crate::logging::{Level, event};
use crate::preflight::{self, Report};
use crate::refusals::Refusals;
use crate::service::{Service, now};
use crate::settings::Settings;
use crate::{checkpoint, data, operations, sweep};

/// Preflight interval.
const RECHECK: Duration = Duration::from_secs(60 * 60);
/// Preflight interval while it is failing, and the shortest one.
const RETRY: Duration = Duration::from_secs(2);

/// Interval of settling the writes that were left open.
const SETTLE: Duration = Duration::from_secs(60);

/// What the listeners share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    /// Whether PHI routes are open.
    pub(crate) open: AtomicBool,
    /// The signs of failovers that came before the last preflight that passed.
    pub(crate) signs: AtomicU64,
    pub(crate) report: ArcSwap<Report>,
    /// Asks for a preflight at once.
    pub(crate) recheck: Notify,
    /// Asks for a preflight soon: something failed.
    pub(crate) doubt: Notify,
    pub(crate) refusals: Refusals,
    /// Requests that run at once.
    pub(crate) places: Semaphore,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    /// Whether requests for PHI are likely to be answered: the last preflight passed, and no database has changed since.
    pub(crate) fn is_ready(&self) -> bool {
        let changed = self.signs.load(Ordering::Acquire) != failover_signs();
        if changed {
            self.doubt.notify_one();
        }
        self.open.load(Ordering::Acquire) && !changed
    }

    /// Asks for a preflight when something that the service stands on failed: readiness must not wait for the next one.
    pub(crate) fn heed(&self, answered: StatusCode) {
        if answered == StatusCode::SERVICE_UNAVAILABLE && self.open.load(Ordering::Acquire) {
            self.doubt.notify_one();
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Metrics.
    #[error("metrics could not be set up")]
    Metrics,
    /// Tokens and links name the service's URL, so the port must be known before it is opened.
    #[error("the port of data_listen is 0 and no public_url is set: open the ports first")]
    NoUrl,
}

/// The ports of a service. Opened before the service is: so a port that is taken is told before
/// anything is made, and the URL in tokens and links has the port that the system chose.
#[derive(Debug)]
pub struct Ports {
    data: TcpListener,
    operations: TcpListener,
}

impl Ports {
    /// Opens the ports that the settings name; where they say 0, they say the chosen one after.
    ///
    /// # Errors
    /// [`ServeError::Listen`], with the address.
    pub async fn open(settings: &mut Settings) -> Result<Self, ServeError> {
        let ports = Self {
            data: listener::bind(settings.data_listen).await?,
            operations: listener::bind(settings.operations_listen).await?,
        };
        for (listener, address) in [
            (&ports.data, &mut settings.data_listen),
            (&ports.operations, &mut settings.operations_listen),
        ] {
            if let Ok(bound) = listener.local_addr() {
                address.set_port(bound.port());
            }
        }
        Ok(ports)
    }
}

/// A service whose ports are open.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    data: TcpListener,
    operations: TcpListener,
}

impl Running {
    /// Opens the ports too; PHI routes open when the preflight passes.
    ///
    /// # Errors
    /// [`ServeError`], with the address.
    pub async fn start(service: Service, stop: CancellationToken) -> Result<Self, ServeError> {
        let mut settings = service.settings.clone();
        if settings.url_is_open() {
            return Err(ServeError::NoUrl);
        }
        let ports = Ports::open(&mut settings).await?;
        Self::on(ports, service, stop).await
    }

    /// Serves on ports that are open; PHI routes open when the preflight passes.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn on(
        ports: Ports,
        service: Service,
        stop: CancellationToken,
    ) -> Result<Self, ServeError> {
        if service.settings.url_is_open() {
            return Err(ServeError::NoUrl);
        }
        let Ports { data, operations } = ports;
        let signs = AtomicU64::new(failover_signs());
        let report = preflight::run(&service).await;
        let places = Semaphore::new(service.settings.concurrency_limit);
        let shared = Arc::new(Shared {
            open: AtomicBool::new(report.passes()),
            signs,
            report: ArcSwap::from_pointee(report),
            recheck: Notify::new(),
            doubt: Notify::new(),
            refusals: Refusals::default(),
            places,
            metrics: metrics_handle().map_err(|_| ServeError::Metrics)?,
            stop,
            service,
        });
        Ok(Self {
            shared,
            data,
            operations,
        })
    }

    /// The service that runs.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.shared.service
    }

    /// What the preflight found.
    #[must_use]
    pub fn report(&self) -> Arc<Report> {
        self.shared.report.load_full()
    }

    /// The data plane's address, with the port that the system chose if that was 0.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.data.local_addr().ok()
    }

    /// The operations plane's address.
    #[must_use]
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.operations.local_addr().ok()
    }

    /// Serves until the token is cancelled; then lets what runs end, and the recorder after it.
    pub async fn serve(self) {
        let Self {
            shared,
            data,
            operations,
        } = self;
        let tls = Arc::clone(&shared.service.tls.config);
        let stop = shared.stop.clone();
        let folder = shared.service.folder.clone();
        let port = data.local_addr().map(|address| address.port()).ok();
        if port.is_none_or(|port| folder.keep_port(port).is_err()) {
            let message = "commands beside this service cannot know a port that the system chose";
            event(Level::Warn, message, &[]);
        }
        // Probes and metrics are there until the last request has ended.
        let drained = CancellationToken::new();
        let records = listener::serve(data, Arc::clone(&tls), data::router(&shared), stop.clone());
        let probes = listener::serve(
            operations,
            tls,
            operations::router(&shared),
            drained.clone(),
        );
        let probes = tokio::spawn(probes);
        tokio::join!(
            async {
                records.await;
                drained.cancel();
            },
            watch(&shared),
            settle(&shared),
            sweep::run(&shared),
            checkpoint::run(&shared),
            shared.refusals.run(&shared.service, stop),
        );
        let _ = probes.await;
        if let Some(port) = port {
            folder.forget_port(port);
        }
        match Arc::try_unwrap(shared) {
            Ok(shared) => shared.service.close().await,
            // A connection that did not end in time; the recorder ends with this process.
            Err(_) => event(Level::Warn, "requests were cut off", &[]),
        }
    }
}

/// Runs the preflight again and again, and opens or closes PHI routes by it.
async fn watch(shared: &Shared) {
    let mut ran = Instant::now();
    loop {
        let pause = match shared.open.load(Ordering::Acquire) {
            true => RECHECK,
            false => RETRY,
        };
        let doubted = async {
            shared.doubt.notified().await;
            // However many requests fail, it runs no more often than this.
            tokio::time::sleep_until(ran + RETRY).await;
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.recheck.notified() => {}
            () = doubted => {}
            () = tokio::time::sleep(pause) => {}
        }
        if !shared.open.load(Ordering::Acquire) && !may_pass_now(shared).await {
            continue;
        }
        let signs = failover_signs();
        let report = preflight::run(&shared.service).await;
        ran = Instant::now();
        let passes = report.passes();
        if passes {
            shared.signs.store(signs, Ordering::Release);
        }
        if shared.open.swap(passes, Ordering::AcqRel) != passes {
            let message = match passes {
                true => "every safeguard works: PHI routes are open",
                false => "a safeguard does not work: PHI routes are closed",
            };
            event(Level::Warn, message, &[]);
        }
        shared.report.store(Arc::new(report));
    }
}

/// Settles what writes left open: those whose answer was 503, or that another process began.
async fn settle(shared: &Shared) {
    let seconds = shared
        .service
        .settings
        .request_timeout_seconds
        .saturating_mul(3);
    let age = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(SETTLE) => {}
        }
        // When the log or the database is away, there is a next time.
        if let Ok(settled @ 1..) = shared.service.engine.settle(age).await {
            event(
                Level::Info,
                "writes that were cut off were settled",
                &[("count", &settled)],
            );
        }
        // Keys that were retired must stop to count, on every replica.
        let _ = shared.service.identity.reload_signing_keys(now()).await;
    }
}

/// Waiting for the first administrator must not fill the log with failed checks.
async fn may_pass_now(shared: &Shared) -> bool {
    let only_administrator = {
        let report = shared.report.load();
        let mut failing = report.failing();
        failing
            .next()
            .is_some_and(|check| check.name == "administrator")
            && failing.next().is_none()
    };
    let identity = &shared.service.identity;
    !only_administrator
        || identity
            .first_administrator_enrolled()
            .await
            .unwrap_or(false)
}

/// One recorder of metrics for the process, however often a service is started in it.
fn metrics_handle() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder()?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}
