//! `pack.toml`. The format is `packs/README.md`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

/// What a pack declares beside its tables.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) name: String,
    /// Raised by hand; nothing here reads it, but a pack must have one.
    #[serde(rename = "version")]
    _version: String,
    /// Raised by hand as well.
    #[serde(rename = "indexes")]
    _indexes: Option<u32>,
    pub(super) datatypes: Option<String>,
    /// How documents are written and what all types are asked by; the program reads these when it compiles the pack.
    #[serde(rename = "form")]
    _form: Option<toml::Table>,
    #[serde(rename = "parameters")]
    _parameters: Option<toml::Table>,
    pub(super) types: BTreeMap<String, RecordType>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordType {
    #[serde(default)]
    pub(super) contained_only: bool,
    pub(super) subject: Subject,
    #[serde(default)]
    pub(super) indexes: Vec<Index>,
    #[serde(default)]
    pub(super) relations: Vec<Relation>,
    #[serde(default)]
    pub(super) search: Vec<Search>,
}

/// How a record names the person whom it is about.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Subject {
    #[serde(rename = "self")]
    Itself,
    Path {
        paths: Vec<String>,
        types: Vec<String>,
    },
    Through {
        paths: Vec<String>,
    },
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) name: String,
    #[serde(rename = "kind")]
    _kind: IndexKind,
    pub(super) of: IndexOf,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum IndexKind {
    Exact,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum IndexOf {
    Token,
    Word,
    Date,
    Day,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Relation {
    pub(super) kind: String,
    pub(super) who: String,
    pub(super) types: Vec<String>,
    pub(super) from: Vec<String>,
    pub(super) until: Vec<String>,
    pub(super) status: String,
    pub(super) when: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub(super) name: String,
    #[serde(rename = "kind")]
    pub(super) kind: SearchKind,
    pub(super) paths: Vec<String>,
    /// The type that a bare id is of.
    pub(super) target: Option<String>,
    /// The system of codes that say none.
    pub(super) system: Option<String>,
    pub(super) served: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SearchKind {
    Token,
    Reference,
    Date,
    String,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("pack.toml")
    }
}

impl RecordType {
    /// Whether its records are about nobody, so that all in them must be operational.
    pub(super) const fn is_about_nobody(&self) -> bool {
        matches!(self.subject, Subject::None) && !self.contained_only
    }

    /// Paths that the declaration names, each with what for.
    pub(super) fn named_paths(&self) -> Vec<(&'static str, &str)> {
        let mut named = Vec::new();
        match &self.subject {
            Subject::Path { paths, types: _ } | Subject::Through { paths } => {
                named.extend(paths.iter().map(|path| ("subject", path.as_str())));
            }
            Subject::Itself | Subject::None => {}
        }
        for relation in &self.relations {
            named.push(("relation", relation.who.as_str()));
            named.push(("relation", relation.status.as_str()));
            let ends = relation.from.iter().chain(&relation.until);
            named.extend(ends.map(|path| ("relation", path.as_str())));
        }
        for search in &self.search {
            named.extend(search.paths.iter().map(|path| ("search", path.as_str())));
        }
        named
    }
}
