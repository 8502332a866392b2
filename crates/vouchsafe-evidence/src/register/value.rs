//! Values of registers: days, moments, texts, documents.

use std::fmt;
use std::ops::Deref;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::digest::Digest;
use crate::window::start_of;

/// A day, in UTC: `2026-06-30`, with or without quotation marks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Day(pub(crate) Date);

impl Day {
    /// Whole days from this day to another; negative when the other is earlier.
    pub(crate) fn until(self, other: Date) -> i64 {
        days_between(self.0, other)
    }

    /// The first moment of the day.
    pub(crate) fn start(self) -> Option<Timestamp> {
        start_of(self.0).ok()
    }

    /// The first moment after the day: its last moment is the one before.
    pub(crate) fn end(self) -> Option<Timestamp> {
        let next = self.0.checked_add(1.day()).ok()?;
        start_of(next).ok()
    }

    /// The day that is so many days later.
    pub(crate) fn plus(self, days: i64) -> Option<Self> {
        let span = jiff::Span::new().try_days(days).ok()?;
        self.0.checked_add(span).ok().map(Self)
    }
}

/// Whole days from one day to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// Whole hours from one moment to another.
pub(crate) fn hours_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second()) / 3600
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a date may be written as.
fn written<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::String(text) => Ok(text),
        toml::Value::Datetime(literal) => Ok(literal.to_string()),
        other => Err(D::Error::custom(format!(
            "a date is expected here, not a {}",
            other.type_str()
        ))),
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = written(from)?;
        let plain = text.len() == 10;
        match (plain, text.parse()) {
            (true, Ok(day)) => Ok(Self(day)),
            _ => Err(D::Error::custom(
                "a day is written as 2026-06-30, without a time (days are days of UTC)",
            )),
        }
    }
}

/// A moment: `2026-06-30T10:00:00Z`, with or without quotation marks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = written(from)?;
        text.parse().map(Self).map_err(|_| {
            D::Error::custom("a moment is written as 2026-06-30T10:00:00Z, with its time zone")
        })
    }
}

/// A text that says something.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(D::Error::custom("the text is empty"));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Whether PHI goes or lies somewhere.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phi {
    /// It does not, and a proof says so.
    None,
    /// It may.
    Possible,
    /// It does.
    Yes,
}

impl Phi {
    /// Whether an agreement is needed.
    pub(crate) const fn concerns(self) -> bool {
        matches!(self, Self::Possible | Self::Yes)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Possible => "possible",
            Self::Yes => "yes",
        }
    }
}

/// How much depends on something.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

impl Criticality {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A document by its digest: in the repository, or kept elsewhere.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "WrittenDocument")]
pub(crate) struct Document {
    /// Its SHA-256.
    pub(crate) sha256: Digest,
    /// Its path in the repository, where it is there: its digest is compared.
    pub(crate) path: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDocument {
    sha256: Digest,
    #[serde(default)]
    path: Option<Text>,
    #[serde(default)]
    kept: Option<Text>,
}

impl TryFrom<WrittenDocument> for Document {
    type Error = &'static str;

    fn try_from(written: WrittenDocument) -> Result<Self, Self::Error> {
        if written.path.is_some() == written.kept.is_some() {
            return Err(
                "a document has either a path in the repository or, as `kept`, the place where it is",
            );
        }
        Ok(Self {
            sha256: written.sha256,
            path: written.path,
        })
    }
}

/// Something that is to be done after an incident or a drill.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    pub(crate) id: Text,
    pub(crate) what: Text,
    pub(crate) owner: Text,
    pub(crate) due: Day,
    #[serde(default)]
    pub(crate) closed: Option<Day>,
}

/// Whether a day lies in a period whose last day belongs to it.
pub(crate) fn holds(from: Day, until: Option<Day>, day: Date) -> bool {
    from.0 <= day && until.is_none_or(|until| day <= until.0)
}
