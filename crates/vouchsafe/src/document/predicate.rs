//! Conditions on opened documents, as searches make them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Document, Node, normalise};

/// A condition: some value at some of the paths passes the test (or none, when negated).
pub struct Predicate {
    /// Member names from the root; arrays on the way are walked.
    pub paths: Vec<Vec<Box<str>>>,
    /// What a value must be.
    pub test: Test,
    /// Whether the condition is that no value passes.
    pub negate: bool,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// What a value must be.
pub enum Test {
    /// Anything but `null`.
    Present,
    /// A code or identifier (FHIR R4, 3.1.1.5.5 "token"): in a Coding, CodeableConcept,
    /// Identifier, ContactPoint, string, number or truth value.
    Token {
        /// `None`: any. `Some(None)`: it must have none. `Some(Some(_))`: it must have this one.
        system: Option<Option<Box<str>>>,
        /// `None`: any.
        code: Option<Box<str>>,
    },
    /// Text, also in the parts of a HumanName or Address (FHIR R4, 3.1.1.5.4 "string").
    Text {
        /// What is looked for, as [`super::normalise()`] makes it.
        normalised: Box<str>,
        /// How it is compared.
        how: TextMatch,
    },
    /// A reference to `Type/id`, whatever version of it (FHIR R4, 3.1.1.5.6 "reference").
    Reference(Box<str>),
    /// A date, dateTime, instant or Period, as the interval that it means (FHIR R4, 3.1.1.5.3).
    Date {
        /// Begin of the interval asked for.
        from: Timestamp,
        /// Its end, exclusive.
        until: Timestamp,
        /// How the intervals are compared.
        op: DateOp,
    },
    /// A leaf with exactly this text.
    Equals(Box<str>),
    /// Whatever passes one of these (FHIR R4, 3.1.1.4.1: values parted by commas).
    Any(Vec<Self>),
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// How text is compared, after both sides were normalised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextMatch {
    /// Equal.
    Exact,
    /// The value starts with it.
    StartsWith,
    /// The value contains it.
    Contains,
}

/// How a date is compared (FHIR R4, 3.1.1.5.2 "prefixes").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DateOp {
    /// Within the interval.
    Eq,
    /// Not within it.
    Ne,
    /// Begins before it.
    Lt,
    /// Ends after it.
    Gt,
    /// `Lt` or `Eq`.
    Le,
    /// `Gt` or `Eq`.
    Ge,
    /// Begins when it is over, or later.
    Sa,
    /// Is over when it begins, or before.
    Eb,
}

/// Whether a document meets the condition.
pub(crate) fn matches(document: &Document, predicate: &Predicate) -> bool {
    let met = predicate
        .paths
        .iter()
        .any(|path| any_value(document.root(), path, &|value| predicate.test.passes(value)));
    met != predicate.negate
}

/// Whether any value at a path passes; arrays on the way and at the end are walked.
fn any_value(node: &Node, path: &[Box<str>], passes: &dyn Fn(&Node) -> bool) -> bool {
    match (node, path.split_first()) {
        (Node::Array(items), _) => items.iter().any(|item| any_value(item, path, passes)),
        (node, None) => passes(node),
        (node, Some((name, rest))) => node
            .get(name)
            .is_some_and(|value| any_value(value, rest, passes)),
    }
}

impl Test {
    fn passes(&self, value: &Node) -> bool {
        match self {
            Self::Present => !value.is_null(),
            Self::Token { system, code } => {
                let system = system.as_ref().map(Option::as_deref);
                has_token(value, system, code.as_deref())
            }
            Self::Text { normalised, how } => has_text(value, normalised, *how),
            Self::Reference(target) => refers_to(value, target),
            Self::Date { from, until, op } => {
                interval(value).is_some_and(|value| op.holds((*from, *until), value))
            }
            Self::Equals(text) => leaf(value).is_some_and(|leaf| *leaf == **text),
            Self::Any(tests) => tests.iter().any(|test| test.passes(value)),
        }
    }
}

/// The text of a scalar.
fn leaf(value: &Node) -> Option<&str> {
    match value {
        Node::Bool(true) => Some("true"),
        Node::Bool(false) => Some("false"),
        Node::Number(text) | Node::String(text) => Some(text),
        Node::Null | Node::Array(_) | Node::Object(_) => None,
    }
}

fn has_token(value: &Node, system: Option<Option<&str>>, code: Option<&str>) -> bool {
    if let Some(leaf) = leaf(value) {
        // A bare code has no system of its own.
        return code.is_none_or(|code| code == leaf) && system.flatten().is_none();
    }
    if let Some(codings) = value.get("coding").and_then(Node::as_array) {
        return codings.iter().any(|coding| has_token(coding, system, code));
    }
    let text = |name| value.get(name).and_then(leaf);
    let Some(own) = text("code").or_else(|| text("value")) else {
        return false;
    };
    let fits = match system {
        None => true,
        Some(None) => text("system").is_none(),
        // Of a ContactPoint, `use` stands for the system (FHIR R4, 3.1.1.5.5).
        Some(Some(wanted)) => text("system") == Some(wanted) || text("use") == Some(wanted),
    };
    fits && code.is_none_or(|code| code == own)
}

