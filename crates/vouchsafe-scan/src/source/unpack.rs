//! gzip, bzip2 and zstd, unpacked as a stream.

use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;

use super::Problem;
use super::feed::{Feed, Source};
use super::format::{self, Format};
use super::memory::{Claim, Memory};
use super::meter::Meter;

/// A part of packed data that stands for itself: a member of gzip, a stream of bzip2, a frame of zstd.
pub(super) trait Part<'u, 'f, 'm>: Read + Sized {
    const FORMAT: Format;

    /// Whether these bytes begin another part.
    fn begins(front: &[u8]) -> bool;

    /// Opens the part that begins here. A failure gives the bytes back.
    fn open(
        feed: &'u mut Feed<'f>,
        memory: &'m Memory,
    ) -> Result<Self, (Problem, &'u mut Feed<'f>)>;

    /// What follows the part.
    fn close(self) -> &'u mut Feed<'f>;
}

/// A member of gzip.
pub(super) struct Gzip<'u, 'f, 'm>(
    GzDecoder<&'u mut Feed<'f>>,
    #[expect(dead_code, reason = "held")] Claim<'m>,
);

/// A stream of bzip2.
pub(super) struct Bzip2<'u, 'f, 'm>(
    BzDecoder<&'u mut Feed<'f>>,
    #[expect(dead_code, reason = "held")] Claim<'m>,
);

/// Its window, tables and buffers.
const GZIP_MEMORY: u64 = 128 << 10;
/// Blocks of 900 kB, four bytes for each byte of them.
const BZIP2_MEMORY: u64 = 3_800_000;

impl Read for Gzip<'_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Read for Bzip2<'_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<'u, 'f, 'm> Part<'u, 'f, 'm> for Gzip<'u, 'f, 'm> {
    const FORMAT: Format = Format::Gzip;

    fn begins(front: &[u8]) -> bool {
        front.starts_with(b"\x1f\x8b")
    }

    fn open(
        feed: &'u mut Feed<'f>,
        memory: &'m Memory,
    ) -> Result<Self, (Problem, &'u mut Feed<'f>)> {
        match memory.claim(GZIP_MEMORY) {
            Some(claim) => Ok(Self(GzDecoder::new(feed), claim)),
            None => Err((Problem::NeedsMemory(Format::Gzip, 1), feed)),
        }
    }

    fn close(self) -> &'u mut Feed<'f> {
        self.0.into_inner()
    }
}

impl<'u, 'f, 'm> Part<'u, 'f, 'm> for Bzip2<'u, 'f, 'm> {
    const FORMAT: Format = Format::Bzip2;

    fn begins(front: &[u8]) -> bool {
        format::is_bzip2(front)
    }

    fn open(
        feed: &'u mut Feed<'f>,
        memory: &'m Memory,
    ) -> Result<Self, (Problem, &'u mut Feed<'f>)> {
        match memory.claim(BZIP2_MEMORY) {
            Some(claim) => Ok(Self(BzDecoder::new(feed), claim)),
            None => Err((Problem::NeedsMemory(Format::Bzip2, 4), feed)),
        }
    }

    fn close(self) -> &'u mut Feed<'f> {
        self.0.into_inner()
    }
}

/// What packed data holds, part after part.
pub(super) struct Unpacked<'u, 'f, 'm, P> {
    part: Option<P>,
    rest: Option<&'u mut Feed<'f>>,
    meter: &'m Meter<'m>,
    memory: &'u Memory,
    failure: Option<Problem>,
}

impl<'u, 'f, 'm, P: Part<'u, 'f, 'u>> Unpacked<'u, 'f, 'm, P> {
    pub(super) const fn new(
        feed: &'u mut Feed<'f>,
        meter: &'m Meter<'m>,
        memory: &'u Memory,
    ) -> Self {
        Self {
            part: None,
            rest: Some(feed),
            meter,
            memory,
            failure: None,
        }
    }

    /// What follows it, or why it ended early.
    pub(super) fn finish(self) -> Result<Option<&'u mut Feed<'f>>, Problem> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.rest),
        }
    }

    /// Fails with the problem, or with what is known of it: at the end of all bytes, the rest is missing.
    fn fail(&mut self, problem: Option<Problem>) -> usize {
        let feed = self.part.take().map(P::close).or(self.rest.take());
        let damaged = match feed.is_none_or(Feed::is_at_end) {
            true => Problem::Truncated(P::FORMAT),
            false => Problem::Damaged(P::FORMAT),
        };
        self.failure = Some(problem.unwrap_or(damaged));
        0
    }
}

impl<'u, 'f, P: Part<'u, 'f, 'u>> Source for Unpacked<'u, 'f, '_, P> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        if into.is_empty() || self.failure.is_some() {
            return 0;
        }
        loop {
            if let Some(part) = &mut self.part {
                match part.read(into) {
                    Ok(0) => self.rest = self.part.take().map(P::close),
                    Ok(count) if self.meter.permits(count) => return count,
                    Ok(_) => return self.fail(Some(Problem::TooLarge(P::FORMAT))),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return self.fail(None),
                }
                continue;
            }
            let Some(feed) = self.rest.take() else {
                return 0;
            };
            if !P::begins(feed.peek(format::SAMPLE)) {
                self.rest = Some(feed);
                return 0;
            }
            match P::open(feed, self.memory) {
                Ok(part) => self.part = Some(part),
                Err((problem, feed)) => {
                    self.rest = Some(feed);
                    return self.fail(Some(problem));
                }
            }
        }
    }
}
