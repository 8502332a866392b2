//! `pack.toml`, as text; its format is in `packs/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) datatypes: String,
    pub(super) types: BTreeMap<String, TypeManifest>,
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
    pub(super) of: super::IndexOf,
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
    pub(super) served: String,
}
