//! The primitive datatypes, and what their JSON looks like (R4, 2.24.0.1).

use vouchsafe::document::Node;
use vouchsafe_records::pack::IssueCode;
use vouchsafe_records::values::Primitive;

use super::date::Date;
use super::narrative;

type Check = fn(&Node) -> Result<(), IssueCode>;

/// The checks, each of the datatypes that have it.
const CHECKS: [(&[&str], Check); 15] = [
    (&["boolean"], |value| kind(value.as_bool().is_some())),
    (&["decimal"], |value| kind(value.as_number().is_some())),
    (&["integer"], |value| integer(value, i32::MIN)),
    (&["unsignedInt"], |value| integer(value, 0)),
    (&["positiveInt"], |value| integer(value, 1)),
    (&["date"], |value| {
        text(value, |text| {
            Date::parse(text).is_some_and(|date| !date.has_time())
        })
    }),
    (&["dateTime"], |value| {
        text(value, |text| Date::parse(text).is_some_and(Date::is_whole))
    }),
    (&["instant"], |value| {
        text(value, |text| {
            Date::parse(text).is_some_and(|date| date.has_time() && date.is_whole())
        })
    }),
    (&["time"], |value| text(value, is_time)),
    (&["code"], |value| text(value, is_code)),
    (&["id"], |value| text(value, is_id)),
    (&LINKS, address),
    (&["canonical"], address),
    (&["xhtml"], narrative::check),
    (&["string", "markdown", "base64Binary"], |value| {
        text(value, |text| !text.is_empty())
    }),
];

/// The datatype of that name, as far as its syntax is checked.
pub(super) fn named(name: &str) -> Option<Primitive> {
    (0..)
        .zip(CHECKS)
        .find(|(_, (names, _))| names.contains(&name))
        .map(|(number, (_, check))| Primitive { number, check })
}

/// The datatypes whose values follow an entry of a transaction that they name (R4, 3.1.0.11.2): a canonical does not.
const LINKS: [&str; 4] = ["uri", "url", "oid", "uuid"];

/// Whether a primitive is one of [`LINKS`].
pub(crate) fn is_link(primitive: Primitive) -> bool {
    named("uri").is_some_and(|link| link.number == primitive.number)
}

/// Whether a primitive is narrative.
pub(crate) fn is_narrative(primitive: Primitive) -> bool {
    named("xhtml").is_some_and(|narrative| narrative.number == primitive.number)
}

fn address(value: &Node) -> Result<(), IssueCode> {
    text(value, |text| {
        !text.is_empty() && !text.contains(char::is_whitespace)
    })
}

const fn kind(fits: bool) -> Result<(), IssueCode> {
    if fits { Ok(()) } else { Err(IssueCode::Kind) }
}

const fn syntax(fits: bool) -> Result<(), IssueCode> {
    if fits { Ok(()) } else { Err(IssueCode::Syntax) }
}

/// A JSON number without fraction, at least this.
fn integer(value: &Node, least: i32) -> Result<(), IssueCode> {
    let text = value.as_number().ok_or(IssueCode::Kind)?;
    syntax(text.parse::<i32>().is_ok_and(|number| number >= least))
}

fn text(value: &Node, fits: impl Fn(&str) -> bool) -> Result<(), IssueCode> {
    // R4, 2.24.0.1: of the characters below a space, tab, line feed and carriage return alone.
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let text = value.as_str().ok_or(IssueCode::Kind)?;
    syntax(!text.contains(control) && fits(text))
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
}

fn is_id(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(known)
}

/// `hh:mm:ss`, with a fraction or without.
fn is_time(text: &str) -> bool {
    let (time, fraction) = match text.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = time.split(':').collect();
    let in_range = |part: &str, end: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number < end)
    };
    matches!(parts.as_slice(), [hours, minutes, seconds]
        if in_range(hours, 24) && in_range(minutes, 60) && in_range(seconds, 61))
        && fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))
}
