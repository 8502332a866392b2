//! The protocol between a service and its recorder: binary frames over one stream, with many concurrent requests.
//!
//! Every frame is `length (u32) | verb (u8) | request id (u64) | body`, with little-endian integers; the length counts
//! the bytes after it. A connection begins with `hello`; after that the only verbs are `append` and `unsettled`. No
//! verb reads, changes or deletes. `docs/audit-log.md` gives the layout of each body.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::access::BundleHash;
use vouchsafe::audit::{Acknowledgement, EntryKind, Source};
use vouchsafe::ids::IntentId;

use crate::octets::{self, Malformed, Octets};

/// The version of the protocol.
pub(crate) const VERSION: u16 = 2;
/// Maximum length of a frame, without its length field. A longer one ends the connection.
pub(crate) const MAX_FRAME: usize = 4 << 20;
/// Maximum number of entries in one request; more are sent in several.
pub(crate) const MAX_ENTRIES: usize = 2048;
/// Maximum length of an entry: with the recorder's stamps, a leaf must stay below the 2^16 of a C2SP entry bundle.
pub(crate) const MAX_ENTRY: usize = 60_000;
/// Bytes before a frame's body: length, verb, request id.
pub(crate) const HEAD: usize = 13;

/// The verbs of a service.
pub(crate) const HELLO: u8 = 1;
pub(crate) const APPEND: u8 = 2;
pub(crate) const UNSETTLED: u8 = 3;

/// Identifies the request of a frame within a connection.
pub(crate) type RequestId = u64;

/// One entry to append.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: EntryKind,
    /// The time by the service's clock.
    pub(crate) time: Timestamp,
    pub(crate) counter: u64,
    /// Opaque to the recorder.
    pub(crate) bytes: &'a [u8],
}

/// A request of a service.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    Hello {
        version: u16,
        source: Source,
        /// The policies by which the service decides, if it decides.
        bundle: Option<BundleHash>,
    },
    Append(Vec<Entry<'a>>),
    Unsettled,
}

/// The recorder's statement about itself.
#[derive(Clone, Debug)]
pub(crate) struct Welcome {
    pub(crate) version: u16,
    /// An acknowledgement of no leaves: proves that the recorder has the pinned key, and gives the length of its log.
    pub(crate) standing: Acknowledgement,
    /// The last stored counter of this source; 0 before its first entry.
    pub(crate) last_counter: u64,
}

/// The reason why the recorder refused a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Refusal {
    /// The frame is not valid in the protocol, or exceeds a limit.
    Malformed = 1,
    /// The first counter is not the last one plus one.
    Gap = 2,
    /// A counter that is already stored with other bytes, or that was stored too long ago to compare.
    Conflict = 3,
    /// An entry's time is too far from the recorder's clock.
    ClockSkew = 4,
    /// A newer connection has this source.
    Superseded = 5,
    /// The recorder is ending, or its disk failed: no part of the request may be taken as stored.
    Stopping = 6,
    /// An entry names a policy bundle that the recorder was not started with.
    Bundle = 7,
}

impl Refusal {
    fn from_code(code: u8) -> Result<Self, Malformed> {
        [
            Self::Malformed,
            Self::Gap,
            Self::Conflict,
            Self::ClockSkew,
            Self::Superseded,
            Self::Stopping,
            Self::Bundle,
        ]
        .into_iter()
        .find(|refusal| *refusal as u8 == code)
        .ok_or(Malformed)
    }
}

/// The positions of a request's entries in a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Placed {
    pub(crate) request: RequestId,
    /// Position of its first entry among the batch's leaves; the others follow.
    pub(crate) position: u32,
}

/// An answer of the recorder.
#[derive(Debug)]
pub(crate) enum Reply {
    Welcome(RequestId, Welcome),
    /// One committed batch and every request of this connection in it.
    Committed(Acknowledgement, Vec<Placed>),
    Unsettled(RequestId, Vec<IntentId>),
    Refused(RequestId, Refusal),
}

/// The reason why a frame cannot be read from a stream of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// More bytes are needed: this many in all, at least.
    Incomplete(usize),
    /// It is longer than a frame may be, or too short to be one.
    Impossible,
}

