//! One record type of a pack, compiled.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Object, Place, Slot};
use vouchsafe::ids::RecordType;

use super::compile::Compiled;
use super::index::{self, IndexSource};
use super::manifest::{CommonParams, SearchManifest, SubjectWord, TypeManifest};
use super::path::{below_type, walk_numbered};
use super::places::{Holds, Places};
use super::relation::RelationRule;
use super::trie::Trie;
use super::validate::Validator;
use super::{Index, IndexTerm, Issue, PackError, Reference, RelationDraft, SearchParam, Served};
use crate::values::{Primitive, Values};

/// A record type: its elements and their classes, its subject, relations, indexes and searches.
pub struct RecordTypeDecl {
    record_type: RecordType,
    values: &'static dyn Values,
    common: Arc<CommonParams>,
    places: Arc<Places>,
    root: Place,
    root_class: DataClass,
    strictest: DataClass,
    declared: ClassSet,
    subject: Subject,
    indexes: Vec<Index>,
    sources: Vec<IndexSource>,
    relations: Vec<RelationRule>,
    search: Vec<SearchParam>,
}

/// How a record's subject is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubjectKind {
    /// The record is its own subject.
    Itself,
    /// A reference of it names the subject.
    Path,
    /// Its references name the subject, or records that have that subject.
    Through,
    /// The type has no subject.
    None,
}

struct Subject {
    kind: SubjectKind,
    paths: Vec<Vec<Box<str>>>,
    types: Vec<RecordType>,
}

impl RecordTypeDecl {
    /// The type's name.
    #[must_use]
    pub const fn record_type(&self) -> &RecordType {
        &self.record_type
    }

    /// The class of what the type is mainly about.
    #[must_use]
    pub const fn root_class(&self) -> DataClass {
        self.root_class
    }

    /// The classes of all by which a record tells who has care.
    #[must_use]
    pub fn relation_classes(&self) -> ClassSet {
        let rules = self.relations.iter();
        rules.fold(ClassSet::NONE, |classes, rule| classes.union(rule.classes))
    }

    /// The strictest class that the type declares, `restricted` aside: that of its narrative.
    #[must_use]
    pub const fn strictest(&self) -> DataClass {
        self.strictest
    }

    /// The classes that its elements can have; unknown ones, which are `restricted`, aside.
    #[must_use]
    pub const fn declared(&self) -> ClassSet {
        self.declared
    }

    /// How a record's subject is known.
    #[must_use]
    pub const fn subject_kind(&self) -> SubjectKind {
        self.subject.kind
    }

    /// The blind indexes.
    #[must_use]
    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// The search parameters, those aside that every type has.
    #[must_use]
    pub fn search_params(&self) -> &[SearchParam] {
        &self.search
    }

