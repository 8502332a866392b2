//! A strict parser of JSON (RFC 8259) that keeps number text.
//!
//! Written here, because no parser in use both keeps number text and refuses duplicate members, and a second pass over
//! spans costs more than the first.

use super::{DocumentError, Node, Object};

/// Limits of a text.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Levels of nesting.
    pub(super) depth: usize,
    /// Members of an object.
    pub(super) members: usize,
    /// Values in all.
    pub(super) values: usize,
    /// Characters of a number, and digits of its power of ten: a reader that computes with more may get a wrong number,
    /// or need unbounded time.
    pub(super) number: usize,
    pub(super) power: usize,
}

/// Parses one value within these limits, and nothing after it.
pub(super) fn parse(bytes: &[u8], limits: Limits) -> Result<Node, DocumentError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DocumentError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    let mut parser = Parser {
        text,
        bytes,
        at: 0,
        limits,
        values: 0,
    };
    parser.skip_space();
    let node = parser.value(limits.depth)?;
    parser.skip_space();
    if parser.at < bytes.len() {
        return parser.wrong();
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    /// The bytes of `text`.
    bytes: &'a [u8],
    at: usize,
    limits: Limits,
    /// How many values there were.
    values: usize,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, DocumentError> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(DocumentError::TooMany { offset: self.at });
        }
        match self.peek() {
            Some(b'{') => self.object(depth).map(Node::Object),
            Some(b'[') => self.array(depth).map(Node::Array),
            Some(b'"') => self.string().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Node::Number),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => self.wrong(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object, DocumentError> {
        let start = self.at;
        let depth = self.deeper(depth)?;
        let mut members = Vec::new();
        while self.goes_on(b'}', members.is_empty())? {
            if self.peek() != Some(b'"') {
                return self.wrong();
            }
            if members.len() == self.limits.members {
                return Err(DocumentError::TooMany { offset: self.at });
            }
            let name = self.string()?;
            self.skip_space();
            if !self.eat(b':') {
                return self.wrong();
            }
            self.skip_space();
            members.push((name, self.value(depth)?));
        }
        if has_double(&members) {
            return Err(DocumentError::DuplicateMember { offset: start });
        }
        Ok(Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node>, DocumentError> {
        let depth = self.deeper(depth)?;
        let mut items = Vec::new();
        while self.goes_on(b']', items.is_empty())? {
            items.push(self.value(depth)?);
        }
        Ok(items)
    }

    /// Steps over an opening bracket.
    fn deeper(&mut self, depth: usize) -> Result<usize, DocumentError> {
        let left = depth
            .checked_sub(1)
            .ok_or(DocumentError::TooDeep { offset: self.at })?;
        self.at += 1;
        Ok(left)
    }

    /// Steps to the next element, over a comma unless it is the first, or over the end.
    fn goes_on(&mut self, end: u8, first: bool) -> Result<bool, DocumentError> {
        self.skip_space();
        if self.eat(end) {
            return Ok(false);
        }
        if !first {
            if !self.eat(b',') {
                return self.wrong();
            }
            self.skip_space();
        }
        Ok(true)
    }

    fn number(&mut self) -> Result<Box<str>, DocumentError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        let mut power = 0;
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'-') {
                self.eat(b'+');
            }
            let digits = self.at;
            self.digits()?;
            power = self.at - digits;
        }
        if self.at - start > self.limits.number || power > self.limits.power {
            return Err(DocumentError::LongNumber { offset: start });
        }
        Ok(self.since(start).into())
    }

    fn digits(&mut self) -> Result<(), DocumentError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => self.wrong(),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    /// A string: copied whole if it has no escapes, else joined from its runs.
    fn string(&mut self) -> Result<Box<str>, DocumentError> {
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).unwrap_or_default();
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let Some(run) = rest.iter().position(special) else {
                self.at = self.bytes.len();
                return self.wrong();
            };
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    let run = self.since(start);
                    let whole = if decoded.is_empty() {
                        run.into()
                    } else {
                        decoded.push_str(run);
                        decoded.into_boxed_str()
                    };
                    self.at += 1;
                    return Ok(whole);
                }
                Some(b'\\') => {
                    decoded.push_str(self.since(start));
                    decoded.push(self.escape()?);
                }
                _ => return self.wrong(),
            }
        }
    }

    fn escape(&mut self) -> Result<char, DocumentError> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return self.wrong(),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `\uXXXX`, or a pair of them that encodes one character.
    fn unicode(&mut self, start: usize) -> Result<char, DocumentError> {
        let lone = DocumentError::LoneSurrogate { offset: start };
        let first = self.hex()?;
        if let Some(plain) = char::from_u32(first) {
            return Ok(plain);
        }
        // A surrogate: the high half, which a low one must follow (RFC 8259, section 7).
        if first >= 0xdc00 || !(self.eat(b'\\') && self.peek() == Some(b'u')) {
            return Err(lone);
        }
        let second = self.hex()?;
        let low = second
            .checked_sub(0xdc00)
            .filter(|low| *low < 0x400)
            .ok_or(lone)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low).ok_or(lone)
    }

    /// `uXXXX`.
    fn hex(&mut self) -> Result<u32, DocumentError> {
        self.at += 1;
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return self.wrong();
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn word(&mut self, word: &str, node: Node) -> Result<Node, DocumentError> {
        for byte in word.bytes() {
            if !self.eat(byte) {
                return self.wrong();
            }
        }
        Ok(node)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The text from `start`, which like `at` is beside an ASCII character.
    fn since(&self, start: usize) -> &str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    const fn wrong<T>(&self) -> Result<T, DocumentError> {
        Err(DocumentError::Syntax { offset: self.at })
    }
}

/// Whether a name occurs twice: pairwise for the few members of ordinary objects, else sorted.
fn has_double(members: &[(Box<str>, Node)]) -> bool {
    if members.len() <= 16 {
        let mut rest = members.iter();
        while let Some((name, _)) = rest.next() {
            if rest.clone().any(|(other, _)| other == name) {
                return true;
            }
        }
        return false;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.array_windows().any(|[a, b]| a == b)
}
