//! Archives of tar, read as a stream: v7, ustar, GNU and pax.
//!
//! A reader of our own: names are bounded, members are never held, and the bytes of a damaged archive are scanned
//! rather than given up.

use std::io::Read;

use super::feed::{Feed, Source};
use super::format::Format;
use super::reader::{Layer, Reader};
use super::{Problem, Sink};

const BLOCK: usize = 512;
/// The longest name, and the longest extended header, in bytes.
const NAME: u64 = 64 << 10;

/// Whether a block is a header.
pub(super) fn is_header(front: &[u8]) -> bool {
    Header::read(front).is_some()
}

/// Reads all members.
pub(super) fn members<S: Sink>(reader: &mut Reader<'_, S>, feed: &mut Feed<'_>, layer: Layer<'_>) {
    let mut extra = Extra::default();
    let mut ended = false;
    loop {
        let block = feed.peek(BLOCK);
        if block.is_empty() {
            return;
        }
        if block.iter().all(|byte| *byte == 0) {
            // The end is two blocks of zeros, and another archive may follow.
            feed.skip(BLOCK as u64);
            ended = true;
            continue;
        }
        let Some(header) = Header::read(block) else {
            let problem = match (block.len() < BLOCK, ended) {
                (_, true) => Problem::BytesFollow(Format::Tar),
                (true, false) => Problem::Truncated(Format::Tar),
                (false, false) => Problem::Damaged(Format::Tar),
            };
            return reader.rest(feed, layer, problem);
        };
        feed.skip(BLOCK as u64);
        ended = false;
        let whole = match header.kind {
            b'L' | b'K' | b'x' | b'X' | b'g' => extra.read(reader, feed, &header, layer),
            _ => member(reader, feed, &header, &std::mem::take(&mut extra), layer),
        };
        if !whole {
            return reader.problem(layer.name, Problem::Truncated(Format::Tar));
        }
    }
}

/// Reads one member. Returns whether it was whole.
fn member<S: Sink>(
    reader: &mut Reader<'_, S>,
    feed: &mut Feed<'_>,
    header: &Header,
    extra: &Extra,
    layer: Layer<'_>,
) -> bool {
    let size = extra.size.unwrap_or(header.size);
    let mut more = header.more_holes;
    while more {
        // Where holes are does not matter: they hold nothing.
        let block = feed.peek(BLOCK);
        more = block.get(504).is_some_and(|more| *more != 0);
        if feed.skip(BLOCK as u64) < BLOCK as u64 {
            return false;
        }
    }
    if matches!(header.kind, b'1'..=b'6') && (size == 0 || !has_data(feed)) {
        return true;
    }
    let name = extra.name.as_deref().unwrap_or(&header.name);
    let name = layer.name.joined(name);
    let mut member = Member { feed, left: size };
    if reader.excludes(&name) {
        reader.summary.excluded += 1;
    } else {
        let mut inside = Feed::new(&mut member);
        let within = Layer {
            name: &name,
            depth: layer.depth + 1,
            ..layer
        };
        reader.content(&mut inside, within);
    }
    let left = member.left;
    feed.skip(left) == left && skip_padding(feed, size)
}

/// Links, folders and devices have no data, whatever size some programs write.
fn has_data(feed: &mut Feed<'_>) -> bool {
    let block = feed.peek(BLOCK);
    !is_header(block) && !block.iter().all(|byte| *byte == 0)
}

fn skip_padding(feed: &mut Feed<'_>, size: u64) -> bool {
    let padding = size.wrapping_neg() % BLOCK as u64;
    feed.skip(padding) == padding
}

/// The data of a member.
struct Member<'t, 'f> {
    feed: &'t mut Feed<'f>,
    left: u64,
}

impl Source for Member<'_, '_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let count = self.feed.pull(into.get_mut(..room).unwrap_or_default());
        self.left -= count as u64;
        count
    }
}

/// What stands before the header of the member that it belongs to.
#[derive(Default)]
struct Extra {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extra {
    /// Reads a header that is about the next one. Returns whether it was whole.
    fn read<S: Sink>(
        &mut self,
        reader: &mut Reader<'_, S>,
        feed: &mut Feed<'_>,
        header: &Header,
        layer: Layer<'_>,
    ) -> bool {
        let mut text = Vec::new();
        let length = header.size.min(NAME);
        // Reading from a feed cannot fail.
        let _ = feed.by_ref().take(length).read_to_end(&mut text);
        let left = header.size - text.len() as u64;
        if header.size > NAME {
            reader.problem(layer.name, Problem::LongName(Format::Tar));
        }
        match header.kind {
            b'L' => self.name = Some(until_zero(&text).to_vec()),
            b'x' | b'X' => self.records(&text),
            _ => {}
        }
        feed.skip(left) == left && skip_padding(feed, header.size)
    }

    /// Reads records of the form `LENGTH KEY=VALUE\n`.
    fn records(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((record, after)) = first_record(rest) {
            rest = after;
            if let Some(path) = record.strip_prefix(b"GNU.sparse.name=") {
                self.name = Some(path.to_vec());
            } else if let Some(path) = record.strip_prefix(b"path=") {
                self.name.get_or_insert_with(|| path.to_vec());
            } else if let Some(size) = record.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size)
                    .ok()
                    .and_then(|size| size.parse().ok());
            }
        }
    }
}

fn first_record(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = text.iter().take(20).position(|byte| *byte == b' ')?;
    let length = std::str::from_utf8(text.get(..blank)?).ok()?;
    let (record, rest) = text.split_at_checked(length.parse().ok()?)?;
    Some((record.get(blank + 1..)?.strip_suffix(b"\n")?, rest))
}

/// The header of a member.
struct Header {
    name: Vec<u8>,
    size: u64,
    kind: u8,
    /// Whether a block of places of holes follows.
    more_holes: bool,
}

impl Header {
    /// Reads a block. None when it is no header.
    fn read(block: &[u8]) -> Option<Self> {
        let block: &[u8; BLOCK] = block.get(..BLOCK)?.try_into().ok()?;
        let given = octal(block.get(148..156)?)?;
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let field: u64 = block
            .get(148..156)?
            .iter()
            .map(|byte| u64::from(*byte))
            .sum();
        let blanks = 8 * u64::from(b' ');
        // Some programs took bytes as signed.
        let high = block.iter().filter(|byte| **byte >= 0x80).count() as u64 * 256;
        let sum = sum - field + blanks;
        if given != sum && Some(given) != sum.checked_sub(high) {
            return None;
        }
        let kind = *block.get(156)?;
        let magic = block.get(257..263)?;
        let name = until_zero(block.get(..100)?);
        let prefix = until_zero(block.get(345..500)?);
        let name = match magic == b"ustar\0" && !prefix.is_empty() {
            true => [prefix, b"/", name].concat(),
            false => name.to_vec(),
        };
        let size = number(block.get(124..136)?)?;
        // A block of text can have the sum of a header by chance only.
        let known = magic.starts_with(b"ustar") || kind == 0 || kind.is_ascii_alphanumeric();
        (known && !name.is_empty()).then_some(Self {
            name,
            size,
            kind,
            more_holes: kind == b'S' && *block.get(482)? != 0,
        })
    }
}

/// A number in octal digits, or with its first bit set in binary.
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => {
            let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
            let number = u64::from_be_bytes(low.try_into().ok()?);
            (high.iter().all(|byte| *byte == 0) && number < 1 << 63).then_some(number)
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches([' ', '\0']);
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(text, 8).ok()
}

fn until_zero(field: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    field.get(..end).unwrap_or_default()
}
