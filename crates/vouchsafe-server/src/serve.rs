//! Serving: the ports, the preflight that opens PHI routes, and the orderly end.

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

/// The reason why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A listener ended because of a bug in the program.
    #[error("a listener failed, so the service ended; earlier messages name the listener")]
    Broke,
    /// The metrics cannot be set up.
    #[error("metrics could not be set up")]
    Metrics,
    /// Tokens and links name the service's URL, so its port must be known first.
    #[error("the port of data_listen is 0 and no public_url is set: open the ports first")]
    NoUrl,
}

/// The ports of a service, opened before the installation. So a port that is in use is reported before anything is
/// created, and the URL in tokens and links has the port that the system chose.
#[derive(Debug)]
pub struct Ports(Open<Arc<Shared>>);

impl Ports {
    /// Opens the ports of the settings. If the data plane's port is 0, the chosen port is written into the settings.
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
    /// Serves on open ports; PHI routes open when the preflight passes.
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

    /// The served installation.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.shared.installation
    }

    /// The last report of the preflight.
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

    /// Asks a running service to look at the files of its certificate now.
    #[must_use]
    pub fn certificate(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.certificate)
    }

    /// Serves until the token is cancelled; then lets running requests end, and stops the recorder after them.
    ///
    /// # Errors
    /// [`ServeError::Broke`] if a listener failed; everything has then ended in order.
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self { shared, ports } = self;
        let folder = shared.installation.folder().clone();
        let port = ports.address(DATA).map(|address| address.port());
        if port.is_none_or(|port| folder.keep_port(port).is_err()) {
            let message = "commands beside this service cannot know a port that the system chose";
            event(Level::Warn, message, &[]);
        }
        let listening = ports.serve(&shared, shared.stop.clone());
        let (served, ()) = tokio::join!(listening, tasks::all(&shared));
        shared.end_requests().await;
        if let Some(port) = port {
            folder.forget_port(port);
        }
        match Arc::try_unwrap(shared) {
            Ok(shared) => shared.installation.close().await,
            // A connection did not end in time; the recorder ends with this process.
            Err(_) => event(Level::Warn, "requests were cut off", &[]),
        }
        served.map_err(|Broke| ServeError::Broke)
    }
}
