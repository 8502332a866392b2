//! A strict reader of the XML that narrative is written in (XML 1.0; no DTD, no CDATA, no instructions).

use std::ops::Range;

use super::words;

/// White space, as XML has it.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A start tag, or a whole element without content.
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    /// Names and values; entities are resolved.
    pub(super) attributes: Vec<(&'t str, String)>,
    /// Where the values are.
    pub(super) places: Vec<Range<usize>>,
    pub(super) closed: bool,
}

impl Tag<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut named = self.attributes.iter().filter(|(own, _)| *own == name);
        named.next().map(|(_, value)| value.as_str())
    }
}

/// A piece of markup.
pub(super) enum Piece<'t> {
    Open(Tag<'t>),
    Close(&'t str),
    Text {
        /// White space alone.
        blank: bool,
    },
    Comment,
}

/// That what follows is no well-formed markup.
pub(super) struct Malformed;

pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next piece, until the end or what is not well formed.
    pub(super) fn next_piece(&mut self) -> Option<Result<Piece<'t>, Malformed>> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let piece = match rest.strip_prefix('<') {
            None => self.text_piece(),
            Some(markup) if markup.starts_with("!--") => self.comment(),
            Some(markup) if markup.starts_with('/') => self.close(),
            Some(_) => self.open().map(Piece::Open),
        };
        Some(piece.ok_or(Malformed))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest().starts_with(text).then(|| self.at += text.len())
    }

    /// What is before the first character that ends it.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn text_piece(&mut self) -> Option<Piece<'t>> {
        let raw = self.until(|c| c == '<');
        let blank = raw.trim_matches(is_space).is_empty();
        // A reader of XML stops here: it is the end of a CDATA section.
        if raw.contains("]]>") {
            return None;
        }
        resolved(raw).map(|_| Piece::Text { blank })
    }

    fn comment(&mut self) -> Option<Piece<'t>> {
        self.eat("<!--")?;
        let rest = self.rest();
        let end = rest.find("--")?;
        let inside = rest.get(..end)?;
        self.at += end;
        self.eat("-->")?;
        // To a reader of HTML these end at once, and what follows is markup.
        let ends_early = inside.starts_with('>') || inside.starts_with("->");
        let sound = !ends_early && inside.chars().all(is_character);
        sound.then_some(Piece::Comment)
    }

    fn close(&mut self) -> Option<Piece<'t>> {
        self.eat("</")?;
        let name = self.name()?;
        self.until(|c| !is_space(c));
        self.eat(">")?;
        Some(Piece::Close(name))
    }

    fn open(&mut self) -> Option<Tag<'t>> {
        self.eat("<")?;
        let mut tag = Tag {
            name: self.name()?,
            attributes: Vec::new(),
            places: Vec::new(),
            closed: false,
        };
        loop {
            let apart = !self.until(|c| !is_space(c)).is_empty();
            if self.eat("/>").is_some() {
                tag.closed = true;
                return Some(tag);
            }
            if self.eat(">").is_some() {
                return Some(tag);
            }
            let name = self.name()?;
            if !apart
                || tag.attribute(name).is_some()
                || tag.attributes.len() == words::MAX_ATTRIBUTES
            {
                return None;
            }
            let (value, place) = self.value()?;
            tag.attributes.push((name, value));
            tag.places.push(place);
        }
    }

    fn value(&mut self) -> Option<(String, Range<usize>)> {
        self.until(|c| !is_space(c));
        self.eat("=")?;
        self.until(|c| !is_space(c));
        let quote = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))?;
        self.at += quote.len_utf8();
        let start = self.at;
        let raw = self.until(|c| c == quote);
        let place = start..self.at;
        self.at += self.rest().chars().next()?.len_utf8();
        let sound = !raw.contains('<');
        Some((resolved(raw).filter(|_| sound)?, place))
    }

    /// Names of our lists are ASCII; others need not be told apart.
    fn name(&mut self) -> Option<&'t str> {
        let name =
            self.until(|c| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.')));
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        (starts && name.len() <= 64).then_some(name)
    }
}

/// Whether XML may have the character (XML 1.0, 2.2).
const fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{1_0000}'..)
}

/// Text with its entities resolved; none if there is one that is not known. Of an entity that HTML alone knows it is
/// known that it is one, and no more: none of them is of use in an address.
fn resolved(raw: &str) -> Option<String> {
    if !raw.chars().all(is_character) {
        return None;
    }
    let mut parts = raw.split('&');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        out.push(character(entity)?);
        out.push_str(after);
    }
    Some(out)
}

fn character(entity: &str) -> Option<char> {
    let digits = |digits: &str, radix: u32| {
        let sound = (1..=8).contains(&digits.len()) && digits.chars().all(|c| c.is_digit(radix));
        let code = u32::from_str_radix(digits, radix).ok().filter(|_| sound)?;
        char::from_u32(code).filter(|c| is_character(*c))
    };
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match entity.strip_prefix('#') {
            Some(number) => match number.strip_prefix('x') {
                Some(hex) => digits(hex, 16),
                None => digits(number, 10),
            },
            None => words::is_entity(entity).then_some(char::REPLACEMENT_CHARACTER),
        },
    }
}
