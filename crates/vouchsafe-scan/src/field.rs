//! Fields: a name, a mark, a value. JSON, logfmt, query strings, XML, printed structures and "MRN: 12345" alike.

mod extent;

use crate::bytes::{
    AFTER_NAME, at, before, count_digits, is_word, kind, part, run_end, run_within, word_start,
};
pub(crate) use crate::field::extent::{Extent, Opening, extent, extent_of, opening, plain_end};

/// What stands between the name of a field and its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    Colon,
    Equals,
    /// The `>` of an element.
    Element,
}

/// The name of a field and where its value begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) key: (usize, usize),
    pub(crate) mark: Mark,
    pub(crate) quoted: bool,
    pub(crate) value: usize,
}

/// Names are no longer than this.
const REACH: usize = 64;

/// Whether the word at `start..end` could end the name of a field: a quick look before the thorough one.
#[inline]
pub(crate) fn could_be_name(text: &[u8], start: usize, end: usize) -> bool {
    let next = at(text, end);
    if kind(next) & AFTER_NAME == 0 {
        return next == b' ' && matches!(at(text, end + 1), b'=' | b':' | b' ');
    }
    match next {
        b'"' | b'\'' | b'`' => match at(text, end + 1) {
            b':' | b'=' | b' ' | b'>' => true,
            b',' => {
                matches!(before(text, start), b'"' | b'\'')
                    && matches!(before(text, start.saturating_sub(1)), b'(' | b'[' | b'\\')
            }
            _ => false,
        },
        b']' | b')' => {
            let mark = end + 1 + usize::from(at(text, end + 1) == b' ');
            matches!(at(text, mark), b':' | b'=')
        }
        _ => true,
    }
}

/// The field whose name ends with the word at `start..end`.
pub(crate) fn field(text: &[u8], start: usize, end: usize) -> Option<Field> {
    if at(text, end) == b'"' && at(text, end + 1) == b':' && at(text, end + 2) != b'=' {
        return Some(Field {
            key: (quoted_start(text, start, b'"'), end),
            mark: Mark::Colon,
            quoted: true,
            value: end + 2,
        });
    }
    let slashes = run_end(text, end, |byte| byte == b'\\');
    let closing = at(text, slashes);
    let quoted = matches!(closing, b'"' | b'\'' | b'`');
    let mut place = match closing {
        b'"' | b'\'' | b'`' | b']' | b')' => slashes + 1,
        _ => end,
    };
    if at(text, place) == b' ' {
        // "EmployeeID        : E920623": names of one width.
        let aligned = run_within(text, place, place + 40, |byte| byte == b' ');
        let is_aligned = at(text, aligned) == b':' && at(text, aligned + 1) == b' ';
        place = if is_aligned {
            aligned
        } else {
            aligned.min(place + 2)
        };
    }
    if matches!(closing, b']' | b')') && !matches!(at(text, place), b'=' | b':') {
        return None;
    }
    if at(text, place) == b'>' && place == end {
        let open = element_start(text, start)?;
        return Some(Field {
            key: (open, end),
            mark: Mark::Element,
            quoted: true,
            value: place + 1,
        });
    }
    // <item name="ssn">…
    if at(text, place) == b'>' && quoted {
        let key = quoted_start(text, start, closing);
        let key = if names_element(text, key) {
            (key, end)
        } else {
            opened_element(text, key)?
        };
        return Some(Field {
            key,
            mark: Mark::Element,
            quoted: true,
            value: place + 1,
        });
    }
    let (mark, value) = mark(text, (start, end), quoted, place)?;
    let key_start = key_start(text, start, (closing, quoted), mark);
    Some(Field {
        key: (key_start, end),
        mark,
        quoted,
        value,
    })
}

/// Where the name begins that ends with the word at a place.
fn key_start(text: &[u8], start: usize, (closing, quoted): (u8, bool), mark: Mark) -> usize {
    let bracketed = closing == b')' && part(text, start.saturating_sub(32), start).contains(&b'(');
    if bracketed {
        let floor = start.saturating_sub(32);
        let open = part(text, floor, start)
            .iter()
            .rposition(|byte| *byte == b'(');
        open.map_or(start, |open| floor + open + 1)
    } else if quoted {
        quoted_start(text, start, closing)
    } else if mark == Mark::Equals || closing == b']' || closing == b')' {
        identifier_start(text, start)
    } else {
        sentence_start(text, start)
    }
}

