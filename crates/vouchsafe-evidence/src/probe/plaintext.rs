//! Whether a port of TLS answers plain HTTP.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dial::Target;
use super::server::is_timeout;

/// What came of a plain request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Plaintext {
    /// The connection was closed, or an error or an alert came.
    Refused,
    /// A redirect came.
    Redirected,
    /// An answer came: the service is spoken to without TLS.
    Served,
    /// Nothing came in time.
    Silent,
    /// The port could not be reached.
    Unreachable,
}

/// Asks in plain HTTP. Only the status is looked at; the rest of the answer is not read.
pub(super) fn ask(target: &Target, name: &str, patience: Duration) -> Plaintext {
    let Ok(mut stream) = target.connect(patience) else {
        return Plaintext::Unreachable;
    };
    let request = format!("GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    if stream.write_all(request.as_bytes()).is_err() {
        return Plaintext::Refused;
    }
    let mut head = Vec::new();
    let mut chunk = [0_u8; 64];
    while head.len() < 12 {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if is_timeout(&error) && head.is_empty() => return Plaintext::Silent,
            Err(_) => break,
        }
    }
    status(&head).map_or(Plaintext::Refused, |status| match status {
        300..=399 => Plaintext::Redirected,
        // Servers of TLS answer so to plain HTTP. A 404 or 401 comes from an application that was reached without TLS.
        400 | 421 | 426 => Plaintext::Refused,
        _ => Plaintext::Served,
    })
}

/// The status of an HTTP answer.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/")?;
    let text = std::str::from_utf8(rest.get(4..7)?).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer_is_read() {
        assert_eq!(status(b"HTTP/1.0 200 OK"), Some(200));
        assert_eq!(status(b"HTTP/1.1 400 Bad"), Some(400));
        assert_eq!(status(b"\x15\x03\x01\x00\x02\x02\x46"), None);
        assert_eq!(status(b"HTTP/1.1"), None);
    }
}
