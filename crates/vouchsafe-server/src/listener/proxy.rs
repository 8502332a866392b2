//! The address that a proxy in front says a connection comes from (PROXY protocol, version 2, section 2.2).

use std::net::{IpAddr, SocketAddr};

use ppp::v2::{Addresses, Command, Header};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Signature, version and command, family and protocol, length.
const FIXED: usize = 16;
/// The longest header that is read, in bytes: addresses, and what a proxy says beside them, which nobody asks for.
const LONGEST: usize = 1024;

/// A connection that does not begin with a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NoHeader;

/// Reads the header off the connection, and no byte more. The address in it; that of the proxy, when the connection is the
/// proxy's own (`LOCAL`: it looks whether we are there).
pub(super) async fn source(
    stream: &mut (impl AsyncRead + Unpin),
    proxy: SocketAddr,
) -> Result<SocketAddr, NoHeader> {
    let mut header = vec![0; FIXED];
    stream.read_exact(&mut header).await.map_err(|_| NoHeader)?;
    let length = header.last_chunk().copied().map(u16::from_be_bytes);
    let whole = FIXED + usize::from(length.unwrap_or(u16::MAX));
    // What is no header has any length: its signature is looked at first.
    if !header.starts_with(ppp::v2::PROTOCOL_PREFIX) || whole > LONGEST {
        return Err(NoHeader);
    }
    header.resize(whole, 0);
    let rest = header.get_mut(FIXED..).ok_or(NoHeader)?;
    stream.read_exact(rest).await.map_err(|_| NoHeader)?;
    let header = Header::try_from(header.as_slice()).map_err(|_| NoHeader)?;
    match (header.command, header.addresses) {
        (Command::Local, _) => Ok(proxy),
        (Command::Proxy, Addresses::IPv4(from)) => {
            Ok((IpAddr::from(from.source_address), from.source_port).into())
        }
        (Command::Proxy, Addresses::IPv6(from)) => {
            Ok((IpAddr::from(from.source_address), from.source_port).into())
        }
        // A proxy that says nothing of an address would make one network of everybody.
        (Command::Proxy, Addresses::Unspecified | Addresses::Unix(_)) => Err(NoHeader),
    }
}

#[cfg(test)]
mod tests {
    use ppp::v2::{Builder, Protocol, Version};

    use super::*;

    const PROXY: ([u8; 4], u16) = ([10, 0, 0, 5], 4000);

    async fn read(mut bytes: &[u8]) -> (Result<SocketAddr, NoHeader>, usize) {
        let source = source(&mut bytes, PROXY.into()).await;
        (source, bytes.len())
    }

    fn header(command: Command, addresses: Addresses) -> Vec<u8> {
        let builder = Builder::with_addresses(Version::Two | command, Protocol::Stream, addresses);
        builder.build().unwrap()
    }

    fn of(source: &str) -> Addresses {
        let source: SocketAddr = source.parse().unwrap();
        let to: SocketAddr = match source {
            SocketAddr::V4(_) => "192.0.2.1:443".parse().unwrap(),
            SocketAddr::V6(_) => "[2001:db8::1]:443".parse().unwrap(),
        };
        (source, to).into()
    }

    #[tokio::test]
    async fn the_address_is_that_of_the_header_and_what_follows_is_left() {
        for from in ["203.0.113.9:1234", "[2001:db8::9]:1234"] {
            let mut bytes = header(Command::Proxy, of(from));
            bytes.extend(b"hello");
            assert_eq!(read(&bytes).await, (Ok(from.parse().unwrap()), 5));
        }
    }

    #[tokio::test]
    async fn a_check_of_the_proxy_itself_comes_from_the_proxy() {
        let bytes = header(Command::Local, of("203.0.113.9:1234"));
        assert_eq!(read(&bytes).await.0, Ok(PROXY.into()));
        let bytes = header(Command::Local, Addresses::Unspecified);
        assert_eq!(read(&bytes).await.0, Ok(PROXY.into()));
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let good = header(Command::Proxy, of("203.0.113.9:1234"));
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut]).await.0, Err(NoHeader), "{cut}");
        }
        let mut version = good.clone();
        version[12] = 0x11;
        let mut command = good.clone();
        command[12] = 0x2f;
        let mut family = good.clone();
        family[13] = 0xff;
        let mut short = good.clone();
        short[15] = 4;
        let mut long = good.clone();
        long[14] = 0xff;
        long.resize(70_000, 0);
        let unix = ppp::v2::Unix::new([b'a'; 108], [b'b'; 108]);
        let no_address = [Addresses::Unspecified, Addresses::Unix(unix)];
        let no_address = no_address.map(|address| header(Command::Proxy, address));
        let texts = [
            b"PROXY TCP4 203.0.113.9 192.0.2.1 1234 443\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0, 0, 0, 0],
        ];
        let wrong = [version, command, family, short, long];
        for bytes in wrong.iter().chain(&no_address).chain(&texts) {
            assert_eq!(read(bytes).await.0, Err(NoHeader), "{bytes:?}");
        }
    }
}
