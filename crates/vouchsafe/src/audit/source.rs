//! Where entries come from, and the leaf that the recorder stores.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// A source of entries: a replica and one boot of it. Its entries are counted without gaps.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Source {
    /// The replica; stays the same over restarts.
    pub replica: Uuid,
    /// This boot of it.
    pub boot: Uuid,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.replica.as_hyphenated(),
            self.boot.as_hyphenated()
        )
    }
}

/// A text that is no source.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a source")]
pub struct InvalidSource;

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        let (replica, boot) = text.split_once('/').ok_or(InvalidSource)?;
        let part = |text: &str| match text.len() {
            36 => Uuid::try_parse(text).map_err(|_| InvalidSource),
            _ => Err(InvalidSource),
        };
        Ok(Self {
            replica: part(replica)?,
            boot: part(boot)?,
        })
    }
}

/// The bytes of a leaf: the entry, and what the recorder stamps on it.
///
/// `{"counter":N,"entry":{..},"recorded":"..","source":".."}`, in the canonical order of RFC 8785.
/// `recorded` has microseconds, always six digits of them, in UTC.
#[must_use]
pub fn leaf(entry: &[u8], source: &Source, counter: u64, recorded: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(entry.len() + 200);
    out.extend_from_slice(format!("{{\"counter\":{counter},\"entry\":").as_bytes());
    out.extend_from_slice(entry);
    out.extend_from_slice(
        format!(",\"recorded\":\"{recorded:.6}\",\"source\":\"{source}\"}}").as_bytes(),
    );
    out
}
