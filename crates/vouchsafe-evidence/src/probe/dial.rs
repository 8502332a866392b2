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

/// A URL without its user, query and fragment: each may hold a password, which is refused, and not repeated either.
pub(super) fn without_user(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (front, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if behind.contains('@') {
        // The query may hold an `@`, or the password a `?`: the host is in either part.
        return format!("{scheme}[not shown]");
    }
    // A password with a slash in it ends what looks like the host.
    let shown = front.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{shown}")
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
    fn a_password_in_a_url_is_not_repeated() {
        for url in [
            "https://u:canary@api.example.org/x",
            "https://canary@api.example.org",
            "postgres://u:can/ary@db.example/audit",
            "u:canary@db.example",
            "postgres://db.example/audit?user=u&password=canary",
            "postgres://u:can@db.example?password=canary",
            "https://api.example.org/x#canary",
            "db.example/audit?password=canary",
        ] {
            let shown = without_user(url);
            assert!(
                !shown.contains("can") && shown.contains(".example"),
                "{shown}"
            );
        }
        // Of these nobody can say where the host is.
        for url in [
            "postgres://db.example/audit?password=x@canary",
            "postgres://u:can?ary@db.example/audit",
            "postgres://u:can#ary@db.example/audit",
        ] {
            assert_eq!(without_user(url), "postgres://[not shown]");
        }
        let plain = "https://api.example.org:8443/fhir";
        assert_eq!(without_user(plain), plain);
    }

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
