//! Reading within a number of bytes, and what another machine sends within a time for all of it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
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
pub(crate) fn read(from: impl Read, limit: u64, time: Duration) -> Result<Vec<u8>, Unread> {
    match front(from, limit, time) {
        (body, None) => Ok(body),
        (_, Some(why)) => Err(why),
    }
}

/// Reads the front of a body, as [`read`] does; and why the rest was not read, where there may be more.
pub(crate) fn front(mut from: impl Read, limit: u64, time: Duration) -> (Vec<u8>, Option<Unread>) {
    let begun = Instant::now();
    let mut body = Vec::new();
    let mut chunk = vec![0_u8; 1 << 16];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return (body, None),
            Ok(count) => body.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(_) => return (body, Some(Unread::Cut)),
        }
        if body.len() as u64 > limit {
            body.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return (body, Some(Unread::TooLong));
        }
        if begun.elapsed() > time {
            return (body, Some(Unread::Cut));
        }
    }
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// When it cannot be read, or has more.
pub(crate) fn file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let count = File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)?;
    match count as u64 > limit {
        true => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        false => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a byte at a time, without an end.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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

    #[test]
    fn of_a_body_that_is_not_read_to_its_end_the_front_is_kept() {
        let long = Duration::from_secs(600);
        assert_eq!(front(&b"abc"[..], 3, long), (b"abc".to_vec(), None));
        let (body, why) = front(Endless, 3, long);
        assert_eq!((body.as_slice(), why), (&b"xxx"[..], Some(Unread::TooLong)));
        let (body, why) = front(Endless, 1_000, Duration::ZERO);
        assert_eq!((body.as_slice(), why), (&b"x"[..], Some(Unread::Cut)));
    }

    #[test]
    fn a_file_has_at_most_so_many_bytes() {
        let place = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(place.path(), "abcd").unwrap();
        assert_eq!(file(place.path(), 4).unwrap(), b"abcd");
        let refused = file(place.path(), 3).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
