//! `pack.toml`, as text; its format is in `packs/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) version: String,
    /// The version of what its indexes are made of.
    #[serde(default = "first")]
    pub(super) indexes: u32,
    pub(super) datatypes: String,
    #[serde(default)]
    pub(super) form: Form,
    #[serde(default)]
    pub(super) parameters: CommonParams,
    pub(super) types: BTreeMap<String, TypeManifest>,
}

const fn first() -> u32 {
    1
}

/// How documents are written, their elements aside. What is not said does not exist.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Form {
    /// The member that names a record's type.
    pub(super) record_type: Option<Box<str>>,
    /// The member that says all of the record again, for people.
    pub(super) narrative: Option<Box<str>>,
    /// The datatype that it has; without one, it may hold anything.
    pub(super) narrative_type: Option<Box<str>>,
    /// The member whose items are whole records.
    pub(super) contained: Option<Box<str>>,
    /// What a name begins with that speaks of the primitive beside it.
    pub(super) sibling: Option<char>,
    /// Type cells of elements whose own elements follow in the same table.
    pub(super) nested: Vec<Box<str>>,
    /// The type cell of an element that is any record.
    pub(super) any_record: Option<Box<str>>,
    pub(super) extension: Option<ExtensionForm>,
}

/// The one datatype that may be inside every element, and whose kinds have names of their own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionForm {
    pub(super) datatype: Box<str>,
    /// The members that hold it; the first one also inside itself. They are arrays.
    pub(super) members: Vec<Box<str>>,
    /// Its member that says which kind it is.
    pub(super) key: Box<str>,
}

/// What the search parameters are called that every type has.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CommonParams {
    id: Option<Box<str>>,
    updated: Option<Box<str>>,
    sort: Option<Box<str>>,
}

/// A search parameter that every type has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Common {
    /// The ids of the records.
    Id,
    /// When they were last written.
    Updated,
    /// In which order.
    Sort,
}

impl CommonParams {
    /// The one of that name.
    pub(crate) fn named(&self, name: &str) -> Option<Common> {
        let all = [
            (&self.id, Common::Id),
            (&self.updated, Common::Updated),
            (&self.sort, Common::Sort),
        ];
        let mut named = all
            .into_iter()
            .filter(|(own, _)| own.as_deref() == Some(name));
        named.next().map(|(_, common)| common)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeManifest {
    pub(super) subject: SubjectManifest,
    #[serde(default)]
    pub(super) contained_only: bool,
    #[serde(default)]
    pub(super) indexes: Vec<IndexManifest>,
    #[serde(default)]
    pub(super) relations: Vec<RelationManifest>,
    #[serde(default)]
    pub(super) search: Vec<SearchManifest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectManifest {
    pub(super) kind: SubjectWord,
    #[serde(default)]
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) types: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum SubjectWord {
    #[serde(rename = "self")]
    Itself,
    Path,
    Through,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexManifest {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) of: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationManifest {
    pub(super) kind: String,
    pub(super) who: String,
    pub(super) types: Vec<String>,
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) until: Vec<String>,
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) when: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchManifest {
    pub(super) name: String,
    pub(super) kind: super::SearchKind,
    pub(super) paths: Vec<String>,
    /// The type of the record that a bare id names.
    pub(super) target: Option<String>,
    /// The system of the codes at paths that say none.
    pub(super) system: Option<Box<str>>,
    pub(super) served: String,
}
