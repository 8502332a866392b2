//! What records are found by: the entries of blind indexes.

use std::fmt;

use vouchsafe::class::DataClass;
use vouchsafe::document::Document;

use super::PackError;
use super::declaration::OfPack;
use super::manifest::IndexManifest;
use super::path::walk;
use crate::values::IndexOf;

/// A blind index of a record type.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name, within the type.
    pub name: Box<str>,
    /// What is made of a value.
    pub of: IndexOf,
    /// The class of what it is made from.
    pub class: DataClass,
}

/// An entry that a record makes in an index. Holds PHI: never printed, only made into a tag.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
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
    of_pack: &OfPack<'_>,
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
            of: of_pack
                .values
                .index(&manifest.of)
                .ok_or_else(|| wrong(&manifest.name, "an index of what?"))?,
            class: DataClass::Operational,
        });
    }
    let mut sources = Vec::new();
    for (path, name) in of_pack.trie.indexed(record_type) {
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
            (index.of.entries)(value, &mut |normalised| {
                terms.push(IndexTerm {
                    index: index.name.clone(),
                    normalised,
                    bits: index.of.bits,
                    class: index.class,
                });
            });
        });
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}