/// The members of HumanName, Address, Coding and CodeableConcept that are text.
const TEXT_MEMBERS: [&str; 14] = [
    "text",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
    "display",
    "coding",
    "value",
];

fn has_text(value: &Node, wanted: &str, how: TextMatch) -> bool {
    match value {
        Node::String(text) => how.holds(&normalise(text), wanted),
        Node::Array(items) => items.iter().any(|item| has_text(item, wanted, how)),
        Node::Object(object) => object
            .iter()
            .filter(|(name, _)| TEXT_MEMBERS.contains(name))
            .any(|(_, part)| has_text(part, wanted, how)),
        Node::Null | Node::Bool(_) | Node::Number(_) => false,
    }
}

impl TextMatch {
    fn holds(self, text: &str, wanted: &str) -> bool {
        match self {
            Self::Exact => text == wanted,
            // An empty needle is in everything: it must find nothing instead.
            Self::StartsWith => !wanted.is_empty() && text.starts_with(wanted),
            Self::Contains => !wanted.is_empty() && text.contains(wanted),
        }
    }
}

fn refers_to(value: &Node, target: &str) -> bool {
    let reference = value
        .as_str()
        .or_else(|| value.get("reference").and_then(Node::as_str));
    let Some(rest) = reference.and_then(|reference| reference.strip_prefix(target)) else {
        return false;
    };
    rest.is_empty() || rest.starts_with("/_history/")
}

/// Begin and end (exclusive) of a point or stretch of time.
type Interval = (Timestamp, Timestamp);

impl DateOp {
    /// FHIR R4, 3.1.1.5.3: the value's interval against the one asked for.
    fn holds(self, (from, until): Interval, (begin, end): Interval) -> bool {
        let within = from <= begin && end <= until;
        match self {
            Self::Eq => within,
            Self::Ne => !within,
            Self::Lt => begin < from,
            Self::Gt => end > until,
            Self::Le => begin < from || within,
            Self::Ge => end > until || within,
            Self::Sa => begin >= until,
            Self::Eb => end <= from,
        }
    }
}

/// What a date, dateTime, instant or Period stands for.
fn interval(value: &Node) -> Option<Interval> {
    if let Some(text) = value.as_str() {
        return moment(text);
    }
    let bound = |name| value.get(name).map(|bound| bound.as_str().and_then(moment));
    match (bound("start"), bound("end")) {
        (None, None) | (Some(None), _) | (_, Some(None)) => None,
        (start, end) => Some((
            start.flatten().map_or(Timestamp::MIN, |(begin, _)| begin),
            end.flatten().map_or(Timestamp::MAX, |(_, end)| end),
        )),
    }
}

/// A year, month, day or time, as long as its precision; without an offset, in UTC.
fn moment(text: &str) -> Option<Interval> {
    // No signs: a number type would read them, dates have none.
    if !text.is_ascii() || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| i8::try_from(part(from, to)?).ok();
    match text.len() {
        4 => {
            let year = part(0, 4)?;
            days(
                Date::new(year, 1, 1).ok()?,
                Date::new(year.checked_add(1)?, 1, 1).ok(),
            )
        }
        7 if text.get(4..5) == Some("-") => {
            let first = Date::new(part(0, 4)?, small(5, 7)?, 1).ok()?;
            days(first, first.last_of_month().tomorrow().ok())
        }
        10 => {
            let day: Date = text.parse().ok()?;
            days(day, day.tomorrow().ok())
        }
        _ => {
            let begin = match text.parse::<Timestamp>() {
                Ok(begin) => begin,
                Err(_) => utc(text.parse::<DateTime>().ok()?)?,
            };
            let end = begin.checked_add(precision(text)).unwrap_or(Timestamp::MAX);
            Some((begin, end))
        }
    }
}

/// The step of the last digit of a time's seconds.
fn precision(text: &str) -> jiff::SignedDuration {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let nanos = (digits..9).fold(1_i64, |nanos, _| nanos * 10);
    jiff::SignedDuration::from_nanos(nanos)
}

fn days(first: Date, after: Option<Date>) -> Option<Interval> {
    let end = after.and_then(|after| utc(after.to_datetime(jiff::civil::Time::midnight())));
    let begin = utc(first.to_datetime(jiff::civil::Time::midnight()))?;
    Some((begin, end.unwrap_or(Timestamp::MAX)))
}

fn utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests;
