//! One committed batch in the write-ahead log.
//!
//! A frame begins at a sector and is padded with zeros to the next one, so that writing a batch never touches a sector
//! with an acknowledged one. Integers are little-endian:
//!
//! ```text
//! magic "VLF1" | crc32c of the head after this field (u32)
//! segment (u64) | flags (u32; 1 = the log goes on in the next segment) | length of the body (u32)
//! index of the first entry (u64) | entries (u32) | crc32c of the body (u32) | recorded, microseconds (i64)
//! root before (32) | root after (32)
//! body: sources (u16), each replica (16) and boot (16)
//!       entries, each: kind (u8: 0 event, 1 intent, 2 outcome; then its id, 16, unless 0)
//!                      source (u16) | counter (u64) | time, microseconds (i64) | leaf length (u32) | leaf
//! ```

use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe_tlog::Hash;

use crate::octets::{self, Malformed, Octets};
use crate::wire::timestamp;

/// The unit that a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;
const MAGIC: [u8; 4] = *b"VLF1";
const HEAD: usize = 112;
const GOES_ON: u32 = 1;

/// The fixed part of a frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    /// The segment that the frame was written to: in a recycled segment, older frames do not count.
    pub(crate) segment: u64,
    /// The log continues in the next segment; no frame follows here.
    pub(crate) goes_on: bool,
    pub(crate) first_index: u64,
    pub(crate) count: u32,
    pub(crate) recorded: Timestamp,
    /// Root of the tree before these entries.
    pub(crate) previous: Hash,
    /// Root of the tree with them.
    pub(crate) root: Hash,
}

/// One stored entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) kind: EntryKind,
    pub(crate) source: Source,
    pub(crate) counter: u64,
    pub(crate) time: Timestamp,
    /// The leaf's bytes, hashed and published as they are.
    pub(crate) leaf: &'a [u8],
}

/// A frame read back.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) head: Head,
    pub(crate) entries: Vec<Stored<'a>>,
    /// Its length in bytes, including padding.
    pub(crate) length: usize,
}

impl Frame<'_> {
    /// The index after its last entry.
    pub(crate) fn next_index(&self) -> u64 {
        self.head.first_index + u64::from(self.head.count)
    }
}

/// The result of reading at a position in a segment.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Frame(Frame<'a>),
    /// Nothing was ever written here.
    Nothing,
    /// An interrupted write: at least one of its sectors never reached the disk.
    Torn,
    /// Every sector was written, but the content has changed.
    Damaged,
}

/// The frame as bytes, padded to whole sectors.
pub(crate) fn encode(head: &Head, entries: &[Stored<'_>]) -> Vec<u8> {
    let mut out = vec![0; HEAD];
    if !entries.is_empty() {
        put_body(&mut out, entries);
    }
    let body = out.split_off(HEAD);
    out.clear();
    put_head(&mut out, head, &body);
    out.extend_from_slice(&body);
    out.resize(out.len().next_multiple_of(SECTOR), 0);
    out
}

fn put_head(out: &mut Vec<u8>, head: &Head, body: &[u8]) {
    let Head {
        segment,
        goes_on,
        first_index,
        count,
        recorded,
        previous,
        root,
    } = head;
    let mut rest = Vec::with_capacity(HEAD);
    rest.extend_from_slice(&segment.to_le_bytes());
    rest.extend_from_slice(&(if *goes_on { GOES_ON } else { 0 }).to_le_bytes());
    rest.extend_from_slice(&octets::length(body.len()));
    rest.extend_from_slice(&first_index.to_le_bytes());
    rest.extend_from_slice(&count.to_le_bytes());
    rest.extend_from_slice(&crc32c::crc32c(body).to_le_bytes());
    rest.extend_from_slice(&recorded.as_microsecond().to_le_bytes());
    rest.extend_from_slice(previous.as_bytes());
    rest.extend_from_slice(root.as_bytes());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&crc32c::crc32c(&rest).to_le_bytes());
    out.extend_from_slice(&rest);
}

