//! Frames of zstd (RFC 8878).

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Problem;
use super::feed::Feed;
use super::format::{self, Format};
use super::memory::{Claim, Memory};
use super::unpack::Part;

/// Begins a frame of data.
pub(super) const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
/// The longest header of a frame, with its magic number.
const HEADER: usize = 18;
/// The largest window: what `zstd -19` writes needs 8 MiB, `--ultra -20` 32.
const WINDOW: u64 = 32 << 20;

/// A last block without data, and a checksum.
const END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
/// What a decoder holds beside the window.
const BESIDE: u64 = 1 << 20;

/// One frame.
pub(super) struct Zstd<'u, 'f, 'm> {
    feed: &'u mut Feed<'f>,
    /// None for a frame without data.
    decoder: Option<(Box<FrameDecoder>, Claim<'m>)>,
    /// Whether the rest of the frame cannot be decoded.
    failed: bool,
}

impl<'u, 'f, 'm> Part<'u, 'f, 'm> for Zstd<'u, 'f, 'm> {
    const FORMAT: Format = Format::Zstd;

    fn begins(front: &[u8]) -> bool {
        front.starts_with(MAGIC) || format::is_skippable(front)
    }

    fn open(
        feed: &'u mut Feed<'f>,
        memory: &'m Memory,
    ) -> Result<Self, (Problem, &'u mut Feed<'f>)> {
        let decoder = match format::is_skippable(feed.peek(HEADER)) {
            true => skip(feed).map(|()| None),
            false => decoder(feed, memory).map(Some),
        };
        match decoder {
            Ok(decoder) => Ok(Self {
                feed,
                decoder,
                failed: false,
            }),
            Err(problem) => Err((problem, feed)),
        }
    }

    fn close(self) -> &'u mut Feed<'f> {
        self.feed
    }
}

/// Passes over a frame that holds notes of a tool, such as places in the file.
fn skip(feed: &mut Feed<'_>) -> Result<(), Problem> {
    let length = feed.peek(8).last_chunk::<4>().copied();
    let whole = 8 + u64::from(length.map_or(0, u32::from_le_bytes));
    match feed.skip(whole) < whole {
        true => Err(Problem::Truncated(Format::Zstd)),
        false => Ok(()),
    }
}

fn decoder<'m>(
    feed: &mut Feed<'_>,
    memory: &'m Memory,
) -> Result<(Box<FrameDecoder>, Claim<'m>), Problem> {
    let front = feed.peek(HEADER);
    let header = Header::read(front).ok_or(Problem::Truncated(Format::Zstd))?;
    if header.dictionary {
        return Err(Problem::NeedsDictionary(Format::Zstd));
    }
    let mebibytes = u32::try_from(header.window >> 20).unwrap_or(u32::MAX);
    let much = Problem::NeedsMemory(Format::Zstd, mebibytes);
    if header.window > WINDOW {
        return Err(much);
    }
    let claim = memory.claim(header.window.next_power_of_two() + BESIDE);
    let claim = claim.ok_or(much)?;
    let damaged = |_| Problem::Damaged(Format::Zstd);
    let mut decoder = Box::new(FrameDecoder::new());
    // The first start makes the decoder, the second one has it reserve the window at once. Grown by doubling, the window
    // would take half as much again.
    decoder.init(front).map_err(damaged)?;
    decoder.reset(feed).map_err(damaged)?;
    Ok((decoder, claim))
}

impl Read for Zstd<'_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some((decoder, _)) = &mut self.decoder else {
            return Ok(0);
        };
        while decoder.can_collect() == 0 {
            match (decoder.is_finished(), self.failed) {
                (true, false) => return Ok(0),
                (true, true) => return Err(io::ErrorKind::InvalidData.into()),
                (false, _) => {}
            }
            let one = || BlockDecodingStrategy::UptoBlocks(1);
            if decoder.decode_blocks(&mut *self.feed, one()).is_err() {
                self.failed = true;
                // What came so far is still in the window.
                let ended = decoder.decode_blocks(END, one());
                ended.map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
        decoder.read(into)
    }
}

/// What the header of a frame asks for.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Header {
    /// How many bytes must be held.
    pub(super) window: u64,
    /// Whether a dictionary is needed.
    pub(super) dictionary: bool,
}

impl Header {
    /// Reads a header, with its magic number; none when it is not whole.
    pub(super) fn read(front: &[u8]) -> Option<Self> {
        let mut rest = front.strip_prefix(MAGIC)?;
        let mut number = |length: usize| {
            let (bytes, after) = rest.split_at_checked(length)?;
            rest = after;
            let shift = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            Some(bytes.iter().rev().fold(0, shift))
        };
        let descriptor = number(1)?;
        let single_segment = descriptor & 0x20 != 0;
        let window = match single_segment {
            true => 0,
            false => {
                let byte = number(1)?;
                let base = 1 << (10 + (byte >> 3));
                base + base / 8 * (byte & 7)
            }
        };
        let dictionary = match descriptor & 3 {
            0 => 0,
            1 => number(1)?,
            2 => number(2)?,
            _ => number(4)?,
        };
        let size = match (descriptor >> 6, single_segment) {
            (0, true) => number(1)?,
            (0, false) => 0,
            (1, _) => number(2)? + 256,
            (2, _) => number(4)?,
            _ => number(8)?,
        };
        Some(Self {
            window: if single_segment { size } else { window },
            dictionary: dictionary != 0,
        })
    }
}
