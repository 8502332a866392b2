//! UTF-16, turned into UTF-8.

use super::feed::{Feed, Source};

/// How many bytes are turned at once.
const BLOCK: usize = 8 << 10;
/// So many units in a row, each of two characters of ASCII, are no text of some far script: another program has
/// added lines in ASCII to the file.
const ASCII_UNITS: usize = 16;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(super) const fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// A source of UTF-8 made of a source of UTF-16. What is no character becomes U+FFFD.
pub(super) struct Utf16<'u, 'f> {
    feed: &'u mut Feed<'f>,
    turn: Turn,
    given: usize,
    ended: bool,
}

impl<'u, 'f> Utf16<'u, 'f> {
    pub(super) fn new(feed: &'u mut Feed<'f>, order: ByteOrder) -> Self {
        Self {
            feed,
            turn: Turn::new(order),
            given: 0,
            ended: false,
        }
    }
}

impl Source for Utf16<'_, '_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        while self.given == self.turn.text.len() {
            if self.ended {
                return 0;
            }
            self.turn.text.clear();
            self.given = 0;
            let mut block = [0; BLOCK];
            match self.feed.pull(&mut block) {
                0 => {
                    self.turn.end();
                    self.ended = true;
                }
                count => self.turn.bytes(block.get(..count).unwrap_or_default()),
            }
        }
        let mut rest = self.turn.text.get(self.given..).unwrap_or_default();
        let count = rest.pull(into);
        self.given += count;
        count
    }
}

/// Turns UTF-16 into UTF-8, block by block.
pub(super) struct Turn {
    order: ByteOrder,
    /// The text so far.
    pub(super) text: Vec<u8>,
    /// Half a unit.
    half: Option<u8>,
    /// Half a pair of surrogates.
    high: Option<u16>,
    /// Units that are ASCII twice over.
    doubtful: Vec<[u8; 2]>,
}

impl Turn {
    pub(super) const fn new(order: ByteOrder) -> Self {
        Self {
            order,
            text: Vec::new(),
            half: None,
            high: None,
            doubtful: Vec::new(),
        }
    }

    /// Another order, for other text.
    pub(super) const fn set_order(&mut self, order: ByteOrder) {
        self.order = order;
    }

    /// Adds a block.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.half.take() {
                Some(half) => self.unit([half, *byte]),
                None => self.half = Some(*byte),
            }
        }
    }

    /// Adds what was held back.
    pub(super) fn end(&mut self) {
        self.settle();
        if self.half.take().is_some() {
            self.character(char::REPLACEMENT_CHARACTER);
        }
        self.lone();
    }

    fn unit(&mut self, bytes: [u8; 2]) {
        let ascii = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
        if bytes.iter().all(|byte| ascii(*byte)) {
            if self.doubtful.len() < ASCII_UNITS {
                self.doubtful.push(bytes);
                if self.doubtful.len() < ASCII_UNITS {
                    return;
                }
                self.lone();
                self.text.extend_from_slice(self.doubtful.as_flattened());
            } else {
                self.text.extend_from_slice(&bytes);
            }
            return;
        }
        if self.doubtful.len() == ASCII_UNITS {
            // Lines of ASCII have ended; an odd number of characters shifts the units that follow.
            let [first, second] = bytes;
            let shifted = match self.order {
                ByteOrder::Little => first == 0 && second != 0,
                ByteOrder::Big => second == 0 && ascii(first),
            };
            if shifted {
                self.doubtful.clear();
                self.text.extend((first != 0).then_some(first));
                self.half = Some(second);
                return;
            }
        }
        self.settle();
        self.sure(bytes);
    }

    /// What was doubtful is text after all, when it was short.
    fn settle(&mut self) {
        let doubtful = std::mem::take(&mut self.doubtful);
        if doubtful.len() < ASCII_UNITS {
            for bytes in &doubtful {
                self.sure(*bytes);
            }
        }
        self.doubtful = doubtful;
        self.doubtful.clear();
    }

    fn sure(&mut self, bytes: [u8; 2]) {
        let unit = self.order.unit(bytes);
        if let Some(high) = self.high {
            let pair = char::decode_utf16([high, unit]).next();
            if let Some(Ok(c)) = pair {
                self.high = None;
                return self.character(c);
            }
        }
        self.lone();
        match unit {
            0xd800..=0xdbff => self.high = Some(unit),
            _ => self.character(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// Half a pair, whose other half did not come.
    fn lone(&mut self) {
        if self.high.take().is_some() {
            self.character(char::REPLACEMENT_CHARACTER);
        }
    }

    fn character(&mut self, c: char) {
        let mut buffer = [0; 4];
        self.text
            .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn turned(bytes: &[u8]) -> String {
        let mut turn = Turn::new(ByteOrder::Little);
        for block in bytes.chunks(3) {
            turn.bytes(block);
        }
        turn.end();
        String::from_utf8(turn.text).unwrap()
    }

    #[test]
    fn all_characters_come_through() {
        let text = "J\u{fc}rgen \u{1f600}\r\n\u{4e2d}\u{6587} \u{feff}x";
        assert_eq!(turned(&encoded(text)), text);
    }

    #[test]
    fn halves_are_replaced() {
        assert_eq!(turned(b"a\0\x00\xd8b\0"), "a\u{fffd}b");
        assert_eq!(turned(b"a\0\x00\xdcb\0\x7f"), "a\u{fffd}b\u{fffd}");
        assert_eq!(turned(b"\x00\xd8"), "\u{fffd}");
    }

    #[test]
    fn lines_of_ascii_among_them_are_read_as_such() {
        for added in [
            "patient Jane Doe called about her results\n",
            "and so did Jim Smith, an hour later, by phone\n",
        ] {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let bytes = |text: &str| -> Vec<u8> {
                    let units = text.encode_utf16();
                    units
                        .flat_map(|unit| order.unit(unit.to_le_bytes()).to_le_bytes())
                        .collect()
                };
                let all = [bytes("first line\r\n"), added.into(), bytes("third")].concat();
                let mut turn = Turn::new(order);
                turn.bytes(&all);
                turn.end();
                let text = String::from_utf8(turn.text).unwrap();
                assert_eq!(text, format!("first line\r\n{added}third"));
            }
        }
        // Far scripts stay what they are.
        let far = "\u{6f48}\u{6865}\u{4e2d}";
        assert_eq!(turned(&encoded(far)), far);
    }
}
