//! The listeners of a service, as a table.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vouchsafe_installation::settings::Settings;

use crate::listener::{self, ListenError};

/// A listener of a service whose parts share an `S`. A service listens where its table says: a further listener is one
/// entry more.
#[derive(Debug)]
pub(crate) struct Listener<S> {
    /// By which it is found.
    pub(crate) name: &'static str,
    /// Where it listens; on port 0, the system chooses.
    pub(crate) address: fn(&Settings) -> SocketAddr,
    /// What it serves.
    pub(crate) routes: fn(&S) -> Router,
    /// What stands around every request.
    pub(crate) guard: fn(Router, &S) -> Router,
    /// With which certificate and versions it speaks TLS. There is no listener without.
    pub(crate) tls: fn(&S) -> Arc<ServerConfig>,
    /// When it ends.
    pub(crate) ends: Ends,
}

/// When a listener ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ends {
    /// When the service is told to stop, once requests that run have ended.
    AtStop,
    /// Then, after all others: so it is there until the last request has ended.
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

    /// Serves until the token is cancelled, and what runs has ended. A listener that breaks down ends all of them: a service
    /// without one of its ports is none.
    ///
    /// # Errors
    /// [`Broke`] when a listener did.
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
            serving.spawn(listener::serve(port, tls, router, end.clone()));
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

/// A listener ended by a fault of the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Broke;

#[cfg(test)]
mod tests;
