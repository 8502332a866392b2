//! A TLS listener that serves an axum router, with limits, and drains before it stops.

mod proxy;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use vouchsafe_identity::NetworkPrefix;
use vouchsafe_installation::logging::{Level, event};
use vouchsafe_installation::settings::Proxy;

use crate::places::{Place, Places};

/// Time limit for the handshake, and for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval of HTTP/2 pings, which test whether the client is still there.
const PING: Duration = Duration::from_secs(30);
/// Time limit for running requests after the stop was requested.
pub(crate) const DRAIN: Duration = Duration::from_secs(20);
/// Maximum number of connections per listener; further ones wait in the operating system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// Maximum number of connections of one network; further ones are closed at once.
const CONNECTIONS_OF_NETWORK: usize = 1024;

/// The address that a connection comes from, as an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A listener that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}: {kind}; is another service running there? set another address"
)]
pub struct ListenError {
    address: SocketAddr,
    kind: io::ErrorKind,
}

/// Opens the port.
///
/// # Errors
/// [`ListenError`], with the address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| ListenError {
            address,
            kind: error.kind(),
        })
}

/// Serves until the token is cancelled, then drains. Connections of a proxy count as those of the address that it names.
pub(crate) async fn serve(
    listener: TcpListener,
    proxies: Arc<[Proxy]>,
    tls: Arc<ServerConfig>,
    router: Router,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(tls);
    let connections = TaskTracker::new();
    let places = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    let networks = Places::new(MAX_CONNECTIONS, CONNECTIONS_OF_NETWORK);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                event(Level::Warn, "accept failed", &[("kind", &error.kind())]);
                // Most often no descriptors are left: give running requests time to end.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        let (proxies, networks) = (Arc::clone(&proxies), Arc::clone(&networks));
        connections.spawn(async move {
            let stream = come(stream, peer, &proxies, &networks).await;
            if let Some((stream, peer, _of_network)) = stream {
                connection(acceptor, stream, peer, router, stop).await;
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(DRAIN, connections.wait()).await;
}

/// A connection, the address that it comes from, and its place among those of its network; `None` when it is closed.
async fn come(
    mut stream: TcpStream,
    peer: SocketAddr,
    proxies: &[Proxy],
    networks: &Arc<Places<NetworkPrefix>>,
) -> Option<(TcpStream, SocketAddr, Place<NetworkPrefix>)> {
    let mut from = peer;
    if proxies.iter().any(|proxy| proxy.has(peer.ip())) {
        let told = tokio::time::timeout(HEAD_TIMEOUT, proxy::source(&mut stream, peer)).await;
        let Ok(Ok(told)) = told else {
            let text = "a connection of a proxy did not begin with a PROXY protocol v2 header";
            event(Level::Warn, text, &[]);
            return None;
        };
        from = told;
    }
    let Some(place) = networks.take(NetworkPrefix::of(from.ip())) else {
        metrics::counter!("vouchsafe_connections_refused_total").increment(1);
        return None;
    };
    Some((stream, from, place))
}

async fn connection(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    // Small answers must not wait for more.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await else {
        event(Level::Debug, "a connection did not come to speak TLS", &[]);
        return;
    };
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    // The protocol agreed in the handshake: detecting it from the first bytes would have no time limit.
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => builder.http2_only(),
        _ => builder.http1_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(HEAD_TIMEOUT)
        .max_concurrent_streams(128);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
