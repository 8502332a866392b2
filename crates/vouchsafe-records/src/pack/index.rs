//! What records are found by: the entries of blind indexes.

use std::fmt;

use vouchsafe::class::DataClass;
use vouchsafe::document::{Document, Node, normalise};

use super::PackError;
use super::manifest::IndexManifest;
use super::path::walk;
use super::trie::Trie;
use crate::date::Date;

/// A blind index of a record type.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name, within the type.
    pub name: Box<str>,
    /// What is made of a value.
    pub of: IndexOf,
    /// How many bits a tag of it has.
    pub bits: u16,
    /// The class of what it is made from.
    pub class: DataClass,
}

/// What an index makes of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexOf {
    /// An Identifier: `system|value`, and `|value` for queries without a system.
    Token,
    /// Each word of a string, normalised.
    Word,
    /// A date that is written to the day.
    Date,
    /// The day of an instant, in the offset that it was written with.
    Day,
}

impl IndexOf {
    /// Bits of a tag: enough that a lookup finds few strangers, few enough that a tag stands for
    /// many values.
    ///
    /// With X distinct values, sqrt(X) < 2^bits < X/2: about 10^5 family names and 4*10^4 dates of
    /// birth. The days of a clinic's calendar are few (about 4,000 in ten years). Identifiers are
    /// matched to decide whether a record exists, so their tags are whole.
    pub(super) const fn bits(self) -> u16 {
        match self {
            Self::Token => 128,
            Self::Word => 14,
            Self::Date => 13,
            Self::Day => 10,
        }
    }

    /// The entries that a value makes.
    fn entries(self, value: &Node, entry: &mut dyn FnMut(Vec<u8>)) {
        match self {
            Self::Token => {
                let text = |name| value.get(name).and_then(Node::as_str);
                if let Some(code) = text("value") {
                    if let Some(system) = text("system") {
                        entry(token(Some(system), code));
                    }
                    entry(token(None, code));
                }
            }
            Self::Word => words(value.as_str().unwrap_or_default()).for_each(entry),
            Self::Date => {
                let date = value.as_str().and_then(Date::parse);
                if let Some(day) = date.filter(|date| !date.has_time()).and_then(Date::day) {
                    entry(day.to_string().into_bytes());
                }
            }
            Self::Day => {
                if let Some(day) = value.as_str().and_then(Date::parse).and_then(Date::day) {
                    entry(day.to_string().into_bytes());
                }
            }
        }
    }
}

/// The entry of an identifier. The system's length comes first, so that no two pairs are alike.
pub(crate) fn token(system: Option<&str>, value: &str) -> Vec<u8> {
    match system {
        Some(system) => format!("{}|{system}|{value}", system.len()).into_bytes(),
        None => format!("|{value}").into_bytes(),
    }
}

/// The words of a string, normalised.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let normalised = normalise(text);
    let words: Vec<Vec<u8>> = normalised
        .split_whitespace()
        .map(|word| word.as_bytes().to_vec())
        .collect();
    words.into_iter()
}

/// An entry that a record makes in an index. Holds PHI: never printed, only made into a tag.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct IndexTerm {
    /// The index.
    pub index: Box<str>,
    /// The value, normalised.
    pub normalised: Vec<u8>,
    /// Bits of its tag.
    pub bits: u16,
    /// The class of what it was made from.
    pub class: DataClass,
}

impl fmt::Debug for IndexTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexTerm({}: [PHI])", self.index)
    }
}

/// Which element feeds which index.
pub(super) struct IndexSource {
    path: Vec<Box<str>>,
    index: usize,
}

/// The indexes of a type, and the elements that feed them.
pub(super) fn declare(
    record_type: &str,
    manifests: &[IndexManifest],
    class_at: &dyn Fn(&[Box<str>]) -> DataClass,
    trie: &Trie,
) -> Result<(Vec<Index>, Vec<IndexSource>), PackError> {
    let wrong = |name: &str, reason| PackError::Element {
        path: format!("{record_type}, index {name}").into(),
        reason,
    };
    let mut indexes: Vec<Index> = Vec::new();
    for manifest in manifests {
        if manifest.kind != "exact" {
            return Err(wrong(&manifest.name, "an index of unknown kind"));
        }
        indexes.push(Index {
            name: manifest.name.as_str().into(),
            of: manifest.of,
            bits: manifest.of.bits(),
            class: DataClass::Operational,
        });
    }
    let mut sources = Vec::new();
    for (path, name) in trie.indexed(record_type) {
        let at = indexes.iter().position(|index| index.name == name);
        let at = at.ok_or_else(|| wrong(&name, "not declared in pack.toml"))?;
        if let Some(index) = indexes.get_mut(at) {
            index.class = index.class.max(class_at(&path));
        }
        sources.push(IndexSource { path, index: at });
    }
    if let Some(idle) = (0..indexes.len()).find(|at| !sources.iter().any(|s| s.index == *at)) {
        let name = indexes
            .get(idle)
            .map(|index| index.name.clone())
            .unwrap_or_default();
        return Err(wrong(&name, "no element feeds it"));
    }
    Ok((indexes, sources))
}

/// The entries of a document, each once.
pub(super) fn terms(
    document: &Document,
    indexes: &[Index],
    sources: &[IndexSource],
) -> Vec<IndexTerm> {
    let mut terms = Vec::new();
    for source in sources {
        let Some(index) = indexes.get(source.index) else {
            continue;
        };
        walk(document.root(), &source.path, &mut |value| {
            index.of.entries(value, &mut |normalised| {
                terms.push(IndexTerm {
                    index: index.name.clone(),
                    normalised,
                    bits: index.bits,
                    class: index.class,
                });
            });
        });
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}