/// The mark that stands at a place after the name that ends with a word, and where the value after it begins.
fn mark(
    text: &[u8],
    (start, end): (usize, usize),
    quoted: bool,
    place: usize,
) -> Option<(Mark, usize)> {
    let next = at(text, place + 1);
    match at(text, place) {
        b':' if quoted => Some((Mark::Colon, place + 1 + usize::from(next == b'='))),
        b':' => {
            // An id with a colon after it is no name of a field, nor is a part of a path.
            let is_id = end - start >= 8 && count_digits(part(text, start, end)) >= 3;
            let value = place + 1 + usize::from(next == b'=');
            let path = matches!(at(text, value), b':' | b'/') || before(text, start) == b':';
            (!is_id && !path).then_some((Mark::Colon, value))
        }
        b'=' => match next {
            b'>' => Some((Mark::Equals, place + 2)),
            b'=' => None,
            _ => Some((Mark::Equals, place + 1)),
        },
        // ('mrn', 'H-12'), ["mrn", "H-12"]
        b',' if quoted && is_pair(text, start, place) => Some((Mark::Colon, place + 1)),
        _ => None,
    }
}

/// Whether a quoted word before a comma is the first of two in brackets, the second one quoted, too.
fn is_pair(text: &[u8], start: usize, comma: usize) -> bool {
    let opened = before(text, start);
    let bracket = before(text, start.saturating_sub(1));
    let next = run_end(text, comma + 1, |byte| byte == b' ' || byte == b'\\');
    let quote = at(text, next);
    if !(matches!(opened, b'"' | b'\'')
        && matches!(bracket, b'(' | b'[' | b'\\')
        && matches!(quote, b'"' | b'\''))
    {
        return false;
    }
    let end = run_end(text, next + 1, |byte| !matches!(byte, b'"' | b'\'' | b'\\'));
    let after = run_end(text, end, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    matches!(at(text, after), b')' | b']')
}

/// Back to the quote that opens a name.
fn quoted_start(text: &[u8], start: usize, quote: u8) -> usize {
    let floor = start.saturating_sub(REACH);
    let mut place = start;
    while place > floor && !matches!(before(text, place), b',' | b'{' | b'\n') {
        if before(text, place) == quote {
            return place;
        }
        place -= 1;
    }
    word_start(text, start, REACH)
}

/// Back over `a.b-c[d`.
fn identifier_start(text: &[u8], start: usize) -> usize {
    let floor = start.saturating_sub(REACH);
    let mut place = start;
    while place > floor {
        let byte = before(text, place);
        if !(is_word(byte) || matches!(byte, b'.' | b'-' | b'[' | b'(' | b':' | b'"')) {
            break;
        }
        place -= 1;
    }
    run_end(text, place, |byte| !is_word(byte)).min(start)
}

/// Back over a few words: "Medical Record Number".
fn sentence_start(text: &[u8], start: usize) -> usize {
    let floor = start.saturating_sub(REACH);
    let mut place = start;
    let mut words = 0;
    while place > floor {
        let byte = before(text, place);
        let joins = matches!(byte, b'.' | b'-' | b'/' | b'\'') && is_word(before(text, place - 1));
        if byte == b' ' {
            words += 1;
            if words > 4 || !is_word(before(text, place - 1)) {
                break;
            }
        } else if !is_word(byte) && !joins {
            break;
        }
        place -= 1;
    }
    place
}

/// Back to the `<` of an element, over its namespace.
fn element_start(text: &[u8], start: usize) -> Option<usize> {
    let mut place = start;
    while start - place < 32 {
        match before(text, place) {
            b'<' => return Some(place),
            byte if is_word(byte) || matches!(byte, b':' | b'-' | b'.') => place -= 1,
            _ => return None,
        }
    }
    None
}

/// The name of the element in whose attributes a place stands: `<given xml:lang="en">`.
fn opened_element(text: &[u8], place: usize) -> Option<(usize, usize)> {
    let floor = place.saturating_sub(200);
    let open = part(text, floor, place)
        .iter()
        .rposition(|byte| matches!(byte, b'<' | b'>'))?
        + floor;
    let end = run_end(text, open + 1, |byte| {
        is_word(byte) || matches!(byte, b':' | b'-' | b'.')
    });
    let named = at(text, open) == b'<' && end > open + 1 && at(text, end) == b' ';
    // Cells of a page for people: the one before is a neighbour, and no label.
    let cell = matches!(part(text, open + 1, end), b"td" | b"th" | b"TD" | b"TH");
    (named && !cell).then_some((open + 1, end))
}

/// Whether the quoted text that begins at a place is the attribute that names an element: `<item name="…`.
fn names_element(text: &[u8], start: usize) -> bool {
    let equals = start.saturating_sub(2);
    if part(text, equals, start) != b"=\"" {
        return false;
    }
    let name = part(text, word_start(text, equals, 16), equals).to_ascii_lowercase();
    matches!(
        name.as_slice(),
        b"name" | b"key" | b"code" | b"label" | b"field" | b"fieldname" | b"id" | b"property"
    )
}

/// The element right around the one whose name begins at a place: `<DateOfBirth><Date>`.
pub(crate) fn outer_element(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let close = start.checked_sub(2)?;
    if at(text, close) != b'>' || at(text, close + 1) != b'<' {
        return None;
    }
    let floor = close.saturating_sub(64);
    let open = part(text, floor, close)
        .iter()
        .rposition(|byte| *byte == b'<')?
        + floor
        + 1;
    let end = run_end(text, open, |byte| {
        is_word(byte) || byte == b':' || byte == b'-'
    });
    (end > open && end <= close).then_some((open, end))
}

/// What names the element that begins at a place, beside its own name: the name in an attribute of the element around it
/// (`<Attribute Name="sn"><AttributeValue>`), or the text of the element before it (`<key>dob</key><date>`).
pub(crate) fn named_beside(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let open = start.checked_sub(1)?;
    let close = part(text, open.saturating_sub(8), open)
        .iter()
        .rposition(|byte| *byte == b'>')
        .map(|place| open.saturating_sub(8) + place)?;
    if !part(text, close + 1, open)
        .iter()
        .all(u8::is_ascii_whitespace)
    {
        return None;
    }
    let floor = close.saturating_sub(160);
    let tag = part(text, floor, close)
        .iter()
        .rposition(|byte| *byte == b'<')?
        + floor;
    if at(text, tag + 1) == b'/' {
        let floor = tag.saturating_sub(64);
        let from = part(text, floor, tag)
            .iter()
            .rposition(|byte| *byte == b'>')?
            + floor
            + 1;
        let element = part(text, tag + 2, close);
        let element = element
            .rsplit(|byte| *byte == b':')
            .next()
            .unwrap_or_default();
        return is_label(element).then_some((from, tag));
    }
    let inside = part(text, tag, close);
    let place = NAMING.iter().find_map(|name| {
        let place = memchr::memmem::find(inside, name)?;
        Some(tag + place + name.len())
    })?;
    let end = run_within(text, place, close, |byte| byte != b'"');
    (end > place).then_some((place, end))
}

/// Attributes that name what an element holds.
const NAMING: [&[u8]; 10] = [
    b" AttributeName=\"",
    b" FriendlyName=\"",
    b" keyword=\"",
    b" displayName=\"",
    b" fieldName=\"",
    b" Name=\"",
    b" name=\"",
    b" key=\"",
    b" code=\"",
    b" label=\"",
];

/// Elements whose texts are labels of the element after them.
fn is_label(element: &[u8]) -> bool {
    [
        b"key".as_slice(),
        b"name",
        b"dt",
        b"th",
        b"td",
        b"label",
        b"code",
        b"field",
        b"title",
        b"b",
        b"strong",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(element))
}

/// The element whose attribute's name begins at a place: `<family value="…"/>`.
pub(crate) fn element_of_attribute(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let floor = start.saturating_sub(48);
    let open = part(text, floor, start)
        .iter()
        .rposition(|byte| matches!(byte, b'<' | b'>'))?
        + floor;
    let end = run_end(text, open + 1, is_word);
    (at(text, open) == b'<' && end > open + 1).then_some((open + 1, end))
}
