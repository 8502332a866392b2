//! Connections of a probe: bounded in time, to the address that the project names.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// How long a connection, or the next bytes, may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A place that is probed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// Reads `HOST:PORT`, with an IPv6 address in brackets.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']')?,
            None if host.contains(':') => return None,
            None => host,
        };
        let letters =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
        if host.is_empty() || host.len() > 253 || !host.bytes().all(letters) {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            port: port.parse().ok().filter(|port| *port > 0)?,
        })
    }

    pub(super) fn connect(&self, patience: Duration) -> io::Result<TcpStream> {
        let mut last = None;
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(patience))?;
                    stream.set_write_timeout(Some(patience))?;
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound)))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        for text in ["api.example.org:443", "127.0.0.1:8443", "[::1]:443"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "api",
            "api:",
            ":443",
            "api:0",
            "api:70000",
            "::1:443",
            "[::1:443",
            "a/b:1",
            "a b:1",
        ] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
