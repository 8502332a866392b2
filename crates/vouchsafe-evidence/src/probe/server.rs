//! What a server answers to a first message: its choice, or an alert.

use std::io::Read;

/// More than this is no first answer.
const LONGEST: usize = 1 << 16;

/// What came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum First {
    /// It chose this version and suite.
    Chose { version: u16, suite: u16 },
    /// It refused, with this alert.
    Alert(u8),
    /// It closed the connection.
    Closed,
    /// Nothing came in time.
    Silent,
    /// It answered, and not in TLS.
    Foreign,
}

/// Reads the first message of a server.
pub(super) fn first(stream: &mut impl Read) -> First {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        if let Some(first) = parse(&bytes) {
            return first;
        }
        match stream.read(&mut chunk) {
            Ok(0) if bytes.is_empty() => return First::Closed,
            Ok(0) => return First::Foreign,
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if is_timeout(&error) && bytes.is_empty() => return First::Silent,
            Err(error) if is_timeout(&error) => return First::Foreign,
            Err(_) if bytes.is_empty() => return First::Closed,
            Err(_) => return First::Foreign,
        }
        if bytes.len() > LONGEST {
            return First::Foreign;
        }
    }
}

pub(super) fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The first message, as far as it is there; none while more must come.
fn parse(bytes: &[u8]) -> Option<First> {
    let mut message = Vec::new();
    let mut rest = bytes;
    loop {
        let [kind, major, _, high, low, tail @ ..] = rest else {
            // Text is seen by its first byte.
            return match rest.first() {
                Some(20..=23) | None => None,
                Some(_) => Some(First::Foreign),
            };
        };
        if *major != 3 || !matches!(kind, 21 | 22) {
            return Some(First::Foreign);
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let content = tail.get(..length)?;
        if *kind == 21 {
            return content.get(1).map(|alert| First::Alert(*alert));
        }
        message.extend_from_slice(content);
        if let Some(first) = server_hello(&message) {
            return Some(first);
        }
        rest = tail.get(length..)?;
    }
}

/// A `ServerHello` (RFC 8446 section 4.1.3), when it is there as a whole.
fn server_hello(message: &[u8]) -> Option<First> {
    let [kind, _, high, low, rest @ ..] = message else {
        return None;
    };
    let hello = rest.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
    if *kind != 2 {
        return Some(First::Foreign);
    }
    Some(choice(hello).unwrap_or(First::Foreign))
}

fn choice(hello: &[u8]) -> Option<First> {
    let (version, rest) = take16(hello)?;
    let rest = rest.get(32..)?;
    let (session, rest) = rest.split_first()?;
    let rest = rest.get(usize::from(*session)..)?;
    let (suite, rest) = take16(rest)?;
    let (_, rest) = rest.split_first()?;
    let mut version = version;
    if let Some((_, mut extensions)) = take16(rest) {
        while let Some((kind, rest)) = take16(extensions) {
            let (length, rest) = take16(rest)?;
            let content = rest.get(..usize::from(length))?;
            extensions = rest.get(usize::from(length)..)?;
            // TLS 1.3 says so in an extension.
            if kind == 43 {
                version = take16(content)?.0;
            }
        }
    }
    Some(First::Chose { version, suite })
}

fn take16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(2);
        body.extend([1, 1]);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            body.extend(extensions);
        }
        let mut record = vec![22, 3, 3];
        record.extend(u16::try_from(body.len() + 4).unwrap().to_be_bytes());
        record.extend([2, 0]);
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    #[test]
    fn what_a_server_chose_is_read() {
        let of = |bytes: &[u8]| first(&mut &*bytes);
        assert_eq!(
            of(&hello(0x0303, 0xC02F, &[])),
            First::Chose {
                version: 0x0303,
                suite: 0xC02F
            }
        );
        let tls13 = [0, 43, 0, 2, 3, 4];
        assert_eq!(
            of(&hello(0x0303, 0x1301, &tls13)),
            First::Chose {
                version: 0x0304,
                suite: 0x1301
            }
        );
        assert_eq!(of(&[21, 3, 3, 0, 2, 2, 70]), First::Alert(70));
        assert_eq!(of(b"HTTP/1.1 400 Bad Request\r\n\r\n"), First::Foreign);
        assert_eq!(of(b""), First::Closed);
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm() {
        let whole = hello(0x0303, 0x1301, &[0, 43, 0, 2, 3, 4]);
        for length in 1..whole.len() {
            assert_eq!(
                first(&mut whole.get(..length).unwrap()),
                First::Foreign,
                "{length}"
            );
        }
        for place in 0..whole.len() {
            for byte in [0, 1, 0x7F, 0xFF] {
                let mut other = whole.clone();
                other[place] = byte;
                let _ = first(&mut &*other);
            }
        }
    }
}
