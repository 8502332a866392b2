//! What records are found by: the entries of blind indexes.

use std::fmt;

use vouchsafe::class::DataClass;
use vouchsafe::document::Document;

use super::PackError;
use super::declaration::OfPack;
use super::manifest::IndexManifest;
use super::path::walk;
use crate::values::{Entry, IndexOf};

/// A blind index of a record type, as far as its entries have so many steps.
#[derive(Clone, Debug)]
pub struct Index {
    /// The name of its tags, within the type.
    pub name: Box<str>,
    /// The name that `pack.toml` gives to all of its steps.
    pub group: Box<str>,
    /// So many steps of an entry are in its tag, from the first on.
    pub steps: usize,
    /// What is made of a value.
    pub of: IndexOf,
    /// The class of what it is made from.
    pub class: DataClass,
}

/// An entry that a record makes in an index. Holds PHI: never printed, only made into a tag.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IndexTerm {
    /// The name of its tag.
    pub index: Box<str>,
    /// The index whose value it is made of.
    pub of: Box<str>,
    /// The entry.
    pub entry: Entry,
    /// Bits of each step of its tag.
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
    group: Box<str>,
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
        let of = of_pack.values.index(&manifest.of);
        let of = of.ok_or_else(|| wrong(&manifest.name, "an index of what?"))?;
        for (steps, ending) in (1..).zip(of.steps) {
            indexes.push(Index {
                name: format!("{}{ending}", manifest.name).into(),
                group: manifest.name.as_str().into(),
                steps,
                of,
                class: DataClass::Operational,
            });
        }
    }
    let mut sources = Vec::new();
    for (path, name) in of_pack.trie.indexed(record_type) {
        let mut fed = indexes
            .iter_mut()
            .filter(|index| index.group == name)
            .peekable();
        if fed.peek().is_none() {
            return Err(wrong(&name, "not declared in pack.toml"));
        }
        let class = class_at(&path);
        fed.for_each(|index| index.class = index.class.max(class));
        sources.push(IndexSource { path, group: name });
    }
    let fed = |index: &Index| sources.iter().any(|source| source.group == index.group);
    if let Some(idle) = indexes.iter().find(|index| !fed(index)) {
        return Err(wrong(&idle.group, "no element feeds it"));
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
        let fed = || indexes.iter().filter(|index| index.group == source.group);
        let Some(of) = fed().next().map(|index| index.of) else {
            continue;
        };
        walk(document.root(), &source.path, &mut |value| {
            (of.entries)(value, &mut |entry| {
                terms.extend(fed().map(|index| IndexTerm {
                    index: index.name.clone(),
                    of: index.group.clone(),
                    entry: entry.iter().take(index.steps).cloned().collect(),
                    bits: of.bits,
                    class: index.class,
                }));
            });
        });
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}
