//! Another listener is one entry of the table.

use std::time::Duration;

use axum::Extension;
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use vouchsafe_installation::settings::TlsSettings;
use vouchsafe_installation::tls::{self, Tls};

use super::*;
use crate::listener::Peer;

/// The state that the listeners of this test share: a certificate for callers, and one for administrators.
struct Certificates {
    public: Tls,
    management: Tls,
}

type Entry = Listener<Certificates>;

const fn entry(name: &'static str, routes: fn(&Certificates) -> Router) -> Entry {
    Listener {
        name,
        address: |_| SocketAddr::from(([127, 0, 0, 1], 0)),
        routes,
        guard: |router, _| router,
        tls: |certificates| Arc::clone(&certificates.public.config),
        proxies: |_| Arc::default(),
        ends: Ends::AtStop,
    }
}

const DATA: Entry = entry("data", |_| {
    let slow = async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        "at last"
    };
    Router::new()
        .route("/records", get(async || "records"))
        .route("/slow", get(slow))
});
const OPERATIONS: Entry = Listener {
    ends: Ends::Last,
    ..entry("operations", |_| {
        Router::new().route("/livez", get(async || "ok"))
    })
};
/// The third listener, complete.
const MANAGEMENT: Entry = Listener {
    guard: |router, _| router.layer(map_response(guarded)),
    tls: |certificates| Arc::clone(&certificates.management.config),
    ..entry("management", |_| {
        Router::new().route("/keys", get(async || "keys"))
    })
};

async fn guarded(mut response: Response) -> Response {
    let value = HeaderValue::from_static("yes");
    response.headers_mut().insert("x-guarded", value);
    response
}

fn certificate() -> (tempfile::TempDir, Tls) {
    let folder = tempfile::tempdir().unwrap();
    let (settings, names) = (TlsSettings::default(), ["localhost".to_owned()]);
    let tls = tls::load(folder.path(), &settings, &names, Timestamp::now()).unwrap();
    (folder, tls)
}

/// The whole answer of a listener to a client that trusts only this certificate.
async fn ask(address: SocketAddr, path: &str, trusted: &Tls) -> std::io::Result<String> {
    ask_after(&[], address, path, trusted).await
}

/// The same, with something sent before TLS begins.
async fn ask_after(
    first: &[u8],
    address: SocketAddr,
    path: &str,
    trusted: &Tls,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(&trusted.certificate).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(first).await?;
    let host = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(host, stream).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    // A server that closes without `close_notify` has sent its answer.
    let _ = stream.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test]
async fn a_third_listener_is_one_entry_with_its_own_routes_guard_and_tls() {
    let ((_folder, public), (_other, management)) = (certificate(), certificate());
    let certificates = Certificates { public, management };
    let table = [DATA, OPERATIONS, MANAGEMENT];
    let open = Open::ports(table, &Settings::default()).await.unwrap();
    let at = |name| open.address(name).unwrap();
    let (data, operations, keys) = (at("data"), at("operations"), at("management"));
    assert_eq!(open.address("another"), None);
    let stop = CancellationToken::new();
    let client = async {
        let Certificates { public, management } = &certificates;
        for (address, path, trusted, found) in [
            (data, "/records", public, true),
            (operations, "/livez", public, true),
            (keys, "/keys", management, true),
            (data, "/keys", public, false),
            (operations, "/keys", public, false),
            (keys, "/records", management, false),
        ] {
            let answer = ask(address, path, trusted).await.unwrap();
            let status = if found {
                "HTTP/1.1 200"
            } else {
                "HTTP/1.1 404"
            };
            assert!(answer.starts_with(status), "{path}: {answer}");
            let guarded = answer.contains("x-guarded: yes");
            assert_eq!(guarded, address == keys, "{path}: {answer}");
        }
        ask(keys, "/keys", public)
            .await
            .expect_err("another certificate");
        stop.cancel();
    };
    let (served, ()) = tokio::join!(open.serve(&certificates, stop.clone()), client);
    assert_eq!(served, Ok(()));
    for address in [data, operations, keys] {
        TcpStream::connect(address).await.expect_err("closed");
    }
}

/// A monitor sees the service until the last request has ended.
#[tokio::test]
async fn the_last_listener_ends_after_the_requests_of_the_others() {
    let ((_folder, public), (_other, management)) = (certificate(), certificate());
    let certificates = Certificates { public, management };
    let table = [DATA, OPERATIONS];
    let open = Open::ports(table, &Settings::default()).await.unwrap();
    let (data, operations) = (
        open.address("data").unwrap(),
        open.address("operations").unwrap(),
    );
    let stop = CancellationToken::new();
    let client = async {
        let public = &certificates.public;
        let slow = async {
            let answer = ask(data, "/slow", public).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        };
        let watched = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            stop.cancel();
            tokio::time::sleep(Duration::from_millis(200)).await;
            TcpStream::connect(data).await.expect_err("nothing new");
            let answer = ask(operations, "/livez", public).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        };
        tokio::join!(slow, watched);
    };
    let (served, ()) = tokio::join!(open.serve(&certificates, stop.clone()), client);
    assert_eq!(served, Ok(()));
    TcpStream::connect(operations).await.expect_err("closed");
}

/// What a client behind a proxy is asked from, and what others are who say that they are behind one.
#[tokio::test]
async fn a_proxy_says_where_a_connection_comes_from_and_nobody_else_does() {
    const PROXIED: Entry = Listener {
        proxies: |_| Arc::from(["127.0.0.1".parse().unwrap()]),
        ..entry("data", |_| {
            let told = async |Extension(Peer(peer)): Extension<Peer>| peer.to_string();
            Router::new().route("/from", get(told))
        })
    };
    const DIRECT: Entry = Listener {
        name: "direct",
        proxies: |_| Arc::from(["10.0.0.0/8".parse().unwrap()]),
        ..PROXIED
    };
    let ((_folder, public), (_other, management)) = (certificate(), certificate());
    let certificates = Certificates { public, management };
    let table = [PROXIED, DIRECT];
    let open = Open::ports(table, &Settings::default()).await.unwrap();
    let at = |name| open.address(name).unwrap();
    let (proxied, direct) = (at("data"), at("direct"));
    let stop = CancellationToken::new();
    let addresses = (
        "203.0.113.9:1234".parse().unwrap(),
        "192.0.2.1:443".parse().unwrap(),
    );
    let addresses: (SocketAddr, SocketAddr) = addresses;
    let command = ppp::v2::Version::Two | ppp::v2::Command::Proxy;
    let header = ppp::v2::Builder::with_addresses(command, ppp::v2::Protocol::Stream, addresses);
    let header = header.build().unwrap();
    let client = async {
        let public = &certificates.public;
        let answer = ask_after(&header, proxied, "/from", public).await.unwrap();
        assert!(answer.ends_with("203.0.113.9:1234"), "{answer}");
        // A proxy that says nothing, and somebody who is none.
        ask(proxied, "/from", public).await.expect_err("closed");
        let posed = ask_after(&header, direct, "/from", public).await;
        posed.expect_err("no TLS");
        let answer = ask(direct, "/from", public).await.unwrap();
        assert!(answer.contains("127.0.0.1:"), "{answer}");
        stop.cancel();
    };
    let (served, ()) = tokio::join!(open.serve(&certificates, stop.clone()), client);
    assert_eq!(served, Ok(()));
}
