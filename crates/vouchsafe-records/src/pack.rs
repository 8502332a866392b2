//! Packs: record types declared as data.
//!
//! A pack says which elements a record may have, what data class each has, whom a record is
//! about, who has care by it and what it is found by. Its tables (`packs/`, format in
//! `packs/README.md`) are compiled into one table of places when the program starts.

mod compile;
mod declaration;
mod index;
mod manifest;
pub(crate) mod path;
mod places;
mod reference;
mod relation;
mod table;
mod trie;
mod validate;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use vouchsafe::class::DataClass;
use vouchsafe::ids::RecordType;

pub use declaration::{RecordTypeDecl, SubjectKind};
pub use index::{Index, IndexTerm};
pub(crate) use manifest::Common;
pub use reference::Reference;
pub use relation::{OPEN_ENDED, RelationDraft};
pub use validate::{Issue, IssueCode};

use crate::values::Values;

/// A set of record types.
pub struct Pack {
    name: Box<str>,
    version: Box<str>,
    indexes: u32,
    types: BTreeMap<Box<str>, Arc<RecordTypeDecl>>,
    names: Vec<Box<str>>,
}

/// The texts of a pack.
#[derive(Clone, Copy, Debug)]
pub struct PackText<'t> {
    /// `pack.toml`.
    pub manifest: &'t str,
    /// The tables: file name (`<Type>.tsv`) and text.
    pub tables: &'t [(&'t str, &'t str)],
}

/// Why texts are no pack.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PackError {
    /// `pack.toml` is not what its format says.
    #[error("pack.toml is malformed")]
    Manifest,
    /// A line of a table is not what its format says.
    #[error("{file}, line {line}: malformed")]
    Table {
        /// The table's file name.
        file: Box<str>,
        /// The line, from 1.
        line: usize,
    },
    /// A table that the pack needs is not there.
    #[error("{file} is missing")]
    MissingTable {
        /// The table's file name.
        file: Box<str>,
    },
    /// A line that means nothing in the pack.
    #[error("{path}: {reason}")]
    Element {
        /// The element's path.
        path: Box<str>,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Pack {
    /// Reads and compiles a pack whose documents have these values.
    ///
    /// # Errors
    /// [`PackError`], with the place of the first fault.
    pub fn parse(text: &PackText<'_>, values: &'static dyn Values) -> Result<Arc<Self>, PackError> {
        compile::compile(text, values).map(Arc::new)
    }

    /// The pack's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of its tables.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The version of what its indexes are made of: a database of another one finds records by what they are no longer
    /// asked for.
    #[must_use]
    pub const fn indexes(&self) -> u32 {
        self.indexes
    }

    /// The declaration of a record type that can be stored.
    #[must_use]
    pub fn record_type(&self, name: &str) -> Option<&Arc<RecordTypeDecl>> {
        self.types.get(name)
    }

    /// The record types that can be stored, by name.
    pub fn types(&self) -> impl Iterator<Item = &Arc<RecordTypeDecl>> {
        self.types.values()
    }

    /// All names that rows may have: of types, slots, indexes and kinds of relations. What a
    /// [`crate::store::Store`] is opened with.
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("types", &self.types.len())
            .finish_non_exhaustive()
    }
}

/// A search parameter of a record type.
#[derive(Clone, Debug)]
pub struct SearchParam {
    /// Its name.
    pub name: Box<str>,
    /// How values are compared.
    pub kind: SearchKind,
    /// Member names from the root; any of them.
    pub paths: Vec<Vec<Box<str>>>,
    /// The type of the record that a bare id names.
    pub target: Option<RecordType>,
    /// The system of the codes at paths that say none.
    pub system: Option<Box<str>>,
    /// What it is served from.
    pub served: Served,
    /// The classes of what it looks at: whoever uses it must be allowed to see these.
    pub classes: vouchsafe::class::ClassSet,
}

/// How the values of a search parameter are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchKind {
    /// Codes and identifiers.
    Token,
    /// References to records.
    Reference,
    /// Dates and periods.
    Date,
    /// Text.
    String,
}

/// What a search parameter is served from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Served {
    /// The records' ids.
    Id,
    /// It names the subject.
    Subject,
    /// The subject's records are opened and filtered.
    Compartment,
    /// A blind index.
    Index(Box<str>),
}

/// The stricter of two classes.
pub(crate) fn stricter(a: DataClass, b: DataClass) -> DataClass {
    a.max(b)
}
