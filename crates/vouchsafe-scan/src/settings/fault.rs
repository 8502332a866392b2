//! Why settings are refused, and what to do about it.

use crate::source::GlobError;

/// Settings that cannot be heeded: where, and why.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}{}: {fault}", shown(.key))]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// The key, as `section.key`; empty when it is none that is known.
    pub key: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a key or its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The file is not TOML.
    #[error(
        "this is not TOML: look for a missing quote, bracket or `=`, or a key that is given twice"
    )]
    NotToml,
    /// The file is larger than any that is meant.
    #[error("the file is larger than 1 MiB: it does not look like settings")]
    TooLarge,
    /// A key that does not exist, near to one that does.
    #[error("unknown key; did you mean `{0}`?")]
    UnknownNear(&'static str),
    /// A key that does not exist.
    #[error("unknown key; `vouchsafe-scan settings` prints all there are, with comments")]
    Unknown,
    /// A key that must be given.
    #[error("this key is missing here; add it")]
    Missing,
    /// A value of another kind.
    #[error("the value must be {0}")]
    Kind(&'static str),
    /// A value that is no known name, near to one that is.
    #[error("unknown name; did you mean \"{0}\"?")]
    NameNear(&'static str),
    /// A value that is no known name.
    #[error("unknown name; use one of: {0}")]
    Name(&'static str),
    /// An empty text.
    #[error("the text is empty; write what it stands for")]
    Empty,
    /// A pattern that cannot be compiled, or is too large.
    #[error(
        "the pattern is not a regular expression of the Rust crate `regex`, or too large when compiled"
    )]
    Pattern,
    /// A pattern of paths that is none.
    #[error("{0}")]
    Path(GlobError),
    /// A pattern that matches an empty text.
    #[error("the pattern matches an empty text; make it ask for at least one character")]
    PatternOfNothing,
    /// An id that is used twice.
    #[error("another pattern has this id; choose another")]
    Twice,
    /// A name that cannot be shown in reports.
    #[error(
        "use letters, digits, spaces, dots, hyphens: at most 64 characters, at most 4 digits in a row, and no value"
    )]
    ShownName,
    /// A day further ahead than allowances last.
    #[error(
        "this day is more than 366 days ahead; choose an earlier one and renew the allowance then"
    )]
    TooFar,
    /// A text that is no hash of a value.
    #[error(
        "this is not a hash of a value: \"hmac-sha256:\" and 64 hexadecimal digits; never write the value itself"
    )]
    Hash,
    /// An allowance without a condition.
    #[error(
        "this would allow everything; add at least one of class, path, field, line, value, value-hash"
    )]
    Everything,
    /// A path that leaves out everything.
    #[error("this would leave out every file; name a folder or a kind of file")]
    NoFileLeft,
    /// More entries than are taken.
    #[error("at most {0} entries are taken")]
    TooMany(usize),
}

fn shown(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!(", `{key}`")
    }
}

/// The name that a typing error away is meant.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name: String = name
        .chars()
        .take(64)
        .collect::<String>()
        .to_lowercase()
        .replace('_', "-");
    let distance = |known: &str| strokes(name.as_bytes(), known.as_bytes());
    let best = known.iter().copied().min_by_key(|known| distance(known))?;
    (distance(best) <= 2.max(best.len() / 3)).then_some(best)
}

/// How many bytes must be added, taken away or changed to make one text of the other.
fn strokes(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, above) in to.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(byte != other))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