fn put_body(out: &mut Vec<u8>, entries: &[Stored<'_>]) {
    let mut sources: Vec<Source> = Vec::new();
    let mut numbers = Vec::with_capacity(entries.len());
    for entry in entries {
        let known = sources.iter().position(|source| *source == entry.source);
        numbers.push(known.unwrap_or_else(|| {
            sources.push(entry.source);
            sources.len() - 1
        }));
    }
    out.extend_from_slice(&short(sources.len()));
    for source in &sources {
        octets::put_source(out, source);
    }
    for (entry, number) in entries.iter().zip(numbers) {
        octets::put_kind(out, entry.kind);
        out.extend_from_slice(&short(number));
        out.extend_from_slice(&entry.counter.to_le_bytes());
        out.extend_from_slice(&entry.time.as_microsecond().to_le_bytes());
        octets::put_counted(out, entry.leaf);
    }
}

/// A batch has fewer entries, so fewer sources, than 2^16.
fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

/// Reads the front of `bytes`, which extend to the end of the segment.
pub(crate) fn find(bytes: &[u8], segment: u64) -> Found<'_> {
    let sector = bytes.get(..SECTOR).unwrap_or(bytes);
    if sector.iter().all(|byte| *byte == 0) {
        return Found::Nothing;
    }
    let Ok((head, length, crc)) = read_head(sector) else {
        return Found::Damaged;
    };
    if head.segment != segment {
        return Found::Damaged;
    }
    let Some(body) = bytes.get(HEAD..HEAD + length) else {
        return Found::Damaged;
    };
    if crc32c::crc32c(body) == crc {
        return match read_body(body, head.count) {
            Ok(entries) => {
                let length = (HEAD + length).next_multiple_of(SECTOR);
                Found::Frame(Frame {
                    head,
                    entries,
                    length,
                })
            }
            Err(Malformed) => Found::Damaged,
        };
    }
    // The segment was all zeros before, and no sector of a whole frame is all zeros: leaves are text.
    let written = bytes.get(..HEAD + length).unwrap_or(bytes);
    let missing = written
        .chunks(SECTOR)
        .any(|sector| sector.iter().all(|byte| *byte == 0));
    if missing { Found::Torn } else { Found::Damaged }
}

fn read_head(bytes: &[u8]) -> Result<(Head, usize, u32), Malformed> {
    let mut octets = Octets::new(bytes.get(..HEAD).ok_or(Malformed)?);
    let (magic, crc) = (octets.array()?, octets.u32()?);
    if magic != MAGIC || crc32c::crc32c(octets.rest()) != crc {
        return Err(Malformed);
    }
    let segment = octets.u64()?;
    let goes_on = match octets.u32()? {
        0 => false,
        GOES_ON => true,
        _ => return Err(Malformed),
    };
    let length = octets.length()?;
    let (first_index, count, body_crc) = (octets.u64()?, octets.u32()?, octets.u32()?);
    let recorded = timestamp(octets.i64()?)?;
    let previous = Hash::from_bytes(octets.array()?);
    let root = Hash::from_bytes(octets.array()?);
    let head = Head {
        segment,
        goes_on,
        first_index,
        count,
        recorded,
        previous,
        root,
    };
    Ok((head, length, body_crc))
}

fn read_body(bytes: &[u8], count: u32) -> Result<Vec<Stored<'_>>, Malformed> {
    let mut octets = Octets::new(bytes);
    let mut entries = Vec::new();
    if count == 0 {
        octets.end()?;
        return Ok(entries);
    }
    let known = octets.u16()?;
    let sources = (0..known)
        .map(|_| octets.source())
        .collect::<Result<Vec<_>, _>>()?;
    for _ in 0..count {
        let kind = octets.kind()?;
        let number = usize::from(octets.u16()?);
        let source = *sources.get(number).ok_or(Malformed)?;
        let counter = octets.u64()?;
        let time = timestamp(octets.i64()?)?;
        let leaf = octets.counted()?;
        entries.push(Stored {
            kind,
            source,
            counter,
            time,
            leaf,
        });
    }
    octets.end()?;
    Ok(entries)
}
