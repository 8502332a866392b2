//! Sources of entries, and the leaf that the recorder stores.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// A source of entries: one boot of a replica. Its entries are counted without gaps.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Source {
    /// The replica; the same across restarts.
    pub replica: Uuid,
    /// The boot of the replica.
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

/// A text that is not a source.
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

/// The bytes of a leaf: the entry, and the recorder's stamps.
///
/// `{"counter":N,"entry":{..},"recorded":"..","source":".."}`, in the canonical order of RFC 8785. `recorded` is in UTC
/// and always has six digits of microseconds.
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