/// Splits off the first frame: verb, request id, body, and its number of bytes.
pub(crate) fn first_frame(bytes: &[u8]) -> Result<(u8, RequestId, &[u8], usize), Framing> {
    let mut octets = Octets::new(bytes);
    let Ok(length) = octets.length() else {
        return Err(Framing::Incomplete(HEAD));
    };
    if !(HEAD - 4..=MAX_FRAME).contains(&length) {
        return Err(Framing::Impossible);
    }
    let total = length + 4;
    let parts = (octets.u8(), octets.u64(), octets.take(total - HEAD));
    let (Ok(verb), Ok(request), Ok(body)) = parts else {
        return Err(Framing::Incomplete(total));
    };
    Ok((verb, request, body, total))
}

impl<'a> Request<'a> {
    pub(crate) fn read(verb: u8, body: &'a [u8]) -> Result<Self, Malformed> {
        let mut octets = Octets::new(body);
        let request = match verb {
            HELLO => Self::Hello {
                version: octets.u16()?,
                source: octets.source()?,
                bundle: bundle(octets.counted()?)?,
            },
            APPEND => Self::Append(read_entries(&mut octets)?),
            UNSETTLED => Self::Unsettled,
            _ => return Err(Malformed),
        };
        octets.end()?;
        Ok(request)
    }
}

/// The hash of a policy bundle, in hex; an empty text means none.
fn bundle(text: &[u8]) -> Result<Option<BundleHash>, Malformed> {
    if text.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
    text.parse().map(Some).map_err(|_| Malformed)
}

fn read_entries<'a>(octets: &mut Octets<'a>) -> Result<Vec<Entry<'a>>, Malformed> {
    let count = octets.length()?;
    if !(1..=MAX_ENTRIES).contains(&count) {
        return Err(Malformed);
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let kind = octets.kind()?;
        let time = timestamp(octets.i64()?)?;
        let counter = octets.u64()?;
        let bytes = octets.counted()?;
        if bytes.is_empty() || bytes.len() > MAX_ENTRY {
            return Err(Malformed);
        }
        entries.push(Entry {
            kind,
            time,
            counter,
            bytes,
        });
    }
    Ok(entries)
}

pub(crate) fn timestamp(micros: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_microsecond(micros).map_err(|_| Malformed)
}

/// Appends a `hello` frame.
pub(crate) fn put_hello(
    out: &mut Vec<u8>,
    request: RequestId,
    source: &Source,
    bundle: Option<&BundleHash>,
) {
    frame(out, HELLO, request, |out| {
        out.extend_from_slice(&VERSION.to_le_bytes());
        octets::put_source(out, source);
        let bundle = bundle.map(ToString::to_string).unwrap_or_default();
        octets::put_counted(out, bundle.as_bytes());
    });
}

/// Appends an `append` frame; the entries MUST be within the limits above.
pub(crate) fn put_append<'a>(
    out: &mut Vec<u8>,
    request: RequestId,
    entries: impl ExactSizeIterator<Item = Entry<'a>>,
) {
    frame(out, APPEND, request, |out| {
        out.extend_from_slice(&octets::length(entries.len()));
        for entry in entries {
            octets::put_kind(out, entry.kind);
            out.extend_from_slice(&entry.time.as_microsecond().to_le_bytes());
            out.extend_from_slice(&entry.counter.to_le_bytes());
            octets::put_counted(out, entry.bytes);
        }
    });
}

/// Appends an `unsettled` frame.
pub(crate) fn put_unsettled(out: &mut Vec<u8>, request: RequestId) {
    frame(out, UNSETTLED, request, |_| {});
}

