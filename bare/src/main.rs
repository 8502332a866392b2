//! The same patient routes without any safeguard: no sign-in, no decision, no encryption at rest, no audit.
//!
//! It exists to be measured against and must never hold anything real, so it listens on this machine only. What is
//! not a safeguard is the same as in the product: the same HTTP and TLS stack, FHIR answers, one durable transaction
//! for a write.

mod patient;
mod routes;
mod store;
mod tls;

use std::{io::Write as _, net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Parser;
use tokio::net::TcpListener;

/// Serves patients without any safeguard, for comparison.
#[derive(Debug, Parser)]
#[command(name = "bare", version)]
struct Args {
    /// Where to listen; loopback only, port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8543", value_parser = loopback)]
    listen: SocketAddr,
    /// sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE?sslrootcert=FILE
    #[arg(long, default_value = "sqlite:bare.db")]
    database: String,
    /// Speak plain HTTP instead of TLS
    #[arg(long)]
    plain: bool,
    /// Write the self-signed certificate of this run here, for clients to trust
    #[arg(long)]
    certificate_out: Option<PathBuf>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "not an address with a port".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("it has no safeguards, so it listens on this machine only".to_owned())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let store = store::Store::open(&args.database).await?;
    let listener = TcpListener::bind(args.listen).await.context("listen")?;
    let address = listener.local_addr()?;
    let router = routes::router(store);
    let scheme = if args.plain { "http" } else { "https" };
    let acceptor = if args.plain {
        None
    } else {
        Some(tls::acceptor(args.certificate_out.as_deref())?)
    };
    writeln!(std::io::stdout(), "{scheme}://{address}")?;
    tokio::select! {
        () = tls::serve(listener, acceptor, router) => Ok(()),
        stopped = tokio::signal::ctrl_c() => stopped.context("signal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_this_machine_only() {
        assert!(loopback("127.0.0.1:0").is_ok());
        assert!(loopback("[::1]:0").is_ok());
        assert!(loopback("0.0.0.0:0").is_err());
        assert!(loopback("192.0.2.1:80").is_err());
    }
}
