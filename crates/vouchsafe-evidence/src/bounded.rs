//! Reading what another machine sends: within a number of bytes and a time for all of it.

use std::io::Read;
use std::time::{Duration, Instant};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// It has more bytes than it may have.
    TooLong,
    /// It ended early, or took too long.
    Cut,
}

/// Reads a body. The timeouts of the HTTP client count for each read: a peer that sends a byte now and then would hold
/// its caller for days.
pub(crate) fn read(mut from: impl Read, limit: u64, time: Duration) -> Result<Vec<u8>, Unread> {
    let begun = Instant::now();
    let mut body = Vec::new();
    let mut chunk = vec![0_u8; 1 << 16];
    loop {
        match from.read(&mut chunk).map_err(|_| Unread::Cut)? {
            0 => return Ok(body),
            count => body.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
        if body.len() as u64 > limit {
            return Err(Unread::TooLong);
        }
        if begun.elapsed() > time {
            return Err(Unread::Cut);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a byte at a time, without an end.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn neither_an_endless_nor_a_slow_body_is_read_to_its_end() {
        let long = Duration::from_secs(600);
        assert_eq!(read(Endless, 1_000, long), Err(Unread::TooLong));
        assert_eq!(read(Endless, u64::MAX, Duration::ZERO), Err(Unread::Cut));
        assert_eq!(read(&b"abc"[..], 3, long), Ok(b"abc".to_vec()));
        assert_eq!(read(&b"abcd"[..], 3, long), Err(Unread::TooLong));
    }
}
