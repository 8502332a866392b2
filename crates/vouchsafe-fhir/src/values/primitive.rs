//! The primitive datatypes, and what their JSON looks like (FHIR R4, 2.24.0.1).

use vouchsafe::document::Node;

use crate::date::Date;

/// A primitive datatype, as far as its syntax is checked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Primitive {
    Boolean,
    /// `decimal`: a JSON number.
    Decimal,
    /// `integer` and its kin: a JSON number without fraction, at least this.
    Integer(i32),
    Date,
    DateTime,
    Instant,
    Time,
    Code,
    Id,
    /// `uri`, `url`, `canonical`, `oid`, `uuid`: no white space.
    Uri,
    /// `string`, `markdown`, `base64Binary`, `xhtml`: any text but none.
    Text,
}

impl Primitive {
    /// The datatype of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer(i32::MIN),
            "unsignedInt" => Self::Integer(0),
            "positiveInt" => Self::Integer(1),
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "instant" => Self::Instant,
            "time" => Self::Time,
            "code" => Self::Code,
            "id" => Self::Id,
            "uri" | "url" | "canonical" | "oid" | "uuid" => Self::Uri,
            "string" | "markdown" | "base64Binary" | "xhtml" => Self::Text,
            _ => return None,
        })
    }

    /// Whether the JSON value is of the kind that the datatype is written as.
    pub(super) const fn kind_fits(self, value: &Node) -> bool {
        match self {
            Self::Boolean => value.as_bool().is_some(),
            Self::Decimal | Self::Integer(_) => value.as_number().is_some(),
            _ => value.as_str().is_some(),
        }
    }

    /// Whether the value's text is what the datatype allows.
    pub(super) fn syntax_fits(self, value: &Node) -> bool {
        match self {
            Self::Boolean | Self::Decimal => true,
            Self::Integer(least) => value
                .as_number()
                .and_then(|text| text.parse::<i32>().ok())
                .is_some_and(|number| number >= least),
            _ => value.as_str().is_some_and(|text| self.text_fits(text)),
        }
    }

    fn text_fits(self, text: &str) -> bool {
        // R4, 2.24.0.1: of the characters below a space, tab, line feed and carriage return alone.
        let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
        if text.contains(control) {
            return false;
        }
        match self {
            Self::Date => Date::parse(text).is_some_and(|date| !date.has_time()),
            Self::DateTime => Date::parse(text).is_some(),
            Self::Instant => Date::parse(text).is_some_and(|date| date.has_time()),
            Self::Time => is_time(text),
            Self::Code => {
                !text.is_empty()
                    && !text.starts_with(char::is_whitespace)
                    && !text.ends_with(char::is_whitespace)
            }
            Self::Id => {
                let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
                (1..=64).contains(&text.len()) && text.bytes().all(known)
            }
            Self::Uri => !text.is_empty() && !text.contains(char::is_whitespace),
            Self::Text => !text.is_empty(),
            Self::Boolean | Self::Decimal | Self::Integer(_) => false,
        }
    }
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