    /// Whether the type has a search parameter of that name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.common.named(name).is_some() || self.search_param(name).is_some()
    }

    pub(crate) fn search_param(&self, name: &str) -> Option<&SearchParam> {
        self.search.iter().find(|param| *param.name == *name)
    }

    pub(crate) fn common(&self) -> &CommonParams {
        &self.common
    }

    /// What the values of this type mean, by its dialect.
    #[must_use]
    pub const fn values(&self) -> &'static dyn Values {
        self.values
    }

    /// The classes of the elements that a document has.
    #[must_use]
    pub fn classes_of(&self, document: &Document) -> ClassSet {
        document.classes(self)
    }

    /// What is wrong with a document; empty when it may be stored.
    ///
    /// Elements that the table knows must have the JSON form and the syntax of their datatype,
    /// and those that must be there must be. Unknown elements are kept, so they are no fault.
    #[must_use]
    pub fn validate(&self, document: &Document) -> Vec<Issue> {
        Validator::new(&self.places).record(document.root(), self.root, &self.record_type)
    }

    /// What the paths of the subject refer to, of the types that a subject has.
    ///
    /// Empty for types whose records are their own subject, or have none.
    #[must_use]
    pub fn subjects(&self, document: &Document) -> Vec<Reference> {
        let named = self.subject_elements(document).into_iter();
        named
            .filter_map(|(_, named)| named)
            .filter(|named| self.can_be_subject(named) || self.subject.types.is_empty())
            .collect()
    }

    /// What the paths of the subject have: where each value is, and what it refers to.
    #[must_use]
    pub fn subject_elements(&self, document: &Document) -> Vec<(String, Option<Reference>)> {
        let mut found = Vec::new();
        let root = self.record_type.as_str();
        for path in &self.subject.paths {
            walk_numbered(document.root(), path, root, &mut |value, at| {
                found.push((at, self.values.reference(value)));
            });
        }
        found
    }

    /// Whether a reference may lead to the subject.
    #[must_use]
    pub fn can_be_subject(&self, reference: &Reference) -> bool {
        match reference {
            Reference::Local { record_type, .. } | Reference::Conditional { record_type, .. } => {
                self.subject.types.is_empty() || self.subject.types.contains(record_type)
            }
            // What it will be is not known before the transaction resolved it.
            Reference::Placeholder(_) => true,
            Reference::Contained | Reference::Foreign => false,
        }
    }

    /// The element by which a document of this type says whom it is about, where none is there.
    #[must_use]
    pub fn subject_path(&self) -> String {
        let path = self.subject.paths.first();
        let steps = path.into_iter().flatten().map(|step| &**step);
        let steps: Vec<&str> = std::iter::once(self.record_type.as_str())
            .chain(steps)
            .collect();
        steps.join(".")
    }

    /// The types that a subject has; empty where a record of any type may lead to it.
    #[must_use]
    pub fn subject_types(&self) -> &[RecordType] {
        &self.subject.types
    }

    /// Where the first value is whose class is none of these: of what nobody declared, what holds it.
    #[must_use]
    pub fn outside(&self, document: &Document, classes: ClassSet) -> String {
        let name = self.record_type.as_str();
        let found = self
            .places
            .outside(document.root(), self.root, classes, name);
        found.unwrap_or_else(|| name.to_owned())
    }

    /// Whether a table declares a member of what is at a place.
    #[must_use]
    pub fn knows(&self, at: Place, name: &str) -> bool {
        let data = self.places.get(at);
        data.is_some_and(|data| data.members.contains_key(name))
    }

    /// The primitive that a place holds, if it is known to hold one.
    #[must_use]
    pub fn primitive(&self, at: Place) -> Option<Primitive> {
        match self.places.get(at)?.holds {
            Holds::Primitive(primitive) => Some(primitive),
            Holds::Object | Holds::Anything => None,
        }
    }

    /// Who has care of the record's subject by this record, from when until when.
    #[must_use]
    pub fn relations(&self, document: &Document, now: Timestamp) -> Vec<RelationDraft> {
        let mut drafts = Vec::new();
        for rule in &self.relations {
            rule.collect(document, (self.values, now), &mut drafts);
        }
        drafts.sort_unstable();
        drafts.dedup();
        drafts
    }

    /// What the record is found by.
    #[must_use]
    pub fn index_terms(&self, document: &Document) -> Vec<IndexTerm> {
        index::terms(document, &self.indexes, &self.sources)
    }

    pub(super) fn relation_kinds(&self) -> impl Iterator<Item = Box<str>> {
        self.relations.iter().map(|rule| rule.kind.clone())
    }

    pub(super) fn beneficiary_types(&self) -> impl Iterator<Item = Box<str>> {
        self.relations
            .iter()
            .flat_map(|rule| &rule.types)
            .map(|name| name.as_str().into())
    }
}

impl Layout for RecordTypeDecl {
    fn record_type(&self) -> &RecordType {
        &self.record_type
    }

    fn root(&self, _document: &Node) -> Place {
        self.root
    }

    fn member(&self, at: Place, object: &Object, name: &str) -> Place {
        self.places.member(at, object, name)
    }

    fn item(&self, at: Place, item: &Node) -> Place {
        self.places.item(at, item)
    }

    fn slot(&self, at: Place) -> &Slot {
        self.places.slot(at)
    }

    fn uniform(&self, at: Place) -> bool {
        self.places.uniform(at)
    }
}

impl fmt::Debug for RecordTypeDecl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordTypeDecl")
            .field(&self.record_type.as_str())
            .finish()
    }
}

/// The steps of a path that pack.toml names, if the tables have it.
pub(super) type Declared<'a> = dyn Fn(&str) -> Result<Vec<Box<str>>, PackError> + 'a;

/// What the types of a pack share.
pub(super) struct OfPack<'c> {
    pub(super) values: &'static dyn Values,
    pub(super) common: Arc<CommonParams>,
    pub(super) places: &'c Arc<Places>,
    pub(super) trie: &'c Trie,
}

