//! Serving: the ports, the preflight that opens them for PHI, and the orderly end.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use vouchsafe_installation::Installation;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::preflight::Report;
use vouchsafe_installation::settings::Settings;

use crate::listener::ListenError;
use crate::listeners::{Broke, Open};
use crate::planes::{DATA, LISTENERS, OPERATIONS};
use crate::shared::Shared;
use crate::tasks;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A listener ended by a fault of the program.
    #[error("a listener failed, so the service ended; earlier messages name the listener")]
    Broke,
    /// Metrics.
    #[error("metrics could not be set up")]
    Metrics,
    /// Tokens and links name the service's URL, so the port must be known before it is opened.
    #[error("the port of data_listen is 0 and no public_url is set: open the ports first")]
    NoUrl,
}

/// The ports of a service. Opened before the installation is: so a port that is taken is reported before anything is
/// made, and the URL in tokens and links has the port that the system chose.
#[derive(Debug)]
pub struct Ports(Open<Arc<Shared>>);

impl Ports {
    /// Opens the ports that the settings name; where the data plane's is 0, the settings then have the chosen one.
    ///
    /// # Errors
    /// [`ServeError::Listen`], with the address.
    pub async fn open(settings: &mut Settings) -> Result<Self, ServeError> {
        let ports = Open::ports(LISTENERS, settings).await?;
        if let Some(address) = ports.address(DATA) {
            settings.data_listen.set_port(address.port());
        }
        Ok(Self(ports))
    }
}

/// A service whose ports are open.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    ports: Open<Arc<Shared>>,
}

impl Running {
    /// Serves on ports that are open; PHI routes open when the preflight passes.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn on(
        Ports(ports): Ports,
        installation: Installation,
        stop: CancellationToken,
    ) -> Result<Self, ServeError> {
        if installation.settings().url_is_open() {
            return Err(ServeError::NoUrl);
        }
        let shared = Shared::new(installation, stop).await;
        let shared = shared.map_err(|_| ServeError::Metrics)?;
        Ok(Self { shared, ports })
    }

    /// The installation that is served.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.shared.installation
    }

    /// What the preflight found.
    #[must_use]
    pub fn report(&self) -> Arc<Report> {
        self.shared.report.load_full()
    }

    /// The data plane's address, with the port that the system chose if that was 0.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.ports.address(DATA)
    }

    /// The operations plane's address.
    #[must_use]
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.ports.address(OPERATIONS)
    }

    /// What asks a running service to look at the files of its certificate now.
    #[must_use]
    pub fn certificate(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.certificate)
    }

    /// Serves until the token is cancelled; then lets what runs end, and the recorder after it.
    ///
    /// # Errors
    /// [`ServeError::Broke`] when a listener broke down: then all has ended, in order.
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self { shared, ports } = self;
        let folder = shared.installation.folder().clone();
        let port = ports.address(DATA).map(|address| address.port());
        if port.is_none_or(|port| folder.keep_port(port).is_err()) {
            let message = "commands beside this service cannot know a port that the system chose";
            event(Level::Warn, message, &[]);
        }
        let (served, ..) = tokio::join!(
            ports.serve(&shared, shared.stop.clone()),
            tasks::preflight::run(&shared),
            tasks::settle::run(&shared),
            tasks::sweep::run(&shared),
            tasks::checkpoint::run(&shared),
            tasks::refusals::run(&shared),
            tasks::vitals::run(&shared),
            tasks::certificate::run(&shared),
        );
        if let Some(port) = port {
            folder.forget_port(port);
        }
        match Arc::try_unwrap(shared) {
            Ok(shared) => shared.installation.close().await,
            // A connection that did not end in time; the recorder ends with this process.
            Err(_) => event(Level::Warn, "requests were cut off", &[]),
        }
        served.map_err(|Broke| ServeError::Broke)
    }
}