impl Reply {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Welcome(request, welcome) => frame(out, 0x81, *request, |out| {
                out.extend_from_slice(&welcome.version.to_le_bytes());
                out.extend_from_slice(&welcome.last_counter.to_le_bytes());
                put_acknowledgement(out, &welcome.standing);
            }),
            Self::Committed(acknowledgement, placed) => {
                put_committed(out, acknowledgement, placed);
            }
            Self::Unsettled(request, intents) => frame(out, 0x83, *request, |out| {
                out.extend_from_slice(&octets::length(intents.len()));
                for intent in intents {
                    out.extend_from_slice(intent.uuid().as_bytes());
                }
            }),
            Self::Refused(request, refusal) => frame(out, 0x84, *request, |out| {
                out.push(*refusal as u8);
            }),
        }
    }

    pub(crate) fn read(verb: u8, request: RequestId, body: &[u8]) -> Result<Self, Malformed> {
        let mut octets = Octets::new(body);
        let reply = match verb {
            0x81 => Self::Welcome(request, read_welcome(&mut octets)?),
            0x82 => {
                let (acknowledgement, placed) = read_committed(&mut octets)?;
                Self::Committed(acknowledgement, placed)
            }
            0x83 => {
                let count = octets.length()?;
                let ids = octets.take(count.checked_mul(16).ok_or(Malformed)?)?;
                let id = |bytes: &[u8]| {
                    Uuid::from_slice(bytes)
                        .map(IntentId::from_uuid)
                        .map_err(|_| Malformed)
                };
                Self::Unsettled(
                    request,
                    ids.chunks_exact(16).map(id).collect::<Result<_, _>>()?,
                )
            }
            0x84 => Self::Refused(request, Refusal::from_code(octets.u8()?)?),
            _ => return Err(Malformed),
        };
        octets.end()?;
        Ok(reply)
    }
}

/// Appends the answer to all of a connection's requests in one committed batch.
pub(crate) fn put_committed(
    out: &mut Vec<u8>,
    acknowledgement: &Acknowledgement,
    placed: &[Placed],
) {
    frame(out, 0x82, 0, |out| {
        put_acknowledgement(out, acknowledgement);
        out.extend_from_slice(&octets::length(placed.len()));
        for Placed { request, position } in placed {
            out.extend_from_slice(&request.to_le_bytes());
            out.extend_from_slice(&position.to_le_bytes());
        }
    });
}

fn put_acknowledgement(out: &mut Vec<u8>, acknowledgement: &Acknowledgement) {
    let Acknowledgement {
        origin,
        first_index,
        recorded,
        leaves,
        signature,
    } = acknowledgement;
    octets::put_counted(out, origin.as_bytes());
    out.extend_from_slice(&first_index.to_le_bytes());
    out.extend_from_slice(&recorded.as_microsecond().to_le_bytes());
    out.extend_from_slice(&octets::length(leaves.len()));
    out.extend(leaves.iter().flatten());
    out.extend_from_slice(signature);
}

fn read_acknowledgement(octets: &mut Octets<'_>) -> Result<Acknowledgement, Malformed> {
    let origin = read_text(octets)?;
    let first_index = octets.u64()?;
    let recorded = timestamp(octets.i64()?)?;
    let count = octets.length()?;
    let leaves = octets.take(count.checked_mul(32).ok_or(Malformed)?)?;
    let leaves = leaves
        .chunks_exact(32)
        .map(|leaf| leaf.try_into().map_err(|_| Malformed));
    let leaves = leaves.collect::<Result<_, _>>()?;
    let signature = octets.array()?;
    Ok(Acknowledgement {
        origin,
        first_index,
        recorded,
        leaves,
        signature,
    })
}

fn read_committed(octets: &mut Octets<'_>) -> Result<(Acknowledgement, Vec<Placed>), Malformed> {
    let acknowledgement = read_acknowledgement(octets)?;
    let count = octets.length()?;
    let mut placed = Vec::with_capacity(count.min(MAX_ENTRIES));
    for _ in 0..count {
        placed.push(Placed {
            request: octets.u64()?,
            position: octets.u32()?,
        });
    }
    Ok((acknowledgement, placed))
}

fn read_welcome(octets: &mut Octets<'_>) -> Result<Welcome, Malformed> {
    Ok(Welcome {
        version: octets.u16()?,
        last_counter: octets.u64()?,
        standing: read_acknowledgement(octets)?,
    })
}

fn read_text(octets: &mut Octets<'_>) -> Result<String, Malformed> {
    let bytes = octets.counted()?;
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| Malformed)
}

fn frame(out: &mut Vec<u8>, verb: u8, request: RequestId, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.push(verb);
    out.extend_from_slice(&request.to_le_bytes());
    body(out);
    let length = octets::length(out.len() - start - 4);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length);
    }
}

#[cfg(test)]
mod tests;
