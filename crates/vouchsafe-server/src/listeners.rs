//! The listeners of a service, as a table.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vouchsafe_installation::settings::{Proxy, Settings};

use crate::listener::{self, ListenError};

/// A listener of a service whose parts share an `S`. The table lists all of them: another listener is one more entry.
#[derive(Debug)]
pub(crate) struct Listener<S> {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Its address; for port 0 the system chooses.
    pub(crate) address: fn(&Settings) -> SocketAddr,
    /// Its routes.
    pub(crate) routes: fn(&S) -> Router,
    /// The layers around every request.
    pub(crate) guard: fn(Router, &S) -> Router,
    /// The TLS configuration. There is no listener without TLS.
    pub(crate) tls: fn(&S) -> Arc<ServerConfig>,
    /// The proxies in front of it, which state the origin of their connections.
    pub(crate) proxies: fn(&S) -> Arc<[Proxy]>,
    /// When it stops.
    pub(crate) ends: Ends,
}

/// When a listener stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ends {
    /// At the stop of the service, once running requests have ended.
    AtStop,
    /// After all other listeners, so that it answers until the last request has ended.
    Last,
}

/// Listeners whose ports are open.
#[derive(Debug)]
pub(crate) struct Open<S>(Vec<(Listener<S>, TcpListener)>);

impl<S> Open<S> {
    /// Opens the port of each, in the order of the table.
    ///
    /// # Errors
    /// [`ListenError`], with the address.
    pub(crate) async fn ports(
        table: impl IntoIterator<Item = Listener<S>>,
        settings: &Settings,
    ) -> Result<Self, ListenError> {
        let mut open = Vec::new();
        for listener in table {
            let port = listener::bind((listener.address)(settings)).await?;
            open.push((listener, port));
        }
        Ok(Self(open))
    }

    /// The address of a listener, with the port that the system chose if that was 0.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        let (_, port) = self.0.iter().find(|(listener, _)| listener.name == name)?;
        port.local_addr().ok()
    }

    /// Serves until the token is cancelled and running requests have ended. If a listener fails, all of them stop: a
    /// service must not run without one of its ports.
    ///
    /// # Errors
    /// [`Broke`] if a listener failed.
    pub(crate) async fn serve(self, shared: &S, stop: CancellationToken) -> Result<(), Broke> {
        let drained = CancellationToken::new();
        let (mut at_stop, mut last) = (JoinSet::new(), JoinSet::new());
        for (listener, port) in self.0 {
            let (serving, end) = match listener.ends {
                Ends::AtStop => (&mut at_stop, &stop),
                Ends::Last => (&mut last, &drained),
            };
            let router = (listener.guard)((listener.routes)(shared), shared);
            let tls = (listener.tls)(shared);
            let proxies = (listener.proxies)(shared);
            serving.spawn(listener::serve(port, proxies, tls, router, end.clone()));
        }
        let mut served = Ok(());
        let mut left = true;
        while left {
            let ended = tokio::select! {
                Some(ended) = at_stop.join_next() => ended,
                Some(ended) = last.join_next() => ended,
                else => break,
            };
            if ended.is_err() {
                served = Err(Broke);
                stop.cancel();
            }
            if at_stop.is_empty() {
                drained.cancel();
            }
            left = !(at_stop.is_empty() && last.is_empty());
        }
        served
    }
}

/// A listener ended because of a bug in the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Broke;

#[cfg(test)]
mod tests;