/// Joins a type's places with what `pack.toml` says of it.
pub(super) fn declare(
    name: &str,
    manifest: TypeManifest,
    compiled: &Compiled,
    of_pack: &OfPack<'_>,
) -> Result<RecordTypeDecl, PackError> {
    let (places, values) = (of_pack.places, of_pack.values);
    let declared = |path: &str| {
        let steps =
            below_type(path, name).filter(|steps| !places.at_path(compiled.root, steps).is_empty());
        steps.ok_or_else(|| PackError::Element {
            path: path.into(),
            reason: "pack.toml names this path, and it is not in the tables",
        })
    };
    let class_of = |path: &[Box<str>]| class_at(places, compiled.root, path);
    let (indexes, sources) = index::declare(name, &manifest.indexes, &class_of, of_pack)?;
    let subject = Subject {
        kind: match manifest.subject.kind {
            SubjectWord::Itself => SubjectKind::Itself,
            SubjectWord::Path => SubjectKind::Path,
            SubjectWord::Through => SubjectKind::Through,
            SubjectWord::None => SubjectKind::None,
        },
        paths: manifest
            .subject
            .paths
            .iter()
            .map(|path| declared(path))
            .collect::<Result<_, _>>()?,
        types: record_types(&manifest.subject.types)?,
    };
    let relations = manifest
        .relations
        .into_iter()
        .map(|relation| RelationRule::declare(relation, &declared, &class_of))
        .collect::<Result<_, _>>()?;
    let search = manifest
        .search
        .iter()
        .map(|search| search_param(search, &indexes, &declared, (of_pack, compiled.root)))
        .collect::<Result<_, _>>()?;
    Ok(RecordTypeDecl {
        record_type: compiled.record_type.clone(),
        values,
        common: Arc::clone(&of_pack.common),
        places: Arc::clone(places),
        root: compiled.root,
        root_class: compiled.root_class,
        strictest: compiled.strictest,
        declared: compiled.declared,
        subject,
        indexes,
        sources,
        relations,
        search,
    })
}

pub(super) fn record_types(names: &[String]) -> Result<Vec<RecordType>, PackError> {
    names
        .iter()
        .map(|name| {
            name.parse().map_err(|_| PackError::Element {
                path: name.as_str().into(),
                reason: "not a type's name",
            })
        })
        .collect()
}

fn class_at(places: &Places, root: Place, path: &[Box<str>]) -> DataClass {
    let at = places.at_path(root, path);
    at.iter()
        .map(|place| places.slot(*place).class())
        .max()
        .unwrap_or(DataClass::Restricted)
}

fn search_param(
    manifest: &SearchManifest,
    indexes: &[Index],
    declared: &Declared<'_>,
    (of_pack, root): (&OfPack<'_>, Place),
) -> Result<SearchParam, PackError> {
    let places = of_pack.places;
    let wrong = |reason| PackError::Element {
        path: manifest.name.as_str().into(),
        reason,
    };
    let served = match manifest.served.as_str() {
        "id" => Served::Id,
        "subject" => Served::Subject,
        "compartment" => Served::Compartment,
        other => {
            let index = other
                .strip_prefix("index:")
                .ok_or_else(|| wrong("served by what?"))?;
            if !indexes.iter().any(|known| *known.group == *index) {
                return Err(wrong("served by an index that the type does not have"));
            }
            Served::Index(index.into())
        }
    };
    let paths: Vec<Vec<Box<str>>> = manifest
        .paths
        .iter()
        .map(|path| declared(path))
        .collect::<Result<_, _>>()?;
    let classes = paths
        .iter()
        .flat_map(|path| places.at_path(root, path))
        .map(|place| looked_at(places, place, of_pack.values.looks_at(manifest.kind)))
        .fold(ClassSet::NONE, ClassSet::union);
    let target = record_types(manifest.target.as_slice())?.pop();
    Ok(SearchParam {
        name: manifest.name.as_str().into(),
        kind: manifest.kind,
        paths,
        target,
        system: manifest.system.clone(),
        served,
        classes,
    })
}

/// The classes of what a parameter looks at, at a place and in these members below it.
fn looked_at(places: &Places, at: Place, below: &[&str]) -> ClassSet {
    let Some(data) = places.get(at) else {
        return ClassSet::of(DataClass::Restricted);
    };
    let own = ClassSet::of(data.slot.class());
    let members: Vec<Place> = below
        .iter()
        .filter(|_| matches!(data.holds, Holds::Object))
        .flat_map(|name| places.at_path(at, &[Box::from(*name)]))
        .collect();
    if members.is_empty() {
        return own;
    }
    members
        .into_iter()
        .map(|place| looked_at(places, place, below))
        .fold(ClassSet::NONE, ClassSet::union)
}
